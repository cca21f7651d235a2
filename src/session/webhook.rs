//! A project's webhooks: which events are told, where they are posted, and the secrets that sign them.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::scoring::verdict::Outcome;
use crate::session::decision::Decision;
use crate::session::ids::{EndpointId, ExaminationId, ProjectId, SessionId};
use crate::session::status::SessionStatus;
use crate::session::time::Timestamp;

/// What stands before a secret, so that scanners can find it.
const PREFIX: &str = "whsec_";

/// The bytes of a secret that is made here; of one that comes from elsewhere between 24 and 64 are taken.
const SECRET_BYTES: usize = 32;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// An examination ended in a verdict.
    SessionJudged,
    /// An examination ended without one.
    SessionFailed,
    /// Somebody approved it, rejected it, or asked for new evidence.
    SessionDecided,
    /// Its data are gone.
    SessionErased,
    /// Nothing: somebody tries the endpoint.
    WebhookTest,
}

impl EventKind {
    /// Those that an endpoint can ask for.
    pub const ALL: [Self; 4] = [
        Self::SessionJudged,
        Self::SessionFailed,
        Self::SessionDecided,
        Self::SessionErased,
    ];

    /// The name it is posted and stored under.
    pub fn name(self) -> &'static str {
        match self {
            Self::SessionJudged => "session.judged",
            Self::SessionFailed => "session.failed",
            Self::SessionDecided => "session.decided",
            Self::SessionErased => "session.erased",
            Self::WebhookTest => "webhook.test",
        }
    }

    /// The kind of that name, the test among them.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .chain([Self::WebhookTest])
            .find(|kind| kind.name() == name)
    }
}

/// Something that happened, in identifiers and statuses alone: nothing that a person could be known by
/// leaves with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub kind: EventKind,
    pub at: Timestamp,
    data: Value,
}

impl Event {
    pub fn judged(
        session: SessionId,
        examination: ExaminationId,
        outcome: Option<Outcome>,
        at: Timestamp,
    ) -> Self {
        let data = json!({
            "session": session.to_string(),
            "status": SessionStatus::Judged.name(),
            "examination": examination.to_string(),
            "outcome": outcome.map(Outcome::name),
        });
        Self::of(EventKind::SessionJudged, at, data)
    }

    pub fn failed(session: SessionId, examination: ExaminationId, at: Timestamp) -> Self {
        let data = json!({
            "session": session.to_string(),
            "status": SessionStatus::Failed.name(),
            "examination": examination.to_string(),
        });
        Self::of(EventKind::SessionFailed, at, data)
    }

    /// Neither who decided nor why: a note is for those who read it here.
    pub fn decided(decision: &Decision, status: SessionStatus) -> Self {
        let data = json!({
            "session": decision.session.to_string(),
            "status": status.name(),
            "examination": decision.examination.map(|id| id.to_string()),
            "decision": decision.id.to_string(),
            "kind": decision.kind.name(),
        });
        Self::of(EventKind::SessionDecided, decision.at, data)
    }

    pub fn erased(session: SessionId, at: Timestamp) -> Self {
        let data = json!({
            "session": session.to_string(),
            "status": SessionStatus::Erased.name(),
        });
        Self::of(EventKind::SessionErased, at, data)
    }

    pub fn test(endpoint: EndpointId, at: Timestamp) -> Self {
        let data = json!({ "endpoint": endpoint.to_string() });
        Self::of(EventKind::WebhookTest, at, data)
    }

    fn of(kind: EventKind, at: Timestamp, data: Value) -> Self {
        Self { kind, at, data }
    }

    /// What is posted: it is kept and signed as this text, byte for byte.
    pub fn body(&self) -> String {
        let at = jiff::Timestamp::from_millisecond(self.at.0).unwrap_or_default();
        json!({
            "type": self.kind.name(),
            "timestamp": format!("{at:.3}"),
            "data": self.data,
        })
        .to_string()
    }
}

/// What signs an endpoint's posts. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Vec<u8>);

/// A text is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a webhook's secret is `whsec_` and 24 to 64 bytes in base64")]
pub struct InvalidSecret;

impl WebhookSecret {
    /// A secret of bytes that nobody can guess.
    pub fn of(random: [u8; SECRET_BYTES]) -> Self {
        Self(random.to_vec())
    }

    /// The secret as it was kept.
    pub fn kept(bytes: Vec<u8>) -> Option<Self> {
        (24..=64).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// What the signature's key is.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text to hand to who verifies.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }
}

impl FromStr for WebhookSecret {
    type Err = InvalidSecret;

    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        let digits = text.strip_prefix(PREFIX).ok_or(InvalidSecret)?;
        let bytes = STANDARD.decode(digits).map_err(|_| InvalidSecret)?;
        Self::kept(bytes).ok_or(InvalidSecret)
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

/// The secret before the last rotation, which signs as well until its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previous {
    pub secret: WebhookSecret,
    pub until: Timestamp,
}

/// Where a project's events are posted. Its `Debug` shows no address: a secret may stand in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub id: EndpointId,
    pub project: ProjectId,
    pub url: String,
    pub events: Vec<EventKind>,
    pub secret: WebhookSecret,
    pub previous: Option<Previous>,
    pub created_at: Timestamp,
    /// Since when nothing is posted to it, because it answered that it is gone.
    pub disabled_at: Option<Timestamp>,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({}, …)", self.id)
    }
}

impl Endpoint {
    /// Everything that signs a post at a moment, the newest first.
    pub fn signing(&self, now: Timestamp) -> Vec<WebhookSecret> {
        let previous = self.previous.iter().filter(|old| now < old.until);
        [&self.secret]
            .into_iter()
            .chain(previous.map(|old| &old.secret))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_secret_is_read_back_from_its_text_and_does_not_show() {
        let secret = WebhookSecret::of([7; SECRET_BYTES]);
        let text = secret.reveal();
        assert_eq!(text.parse(), Ok(secret.clone()));
        assert!(!format!("{secret:?}").contains(&text[6..20]));
        for bad in ["", "whsec_", "whsec_AAAA", "AAAA", "whsec_no base64!"] {
            assert_eq!(bad.parse::<WebhookSecret>(), Err(InvalidSecret), "{bad}");
        }
    }

    #[test]
    fn the_secret_before_signs_until_its_end() {
        let (new, old) = (WebhookSecret::of([1; 32]), WebhookSecret::of([2; 32]));
        let endpoint = Endpoint {
            id: EndpointId(Uuid::now_v7()),
            project: ProjectId(Uuid::now_v7()),
            url: String::new(),
            events: Vec::new(),
            secret: new.clone(),
            previous: Some(Previous {
                secret: old.clone(),
                until: Timestamp(100),
            }),
            created_at: Timestamp(0),
            disabled_at: None,
        };
        assert_eq!(endpoint.signing(Timestamp(99)), [new.clone(), old]);
        assert_eq!(endpoint.signing(Timestamp(100)), [new]);
    }

    #[test]
    fn a_body_is_type_timestamp_and_data() {
        let id = SessionId(Uuid::nil());
        assert_eq!(
            Event::erased(id, Timestamp(1_500)).body(),
            format!(
                r#"{{"type":"session.erased","timestamp":"1970-01-01T00:00:01.500Z","data":{{"session":"{id}","status":"erased"}}}}"#
            )
        );
    }
}
