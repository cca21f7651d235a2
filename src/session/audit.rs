//! The audit log's rows and the chain that holds them together: each row's hash covers the row before.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::session::actor::Actor;
use crate::session::ids::ProjectId;
use crate::session::time::Timestamp;

/// How far from its place a row is looked for that was moved: to say so is a kindness, and the
/// fault is found without it.
const SEARCH: i64 = 10_000;

/// What stands before the first row.
pub const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditAction {
    RulesSaved,
    RulesActivated,
    RulesShadowed,
    TokenCreated,
    TokenRevoked,
    ProjectCreated,
    ProjectChanged,
    OfficerAdded,
    /// A link was made with which somebody sets their password.
    OfficerInvited,
    OfficerEnrolled,
    /// Somebody's role in a project was given, changed or taken.
    OfficerChanged,
    OfficerSignedIn,
    OfficerLockedOut,
    /// A verdict was given: the hashes of all that it rests on.
    SessionJudged,
    SessionDecided,
    /// A decision that could still be undone came to nothing, because something else happened first.
    DecisionVoided,
    SessionHeld,
    SessionReleased,
    SessionErased,
    /// A picture or a video of an applicant was handed out.
    EvidenceRead,
    /// A document, a video or the pictures of an examination went, as the project keeps them no longer.
    EvidenceExpired,
    PersonErased,
    GalleryErased,
    /// A result is posted once more.
    DeliveryReplayed,
    WebhookCreated,
    /// Its secret was changed.
    WebhookRotated,
    WebhookRemoved,
    /// One that had been disabled is posted to again.
    WebhookEnabled,
    /// Somebody said what the right answer to a case is.
    KnownAnswerMarked,
    KnownAnswerRemoved,
    /// A copy of such a case was put into the queue.
    KnownAnswerMixedIn,
}

impl AuditAction {
    pub const ALL: [Self; 31] = [
        Self::RulesSaved,
        Self::RulesActivated,
        Self::RulesShadowed,
        Self::TokenCreated,
        Self::TokenRevoked,
        Self::ProjectCreated,
        Self::ProjectChanged,
        Self::OfficerAdded,
        Self::OfficerInvited,
        Self::OfficerEnrolled,
        Self::OfficerChanged,
        Self::OfficerSignedIn,
        Self::OfficerLockedOut,
        Self::SessionJudged,
        Self::SessionDecided,
        Self::DecisionVoided,
        Self::SessionHeld,
        Self::SessionReleased,
        Self::SessionErased,
        Self::EvidenceRead,
        Self::EvidenceExpired,
        Self::PersonErased,
        Self::GalleryErased,
        Self::DeliveryReplayed,
        Self::WebhookCreated,
        Self::WebhookRotated,
        Self::WebhookRemoved,
        Self::WebhookEnabled,
        Self::KnownAnswerMarked,
        Self::KnownAnswerRemoved,
        Self::KnownAnswerMixedIn,
    ];

    /// The name it is stored under.
    pub fn name(self) -> &'static str {
        match self {
            Self::RulesSaved => "rules.saved",
            Self::RulesActivated => "rules.activated",
            Self::RulesShadowed => "rules.shadowed",
            Self::TokenCreated => "token.created",
            Self::TokenRevoked => "token.revoked",
            Self::ProjectCreated => "project.created",
            Self::ProjectChanged => "project.changed",
            Self::OfficerAdded => "officer.added",
            Self::OfficerInvited => "officer.invited",
            Self::OfficerEnrolled => "officer.enrolled",
            Self::OfficerChanged => "officer.changed",
            Self::OfficerSignedIn => "officer.signed_in",
            Self::OfficerLockedOut => "officer.locked_out",
            Self::SessionJudged => "session.judged",
            Self::SessionDecided => "session.decided",
            Self::DecisionVoided => "decision.voided",
            Self::SessionHeld => "session.held",
            Self::SessionReleased => "session.released",
            Self::SessionErased => "session.erased",
            Self::EvidenceRead => "evidence.read",
            Self::EvidenceExpired => "evidence.expired",
            Self::PersonErased => "person.erased",
            Self::GalleryErased => "gallery.erased",
            Self::DeliveryReplayed => "delivery.replayed",
            Self::WebhookCreated => "webhook.created",
            Self::WebhookRotated => "webhook.rotated",
            Self::WebhookRemoved => "webhook.removed",
            Self::WebhookEnabled => "webhook.enabled",
            Self::KnownAnswerMarked => "known_answer.marked",
            Self::KnownAnswerRemoved => "known_answer.removed",
            Self::KnownAnswerMixedIn => "known_answer.mixed_in",
        }
    }
}

/// Something to be remembered. It holds identifiers, codes and hashes, and nothing else: what a
/// person could be known by would outlive their erasure here.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    pub at: Timestamp,
    pub project: Option<ProjectId>,
    pub actor: Actor,
    pub action: AuditAction,
    /// The identifier of what it was done to.
    pub target: String,
    /// An object.
    pub details: Value,
}

/// A row as it is kept: text as it stands in the database, so that a verification sees what is
/// there and not what could be made of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditRow {
    pub seq: i64,
    pub at: i64,
    pub project: Option<String>,
    pub actor: String,
    pub action: String,
    pub target: String,
    /// JSON.
    pub details: String,
    /// The hash of the row before.
    pub previous: String,
    pub hash: String,
}

/// The end of the chain.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AuditHead {
    pub seq: i64,
    pub hash: String,
}

/// What is no end of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an end of the log is written SEQ:HASH, as `likeness audit head` prints it")]
pub struct InvalidHead;

impl fmt::Display for AuditHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

impl FromStr for AuditHead {
    type Err = InvalidHead;

    fn from_str(text: &str) -> Result<Self, InvalidHead> {
        let (seq, hash) = text.trim().split_once(':').ok_or(InvalidHead)?;
        let is_hash = hash.len() == NOTHING.len() && hash.bytes().all(|b| b.is_ascii_hexdigit());
        match seq.parse() {
            Ok(seq) if is_hash && seq >= 0 => Ok(Self {
                seq,
                hash: hash.to_ascii_lowercase(),
            }),
            _ => Err(InvalidHead),
        }
    }
}

impl AuditHead {
    /// The row that follows this end.
    pub fn followed_by(&self, entry: &AuditEntry) -> AuditRow {
        let mut row = AuditRow {
            seq: self.seq + 1,
            at: entry.at.0,
            project: entry.project.map(|project| project.0.to_string()),
            actor: entry.actor.to_string(),
            action: entry.action.name().to_owned(),
            target: entry.target.clone(),
            details: entry.details.to_string(),
            previous: self.hash.clone(),
            hash: String::new(),
        };
        row.hash = row.right_hash();
        row
    }
}

impl AuditRow {
    /// The hash that the row should have: SHA-256 over its columns as one JSON array.
    pub fn right_hash(&self) -> String {
        self.hash_as(self.seq)
    }

    /// The number under which the row was written, where nothing of it but its number was changed.
    fn written_as(&self) -> Option<i64> {
        let first = self.seq.saturating_sub(SEARCH).max(1);
        (first..=self.seq.saturating_add(SEARCH)).find(|seq| self.hash_as(*seq) == self.hash)
    }

    fn hash_as(&self, seq: i64) -> String {
        let columns = json!([
            seq,
            self.at,
            self.project,
            self.actor,
            self.action,
            self.target,
            self.details,
            self.previous,
        ]);
        Sha256::digest(columns.to_string().as_bytes())
            .iter()
            .fold(String::with_capacity(64), |hex, byte| {
                format!("{hex}{byte:02x}")
            })
    }
}

/// Where a chain breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    #[error("row {seq} was altered: its hash is not that of its columns")]
    Altered { seq: i64 },
    #[error("row {expected} is missing: row {found} follows row {}", .expected - 1)]
    Missing { expected: i64, found: i64 },
    #[error("row {found} is out of order: row {expected} should stand there")]
    Reordered { expected: i64, found: i64 },
    #[error("row {seq} is out of order: it was written as row {written}")]
    Moved { seq: i64, written: i64 },
    #[error(
        "row {seq} does not hold the hash of row {}: one of the two was altered after it was written", .seq - 1
    )]
    Unlinked { seq: i64 },
    #[error("the log ends with row {found}, and row {expected} was the last to be written")]
    CutOff { expected: i64, found: i64 },
    #[error("the last row, {seq}, is not the one that was written last")]
    OtherEnd { seq: i64 },
    #[error("the end of the log, which is kept beside it, was taken away")]
    Headless,
    #[error("row {seq} tells of {what}: that is not in the database as it was then")]
    Contradicted { seq: i64, what: String },
    #[error("row {seq} is not the one that was noted: the log was written anew up to there")]
    Rewritten { seq: i64 },
}

/// Follows a chain row by row, in the order of their numbers.
#[derive(Clone, Debug)]
pub struct ChainCheck {
    last: AuditHead,
    /// An end that the chain once had, as somebody noted it elsewhere.
    noted: Option<AuditHead>,
}

impl Default for ChainCheck {
    fn default() -> Self {
        Self::holding(None)
    }
}

impl ChainCheck {
    /// A check that also holds the chain against an end that it once had.
    pub fn holding(noted: Option<AuditHead>) -> Self {
        Self {
            last: AuditHead {
                seq: 0,
                hash: NOTHING.to_owned(),
            },
            noted,
        }
    }

    /// The last row that was seen to be right.
    pub fn last(&self) -> &AuditHead {
        &self.last
    }

    /// The next row.
    pub fn row(&mut self, row: &AuditRow) -> Result<(), ChainFault> {
        let expected = self.last.seq + 1;
        if row.seq > expected {
            return Err(ChainFault::Missing {
                expected,
                found: row.seq,
            });
        }
        if row.seq < expected {
            return Err(ChainFault::Reordered {
                expected,
                found: row.seq,
            });
        }
        if row.hash != row.right_hash() {
            return Err(match row.written_as() {
                Some(written) => ChainFault::Moved {
                    seq: row.seq,
                    written,
                },
                None => ChainFault::Altered { seq: row.seq },
            });
        }
        if row.previous != self.last.hash {
            return Err(ChainFault::Unlinked { seq: row.seq });
        }
        let noted = self.noted.as_ref().filter(|noted| noted.seq == row.seq);
        if noted.is_some_and(|noted| noted.hash != row.hash) {
            return Err(ChainFault::Rewritten { seq: row.seq });
        }
        self.last = AuditHead {
            seq: row.seq,
            hash: row.hash.clone(),
        };
        Ok(())
    }

    /// The rows seen, once they end where the log is known to end.
    pub fn end(self, head: Option<&AuditHead>) -> Result<AuditHead, ChainFault> {
        let noted = self.noted.as_ref();
        if let Some(noted) = noted.filter(|noted| noted.seq > self.last.seq) {
            return Err(ChainFault::CutOff {
                expected: noted.seq,
                found: self.last.seq,
            });
        }
        if let Some(noted) = noted.filter(|noted| noted.seq == 0 && noted.hash != NOTHING) {
            return Err(ChainFault::Rewritten { seq: noted.seq });
        }
        if let Some(head) = head {
            if self.last.seq != head.seq {
                return Err(ChainFault::CutOff {
                    expected: head.seq,
                    found: self.last.seq,
                });
            }
            if self.last.hash != head.hash {
                return Err(ChainFault::OtherEnd { seq: head.seq });
            }
        }
        Ok(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(length: i64) -> Vec<AuditRow> {
        let mut head = ChainCheck::default().last;
        (1..=length)
            .map(|number| {
                let row = head.followed_by(&AuditEntry {
                    at: Timestamp(number),
                    project: None,
                    actor: Actor::Operator,
                    action: AuditAction::RulesSaved,
                    target: format!("rules {number}"),
                    details: json!({"number": number}),
                });
                head = AuditHead {
                    seq: row.seq,
                    hash: row.hash.clone(),
                };
                row
            })
            .collect()
    }

    fn check(rows: &[AuditRow], head: Option<&AuditHead>) -> Result<AuditHead, ChainFault> {
        let mut check = ChainCheck::default();
        for row in rows {
            check.row(row)?;
        }
        check.end(head)
    }

    #[test]
    fn an_untouched_chain_holds() {
        let rows = chain(5);
        let end = check(&rows, None).unwrap();
        assert_eq!((end.seq, &end.hash), (5, &rows[4].hash));
        assert_eq!(check(&rows, Some(&end)), Ok(end));
    }

    #[test]
    fn the_first_missing_altered_or_moved_row_is_named() {
        let rows = chain(5);
        let end = check(&rows, None).unwrap();

        let mut gap = rows.clone();
        gap.remove(2);
        assert_eq!(
            check(&gap, None),
            Err(ChainFault::Missing {
                expected: 3,
                found: 4
            })
        );
        assert_eq!(
            check(&rows[..4], Some(&end)),
            Err(ChainFault::CutOff {
                expected: 5,
                found: 4
            })
        );

        let mut swapped = rows.clone();
        swapped.swap(1, 3);
        assert_eq!(
            check(&swapped, None),
            Err(ChainFault::Missing {
                expected: 2,
                found: 4
            })
        );
        for (row, seq) in swapped.iter_mut().zip(1..) {
            row.seq = seq;
        }
        assert_eq!(
            check(&swapped, None),
            Err(ChainFault::Moved { seq: 2, written: 4 })
        );
        let mut twice = rows.clone();
        twice.insert(2, rows[1].clone());
        assert_eq!(
            check(&twice, None),
            Err(ChainFault::Reordered {
                expected: 3,
                found: 2
            })
        );

        let mut altered = rows.clone();
        altered[1].target = "rules 9".to_owned();
        assert_eq!(check(&altered, None), Err(ChainFault::Altered { seq: 2 }));
        // Who gives the row its right hash has broken the link to the next.
        altered[1].hash = altered[1].right_hash();
        assert_eq!(check(&altered, None), Err(ChainFault::Unlinked { seq: 3 }));
        // Who does so for all of them is found out by the end that was written down.
        for index in 2..5 {
            altered[index].previous = altered[index - 1].hash.clone();
            altered[index].hash = altered[index].right_hash();
        }
        assert!(check(&altered, None).is_ok());
        assert_eq!(
            check(&altered, Some(&end)),
            Err(ChainFault::OtherEnd { seq: 5 })
        );
    }

    #[test]
    fn a_noted_end_is_looked_for_where_it_was() {
        let rows = chain(5);
        let noted: AuditHead = format!("3:{}", rows[2].hash).parse().unwrap();
        assert_eq!(noted.to_string().parse(), Ok(noted.clone()));
        let against = |rows: &[AuditRow], noted: &AuditHead| {
            let mut check = ChainCheck::holding(Some(noted.clone()));
            rows.iter().try_for_each(|row| check.row(row))?;
            check.end(None)
        };
        assert!(against(&rows, &noted).is_ok(), "the log may have grown");
        assert_eq!(
            against(&rows[..2], &noted),
            Err(ChainFault::CutOff {
                expected: 3,
                found: 2
            })
        );
        let other = AuditHead {
            hash: rows[1].hash.clone(),
            ..noted
        };
        assert_eq!(
            against(&rows, &other),
            Err(ChainFault::Rewritten { seq: 3 })
        );
        for text in ["", "3", "x:y", "3:abc", "-1:", &format!("-1:{NOTHING}")] {
            assert_eq!(text.parse::<AuditHead>(), Err(InvalidHead), "{text}");
        }
    }
}
