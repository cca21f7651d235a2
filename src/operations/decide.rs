//! Keeps what a person decided about a session; the automatic verdict stays as it is.

use serde_json::json;
use uuid::Uuid;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::read_decisions::SignedDecision;
use crate::scoring::reasons::ReasonCode;
use crate::session::audit::AuditAction;
use crate::session::decision::{Decision, DecisionKind, Note};
use crate::session::ids::{DecisionId, ExaminationId, SessionId};
use crate::session::project::Scope;

/// Longest note, in characters.
pub const MAX_NOTE: usize = 4_000;

/// A decision as it came in. Its `Debug` shows no note.
pub struct NewDecision {
    pub session: SessionId,
    pub kind: DecisionKind,
    pub reasons: Vec<ReasonCode>,
    pub note: Option<String>,
    /// The examination that the officer looked at, where they say which.
    pub examination: Option<ExaminationId>,
}

impl std::fmt::Debug for NewDecision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewDecision({}, {}, …)", self.session, self.kind.name())
    }
}

impl Operations {
    /// Keeps the decision where the session's state allows it, in the caller's name.
    pub async fn decide(&self, caller: &Caller, new: NewDecision) -> Result<SignedDecision, Error> {
        caller.require(Scope::Decide)?;
        let note = read_note(new.note.as_deref())?;
        refuse_without_why(new.kind, &new.reasons, &note)?;
        let session = self.find_session(caller, new.session).await?.id;
        let decision = Decision {
            id: DecisionId(Uuid::now_v7()),
            session,
            project: caller.project.id,
            examination: new.examination,
            kind: new.kind,
            reasons: new.reasons,
            actor: caller.actor(),
            note,
            at: self.clock.now(),
        };
        let entry = |decision: &Decision, sealed_note: Option<&str>| {
            let deed = Deed {
                action: AuditAction::SessionDecided,
                target: session.to_string(),
                details: json!({
                    "decision": decision.id.to_string(),
                    "kind": decision.kind.name(),
                    "reasons": decision.reasons,
                    "examination": decision.examination.map(|id| id.to_string()),
                    "sealed_note_sha256": sealed_note,
                }),
            };
            self.audit_entry(decision.project, decision.actor, deed)
        };
        let kept = self.store.decide(decision, entry).await?;
        self.sign(caller, kept).await
    }
}

/// The note without the space around it; one of nothing else is none.
fn read_note(note: Option<&str>) -> Result<Note, Error> {
    let text = note.unwrap_or_default().trim();
    if text.is_empty() {
        return Ok(Note::None);
    }
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().count() > MAX_NOTE || text.chars().any(is_odd) {
        return Err(Error::invalid(format!(
            "`note` has {MAX_NOTE} characters at most, and no control character but ends of lines and tabs"
        )));
    }
    Ok(Note::Text(text.to_owned()))
}

fn refuse_without_why(
    kind: DecisionKind,
    reasons: &[ReasonCode],
    note: &Note,
) -> Result<(), Error> {
    let has_note = matches!(note, Note::Text(_));
    if let Some(odd) = reasons.iter().find(|reason| !kind.may_rest_on(**reason)) {
        return Err(Error::invalid(format!(
            "`{}` is no reason to `{}`",
            odd.name(),
            kind.name()
        )));
    }
    let repeated = reasons
        .iter()
        .enumerate()
        .any(|(index, reason)| reasons.iter().take(index).any(|other| other == reason));
    if repeated {
        return Err(Error::invalid("`reasons` names a code twice"));
    }
    if reasons.contains(&ReasonCode::Other) && !has_note {
        return Err(Error::invalid("`OTHER` needs a `note` that says which"));
    }
    match kind {
        DecisionKind::Approve | DecisionKind::Reject if reasons.is_empty() && !has_note => {
            Err(Error::invalid(format!(
                "`{}` needs a why: a code in `reasons`, or a `note`",
                kind.name()
            )))
        }
        DecisionKind::Note if !has_note => Err(Error::invalid("a note needs a `note`")),
        DecisionKind::Approve
        | DecisionKind::Reject
        | DecisionKind::AskAgain
        | DecisionKind::Note => Ok(()),
    }
}
