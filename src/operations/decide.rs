//! Keeps what a person decided about a session; the automatic verdict stays as it is.

use serde_json::json;
use uuid::Uuid;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::read_decisions::SignedDecision;
use crate::scoring::reasons::ReasonCode;
use crate::session::audit::{AuditAction, AuditEntry};
use crate::session::checklist::{Checklist, Feature};
use crate::session::decision::{Decision, DecisionKind, Note};
use crate::session::ids::{DecisionId, ExaminationId, SessionId};
use crate::session::project::Scope;
use crate::store::decisions::Hashes;

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
    /// How the faces were compared; the project may ask for it.
    pub checklist: Option<Checklist>,
}

impl std::fmt::Debug for NewDecision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewDecision({}, {}, …)", self.session, self.kind.name())
    }
}

impl Operations {
    /// Keeps the decision where the session's state allows it, in the caller's name. Where the
    /// project's decisions take two officers, the first one's is kept as a proposal.
    pub async fn decide(&self, caller: &Caller, new: NewDecision) -> Result<SignedDecision, Error> {
        let decision = self.read_new_decision(caller, new).await?;
        let entry = |decision: &_, hashes: &_| self.about_decision(decision, hashes);
        let kept = self.store.decide(decision, entry).await?;
        self.signalling.post_waits();
        self.sign(caller, kept).await
    }

    /// The decision as it would be kept, once all has been looked at that needs no look at the case.
    pub(crate) async fn read_new_decision(
        &self,
        caller: &Caller,
        new: NewDecision,
    ) -> Result<Decision, Error> {
        caller.require(Scope::Decide)?;
        let note = read_note(new.note.as_deref())?;
        refuse_without_why(new.kind, &new.reasons, &note)?;
        refuse_checklist(caller, &new, &note)?;
        Ok(Decision {
            id: DecisionId(Uuid::now_v7()),
            session: self.find_session(caller, new.session).await?.id,
            project: caller.project.id,
            examination: new.examination,
            kind: new.kind,
            reasons: new.reasons,
            actor: caller.actor(),
            note,
            checklist: new.checklist,
            took_ms: None,
            at: self.clock.now(),
        })
    }

    /// What the audit log is told of a decision.
    pub(crate) fn about_decision(&self, decision: &Decision, hashes: &Hashes) -> AuditEntry {
        let mut details = json!({
            "decision": decision.id.to_string(),
            "kind": decision.kind.name(),
            "reasons": decision.reasons,
            "examination": decision.examination.map(|id| id.to_string()),
            "sealed_note_sha256": hashes.sealed_note,
        });
        if let Some(hash) = &hashes.checklist {
            details["checklist_sha256"] = json!(hash);
        }
        let deed = Deed {
            action: AuditAction::SessionDecided,
            target: decision.session.to_string(),
            details,
        };
        self.audit_entry(decision.project, decision.actor, deed)
    }
}

/// Refuses a decision that takes a checklist and has none, or one that a checklist speaks against.
fn refuse_checklist(caller: &Caller, new: &NewDecision, note: &Note) -> Result<(), Error> {
    if !new.kind.is_final() {
        return match new.checklist {
            Some(_) => Err(Error::invalid(
                "a `checklist` goes with `approve` or `reject`",
            )),
            None => Ok(()),
        };
    }
    let is_complete = new.checklist.as_ref().is_some_and(Checklist::is_complete);
    if caller.project.settings.checklist && !is_complete {
        let features = Feature::ALL.map(Feature::name).join("`, `");
        return Err(Error::invalid(format!(
            "the project asks for a `checklist` that answers every feature: `{features}`"
        )));
    }
    let is_doubtful = new
        .checklist
        .as_ref()
        .is_some_and(|list| list.has_difference() || !list.has_likeness());
    if new.kind == DecisionKind::Approve && is_doubtful && *note == Note::None {
        return Err(Error::invalid(
            "who approves although a feature is `different`, or none is `similar`, says why in a `note`",
        ));
    }
    Ok(())
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
    if kind.proposes().is_some() {
        // Whether one officer is enough is not for the caller to say.
        return Err(Error::invalid(
            "`decision` is approve, reject, ask_again or note",
        ));
    }
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
        | DecisionKind::ProposeApprove
        | DecisionKind::ProposeReject
        | DecisionKind::AskAgain
        | DecisionKind::Note => Ok(()),
    }
}
