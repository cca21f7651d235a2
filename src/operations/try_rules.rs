//! Judges one session by another version of the rules, from its stored signals alone: what would it have got?

use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::manage_rules::refuse_unreadable;
use crate::operations::replay::verdict_by;
use crate::operations::rule_owner::RuleOwner;
use crate::scoring::rules::Check;
use crate::scoring::verdict::Verdict;
use crate::session::examination::ExaminationRecord;
use crate::session::ids::{ExaminationId, SessionId};
use crate::session::time::Timestamp;

/// What a session got and what it would have got. It tells of somebody, so it has no `Debug`.
pub struct Trial {
    pub session: SessionId,
    pub examination: ExaminationId,
    pub finished_at: Option<Timestamp>,
    /// The checks that it was judged by.
    pub checks: &'static [Check],
    /// The version that judged it; none for the service's own rules.
    pub judged_by: Option<u32>,
    pub before: Verdict,
    pub after: Verdict,
}

impl Operations {
    /// Judges the newest verdict of a session of the owner's project again, by a version or by the
    /// service's own rules. Nothing is kept.
    pub async fn try_rules(
        &self,
        owner: &RuleOwner,
        version: Option<u32>,
        session: SessionId,
    ) -> Result<Trial, Error> {
        let project = owner.project.id;
        let rules = match version {
            Some(number) => {
                let version = self.version(project, number).await?;
                refuse_unreadable(&version)?;
                version.text
            }
            None => self.settings.default_rules.clone(),
        };
        let session = self.store.session(project, session).await?;
        let session = session.ok_or(Error::NotFound { what: "session" })?;
        let kept = self.store.kept_verdicts(session.id).await?;
        let newest = kept.into_iter().next_back().ok_or_else(never_judged)?;
        trial(newest.record, &rules)
    }
}

fn trial(record: ExaminationRecord, rules: &str) -> Result<Trial, Error> {
    let signals = record.signals.as_ref().ok_or_else(never_judged)?;
    let after = verdict_by(rules, &record, signals)?;
    Ok(Trial {
        session: record.session,
        examination: record.id,
        finished_at: record.finished_at,
        checks: record.order.scope.checks(),
        judged_by: record.order.rules_version,
        before: record.verdict.ok_or_else(never_judged)?,
        after,
    })
}

fn never_judged() -> Error {
    Error::Conflict {
        reason: "the session has no verdict yet, so there is nothing to judge again".to_owned(),
    }
}
