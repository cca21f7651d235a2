//! Says of cases what the right answer is, and mixes copies of them in among those that wait: how well reviews are done
//! is seen by what becomes of them.

use rand::{Rng, RngExt as _};
use serde_json::json;
use uuid::Uuid;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::run_examination::causes;
use crate::scoring::verdict::Outcome;
use crate::session::actor::Actor;
use crate::session::audit::{AuditAction, AuditEntry};
use crate::session::examination::ExaminationRecord;
use crate::session::ids::{ExaminationId, ProjectId, SessionId};
use crate::session::known_answer::{KnownAnswer, KnownCase, KnownCaseUse, SEED_ORIGIN};
use crate::session::project::{Project, Scope};
use crate::session::review::ReviewState;
use crate::session::status::SessionStatus;
use crate::session::time::Timestamp;
use crate::session::visit::Session;
use crate::store::seed_cases::NewCopy;

/// Known cases that are listed.
const LISTED: u64 = 1_000;

/// Longest times that a copy takes over from its case: from coming to the examination, and for the examination.
const LONGEST_LEAD_MS: i64 = 10 * 60 * 1000;

/// A reference with fewer digits is known by its words, which no copy may bear.
const FEWEST_DIGITS: usize = 4;

/// What chance says about one case that newly waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// From 0 to 99: a copy is mixed in where it is less than the project's percentage.
    pub lot: u8,
    /// Which of the known cases, counted around.
    pub which: u64,
    /// What the digits of the copy's reference are made of, a byte each.
    pub digits: [u64; 8],
}

impl Draw {
    pub fn by(random: &mut impl Rng) -> Self {
        Self {
            lot: random.random_range(0..100),
            which: random.random(),
            digits: random.random(),
        }
    }
}

impl Operations {
    /// Keeps what the right answer to a settled case is, in the place of what was said before.
    pub async fn mark_known_answer(
        &self,
        caller: &Caller,
        id: SessionId,
        answer: KnownAnswer,
    ) -> Result<(), Error> {
        caller.require(Scope::Supervise)?;
        let session = self.find_session(caller, id).await?;
        let case = self
            .store
            .review(session.project, id, self.clock.now())
            .await?
            .filter(|_| session.origin != SEED_ORIGIN)
            .ok_or(Error::NotFound {
                what: "examined session",
            })?;
        if case.state != ReviewState::Settled {
            return Err(Error::Conflict {
                reason: "nobody has settled the session: its right answer is not known".to_owned(),
            });
        }
        let is_looked_at = match case.outcome {
            Some(Outcome::Refer) => true,
            Some(Outcome::Fail) => caller.project.settings.review_fails,
            Some(Outcome::Pass) | None => false,
        };
        if !is_looked_at {
            return Err(Error::Conflict {
                reason: "only sessions with a verdict that people look at can be mixed in unseen"
                    .to_owned(),
            });
        }
        let known = KnownCase {
            session: id,
            project: session.project,
            examination: case.examination,
            answer,
            marked_by: caller.actor(),
            at: self.clock.now(),
        };
        let details = json!({
            "session": id.to_string(),
            "examination": case.examination.to_string(),
            "answer": answer.name(),
        });
        let entry = self.about_known(caller, AuditAction::KnownAnswerMarked, details);
        Ok(self.store.mark_known(&known, &entry).await?)
    }

    /// Forgets what the right answer to a case is. Copies that wait go on waiting.
    pub async fn unmark_known_answer(&self, caller: &Caller, id: SessionId) -> Result<(), Error> {
        caller.require(Scope::Supervise)?;
        let details = json!({"session": id.to_string()});
        let entry = self.about_known(caller, AuditAction::KnownAnswerRemoved, details);
        let project = caller.project.id;
        if self.store.unmark_known(project, id, &entry).await? {
            Ok(())
        } else {
            Err(Error::NotFound { what: "known case" })
        }
    }

    /// The project's known cases, the newest first, with what became of their copies.
    pub async fn known_answers(&self, caller: &Caller) -> Result<Vec<KnownCaseUse>, Error> {
        caller.require(Scope::Supervise)?;
        Ok(self.store.known_cases(caller.project.id, LISTED).await?)
    }

    /// Puts a copy of a known case into the project's queue where chance says so, and tells whether it did.
    pub async fn mix_in_known_answer(
        &self,
        project: ProjectId,
        draw: Draw,
    ) -> Result<Option<SessionId>, Error> {
        let Some(project) = self.store.project(project).await? else {
            return Ok(None);
        };
        if draw.lot >= project.settings.seed_percent {
            return Ok(None);
        }
        let idle = self.store.idle_known_cases(project.id).await?;
        let Some(which) = draw.which.checked_rem(idle.len() as u64) else {
            return Ok(None);
        };
        let Some(id) = idle.get(which as usize) else {
            return Ok(None);
        };
        let Some(copy) = self.copy_of(&project, *id, &draw).await? else {
            return Ok(None);
        };
        let made = copy.session.id;
        Ok(self.store.mix_in(copy).await?.then_some(made))
    }

    /// Does so after an examination whose session newly waits for a person. A case that waits does so whatever becomes
    /// of this.
    pub(crate) async fn mix_in_after(&self, record: &ExaminationRecord) {
        let now = self.clock.now();
        let mixing = async {
            let case = self.store.review(record.project, record.session, now);
            match case.await? {
                Some(case) if case.state == ReviewState::Waiting => {}
                Some(_) | None => return Ok(None),
            }
            let draw = Draw::by(&mut rand::rng());
            self.mix_in_known_answer(record.project, draw).await
        };
        if let Err(error) = mixing.await {
            tracing::error!(error = %causes(&error), "a known case cannot be mixed in");
        }
    }

    /// What a copy of a known case will be: as old when it comes into the queue as the case was then.
    async fn copy_of(
        &self,
        project: &Project,
        id: SessionId,
        draw: &Draw,
    ) -> Result<Option<NewCopy>, Error> {
        let Some(known) = self.store.known_case(project.id, id).await? else {
            return Ok(None);
        };
        let session = self.store.session(project.id, id).await?;
        let record = self
            .store
            .examination(project.id, known.examination)
            .await?;
        let (Some(session), Some(record)) = (session, record) else {
            return Ok(None);
        };
        let now = self.clock.now();
        let finished = record.finished_at.unwrap_or(record.queued_at);
        let between = |from: i64, to: i64| (to - from).clamp(0, LONGEST_LEAD_MS);
        let queued_at = now.plus(-between(record.queued_at.0, finished.0));
        let created_at = queued_at.plus(-between(session.created_at.0, record.queued_at.0));
        let copy = SessionId(made_at(created_at));
        let details = json!({"session": id.to_string(), "copy": copy.to_string()});
        Ok(Some(NewCopy {
            of: known,
            session: Session {
                id: copy,
                status: SessionStatus::Judged,
                origin: SEED_ORIGIN.to_owned(),
                reference: session.reference.and_then(|text| shuffled(&text, draw)),
                metadata: None,
                created_at,
                updated_at: now,
                held_at: None,
                erased_at: None,
                ..session
            },
            examination: ExaminationId(made_at(queued_at)),
            queued_at,
            now,
            entry: AuditEntry {
                at: now,
                project: Some(project.id),
                actor: Actor::Service,
                action: AuditAction::KnownAnswerMixedIn,
                target: project.id.to_string(),
                details,
            },
        }))
    }

    /// An entry about a known case. It is filed under the project: the case's own history, which every officer sees,
    /// does not tell that its answer is known, and that of a copy not that it is one.
    fn about_known(
        &self,
        caller: &Caller,
        action: AuditAction,
        details: serde_json::Value,
    ) -> AuditEntry {
        let deed = Deed {
            action,
            target: caller.project.id.to_string(),
            details,
        };
        self.audit_entry(caller.project.id, caller.actor(), deed)
    }
}

/// A reference like another one, with other digits; none where it has too few of them.
fn shuffled(reference: &str, draw: &Draw) -> Option<String> {
    let digits = reference.chars().filter(char::is_ascii_digit).count();
    if digits < FEWEST_DIGITS {
        return None;
    }
    let mut drawn = draw
        .digits
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .cycle();
    let other = |c: char| match c {
        // No number begins with another zero than it did.
        '0' => '0',
        '1'..='9' => drawn
            .next()
            .and_then(|byte| char::from_digit(u32::from(byte) % 9 + 1, 10))
            .unwrap_or(c),
        c => c,
    };
    Some(reference.chars().map(other).collect())
}

/// An identifier as it would have been made at that moment: it tells when, and a copy's would tell it apart.
fn made_at(at: Timestamp) -> Uuid {
    let milliseconds = u64::try_from(at.0).unwrap_or_default();
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    let nanoseconds = u32::try_from(rest).unwrap_or_default() * 1_000_000;
    Uuid::new_v7(uuid::Timestamp::from_unix(
        uuid::NoContext,
        seconds,
        nanoseconds,
    ))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn a_reference_keeps_its_shape_and_loses_its_number() {
        let draw = Draw::by(&mut StdRng::seed_from_u64(3));
        let other = shuffled("KYC-2024/0815-77", &draw).unwrap();
        assert_ne!(other, "KYC-2024/0815-77");
        assert_eq!(other.len(), 16);
        assert!(
            other.starts_with("KYC-") && other.as_bytes()[8] == b'/',
            "{other}"
        );
        for few in ["", "anna", "order 7", "a1b2c3"] {
            assert_eq!(shuffled(few, &draw), None, "{few}");
        }
    }

    #[test]
    fn lots_are_drawn_evenly() {
        let mut random = StdRng::seed_from_u64(5);
        let drawn = (0..10_000)
            .filter(|_| Draw::by(&mut random).lot < 50)
            .count();
        assert!((4_800..5_200).contains(&drawn), "{drawn}");
    }
}
