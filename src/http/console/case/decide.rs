//! What an officer does with a case: take it, keep it, give it back, decide, undo.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::console::errors::PageError;
use crate::http::console::forms;
use crate::http::console::sign_in::to;
use crate::http::error::Refusal;
use crate::operations::Operations;
use crate::operations::decide::NewDecision;
use crate::operations::error::Error;
use crate::scoring::reasons::ReasonCode;
use crate::session::checklist::{Checklist, Feature, Finding};
use crate::session::decision::DecisionKind;
use crate::session::ids::SessionId;

type Answer = Result<HttpResponse, PageError>;

/// A form's fields as they came: some come several times.
type Fields = Vec<(String, String)>;

/// The session of an address.
pub(super) fn session(text: &str) -> Result<SessionId, Error> {
    text.parse()
        .map_err(|_| Error::NotFound { what: "session" })
}

fn page_of(session: SessionId) -> HttpResponse {
    to(&format!("/console/sessions/{session}"))
}

pub(super) async fn take(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
    payload: Payload,
) -> Answer {
    let (guest, forms::Nothing {}) = forms::receive(&request, payload, &operations).await?;
    let session = session(&id)?;
    operations
        .claim_review(&guest.visitor.caller, session)
        .await?;
    Ok(page_of(session))
}

/// Asked for by the page every now and then while somebody looks at it.
pub(super) async fn renew(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
    payload: Payload,
) -> Answer {
    let (guest, forms::Nothing {}) = forms::receive(&request, payload, &operations).await?;
    operations
        .renew_claim(&guest.visitor.caller, session(&id)?)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(super) async fn give_back(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
    payload: Payload,
) -> Answer {
    let (guest, forms::Nothing {}) = forms::receive(&request, payload, &operations).await?;
    operations
        .release_review(&guest.visitor.caller, session(&id)?)
        .await?;
    Ok(to("/console/queue"))
}

pub(super) async fn decide(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
    payload: Payload,
) -> Answer {
    let (guest, fields): (_, Fields) = forms::receive(&request, payload, &operations).await?;
    let caller = &guest.visitor.caller;
    let session = session(&id)?;
    let decision = read(session, &fields)?;
    if decision.kind == DecisionKind::Note {
        operations.decide(caller, decision).await?;
    } else {
        operations.decide_later(caller, decision).await?;
    }
    Ok(page_of(session))
}

pub(super) async fn undo(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
    payload: Payload,
) -> Answer {
    let (guest, forms::Nothing {}) = forms::receive(&request, payload, &operations).await?;
    let session = session(&id)?;
    operations
        .undo_decision(&guest.visitor.caller, session)
        .await?;
    Ok(page_of(session))
}

fn read(session: SessionId, fields: &Fields) -> Result<NewDecision, PageError> {
    let first = |name: &str| {
        fields
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    };
    let odd = |field: &str| {
        PageError::from(Refusal::bad_request(format!(
            "the form's `{field}` is none that is known"
        )))
    };
    let kind = first("kind")
        .and_then(DecisionKind::from_name)
        .ok_or_else(|| {
            PageError::from(Refusal::bad_request(
                "choose what to do: approve, reject, ask again or note",
            ))
        })?;
    let reasons = fields
        .iter()
        .filter(|(field, _)| field == "reason")
        .map(|(_, value)| ReasonCode::from_name(value).ok_or_else(|| odd("reason")))
        .collect::<Result<Vec<_>, _>>()?;
    let examination = first("examination").map(str::parse).transpose();
    Ok(NewDecision {
        session,
        kind,
        reasons,
        note: first("note").map(str::to_owned),
        examination: examination.map_err(|_| odd("examination"))?,
        checklist: checklist(fields).map_err(|Unknown| odd("feature"))?,
    })
}

/// A feature or a finding that is none.
#[derive(Debug, PartialEq)]
struct Unknown;

/// What was answered of the list; none where nothing was.
fn checklist(fields: &Fields) -> Result<Option<Checklist>, Unknown> {
    let mut list = Checklist::default();
    for (field, value) in fields {
        if let Some(name) = field.strip_prefix("feature_") {
            let feature = Feature::from_name(name).ok_or(Unknown)?;
            let finding = Finding::from_name(value).ok_or(Unknown)?;
            list.0.insert(feature, finding);
        }
    }
    Ok(Some(list).filter(|list| !list.0.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(given: &[(&str, &str)]) -> Fields {
        given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_checklist_is_what_was_answered_of_it() {
        assert_eq!(checklist(&fields(&[("note", "x")])), Ok(None));
        let some = checklist(&fields(&[("feature_eyes", "similar")])).unwrap();
        assert_eq!(some.unwrap().0[&Feature::Eyes], Finding::Similar);
        for odd in [("feature_hands", "similar"), ("feature_eyes", "odd")] {
            assert_eq!(checklist(&fields(&[odd])), Err(Unknown));
        }
    }

    #[test]
    fn a_decision_is_read_or_refused_by_its_field() {
        let id = SessionId(uuid::Uuid::now_v7());
        let reason = ReasonCode::IdentityConfirmed.name();
        let read_it = |given: &[(&str, &str)]| read(id, &fields(given));
        let decision = read_it(&[("kind", "approve"), ("reason", reason), ("note", "")]).unwrap();
        assert_eq!(decision.kind, DecisionKind::Approve);
        assert_eq!(decision.reasons, [ReasonCode::IdentityConfirmed]);
        assert_eq!(decision.note, None);
        assert!(read_it(&[]).is_err());
        assert!(read_it(&[("kind", "approve"), ("reason", "X")]).is_err());
        assert!(read_it(&[("kind", "approve"), ("examination", "X")]).is_err());
    }
}
