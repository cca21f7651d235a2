//! How well a project's reviews are done: how long they take, and how often two officers, or an officer and a known
//! answer, say the same.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::actor::Actor;
use crate::session::decision::DecisionKind;
use crate::session::histogram::{day_of, start_of};
use crate::session::ids::{ProjectId, SessionId};
use crate::session::known_answer::KnownAnswer;
use crate::session::project::Scope;
use crate::session::time::{Span, Timestamp};
use crate::store::decision_rows::DecisionRow;

/// The longest time that is looked at.
pub const MOST_DAYS: u32 = 366;

/// The most decisions of one look: each is held in memory.
pub const MOST_DECISIONS: u64 = 200_000;

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    pub hits: u64,
    pub of: u64,
}

impl Part {
    fn count(&mut self, is_hit: bool) {
        self.hits += u64::from(is_hit);
        self.of += 1;
    }
}

/// How well an officer reviews. It names a person, so it has no `Debug`.
#[derive(Clone, Default)]
pub struct OfficerQuality {
    pub name: String,
    /// Decisions but notes.
    pub decided: u64,
    /// In milliseconds, of the cases that were taken first.
    pub median_ms: Option<u64>,
    pub p95_ms: Option<u64>,
    /// What they proposed that a second officer confirmed, of what one confirmed or contradicted.
    pub confirmed: Part,
    /// What they settled that somebody else settled otherwise later, on the same examination.
    pub overruled: Part,
    /// Known cases that they answered.
    pub known: u64,
    /// Approved, of those that are to be rejected.
    pub false_accepts: Part,
    /// Rejected, of those that are to be approved.
    pub false_rejects: Part,
}

/// A decision as it is exported. It names an officer, so it has no `Debug`.
pub struct ExportedDecision {
    pub session: SessionId,
    pub at: Timestamp,
    pub kind: DecisionKind,
    pub reasons: Vec<&'static str>,
    pub officer: String,
    pub took_ms: Option<u64>,
    pub seeded: bool,
}

/// The decisions of a span and who made them. It names people, so it has no `Debug`.
struct Decided {
    rows: Vec<DecisionRow>,
    known: HashMap<SessionId, KnownAnswer>,
    names: HashMap<Actor, String>,
}

impl Operations {
    /// How well each officer reviewed in the last so many days, the present one included; in the order of their names.
    pub async fn review_quality(
        &self,
        caller: &Caller,
        days: u32,
    ) -> Result<Vec<OfficerQuality>, Error> {
        let decided = self.decided(caller, days).await?;
        Ok(weigh(&decided))
    }

    /// What was decided in the last so many days, the oldest first.
    pub async fn exported_decisions(
        &self,
        caller: &Caller,
        days: u32,
    ) -> Result<Vec<ExportedDecision>, Error> {
        let Decided { rows, known, names } = self.decided(caller, days).await?;
        Ok(rows
            .into_iter()
            .filter(|row| row.kind != DecisionKind::Note)
            .map(|row| ExportedDecision {
                session: row.session,
                at: row.at,
                kind: row.kind,
                reasons: row.reasons.iter().map(|code| code.name()).collect(),
                officer: name_of(row.actor, &names),
                took_ms: row.took_ms,
                seeded: known.contains_key(&row.session),
            })
            .collect())
    }

    async fn decided(&self, caller: &Caller, days: u32) -> Result<Decided, Error> {
        caller.require(Scope::Supervise)?;
        if !(1..=MOST_DAYS).contains(&days) {
            return Err(Error::invalid(format!(
                "reviews are looked at over 1 to {MOST_DAYS} days"
            )));
        }
        let now = self.clock.now();
        let span = Span {
            from: start_of(day_of(now) - i64::from(days) + 1),
            to: now.plus(1),
        };
        let project = caller.project.id;
        let rows = self
            .store
            .decisions_of_span(project, span, MOST_DECISIONS + 1)
            .await?;
        if rows.len() as u64 > MOST_DECISIONS {
            return Err(Error::invalid(format!(
                "there are more than {MOST_DECISIONS} decisions in that time: choose a shorter one"
            )));
        }
        Ok(Decided {
            rows,
            known: self.store.seeded(project, now).await?,
            names: self.names(project).await?,
        })
    }

    async fn names(&self, project: ProjectId) -> Result<HashMap<Actor, String>, Error> {
        let officers = self.store.officers(project).await?;
        Ok(officers
            .into_iter()
            .map(|officer| (Actor::Officer(officer.id), officer.name))
            .collect())
    }
}

fn name_of(actor: Actor, names: &HashMap<Actor, String>) -> String {
    names
        .get(&actor)
        .cloned()
        .unwrap_or_else(|| actor.to_string())
}

/// Goes through decisions in order. What is not an officer's is weighed only against what officers did.
fn weigh(decided: &Decided) -> Vec<OfficerQuality> {
    let mut officers: BTreeMap<String, OfficerQuality> = BTreeMap::new();
    let mut times: HashMap<String, Vec<u64>> = HashMap::new();
    for row in decided.rows.iter().filter(|row| counts(row)) {
        let key = row.actor.to_string();
        officers.entry(key.clone()).or_default().decided += 1;
        times.entry(key).or_default().extend(row.took_ms);
    }
    let mut found = |actor: Actor, change: &dyn Fn(&mut OfficerQuality)| {
        if let Some(officer) = officers.get_mut(&actor.to_string()) {
            change(officer);
        }
    };
    for (made, second) in with_second(&decided.rows) {
        if let Some(proposed) = made.kind.proposes() {
            if let Some(second) = second.and_then(|row| KnownAnswer::given_by(row.kind)) {
                let same = Some(second) == KnownAnswer::given_by(proposed);
                found(made.actor, &|officer| officer.confirmed.count(same));
            }
        } else if made.kind.is_final() {
            let otherwise = second.is_some_and(|row| row.kind != made.kind);
            found(made.actor, &|officer| officer.overruled.count(otherwise));
        }
    }
    let mut answered = HashSet::new();
    for row in decided.rows.iter().filter(|row| counts(row)) {
        let (Some(right), Some(given)) = (
            decided.known.get(&row.session),
            KnownAnswer::given_by(row.kind),
        ) else {
            continue;
        };
        if answered.insert((row.actor, row.session)) {
            found(row.actor, &|officer| {
                officer.known += 1;
                match right {
                    KnownAnswer::Reject => officer.false_accepts.count(given != *right),
                    KnownAnswer::Approve => officer.false_rejects.count(given != *right),
                }
            });
        }
    }
    for (key, officer) in &mut officers {
        let mut taken = times.remove(key).unwrap_or_default();
        taken.sort_unstable();
        officer.median_ms = at(&taken, 0.5);
        officer.p95_ms = at(&taken, 0.95);
    }
    named(officers, &decided.names)
}

fn named(
    officers: BTreeMap<String, OfficerQuality>,
    names: &HashMap<Actor, String>,
) -> Vec<OfficerQuality> {
    let mut named: Vec<OfficerQuality> = officers
        .into_iter()
        .map(|(key, mut officer)| {
            officer.name = key
                .parse::<Actor>()
                .map_or(key, |actor| name_of(actor, names));
            officer
        })
        .collect();
    named.sort_by(|a, b| a.name.cmp(&b.name));
    named
}

/// Whether a decision is one of an officer's work.
fn counts(row: &DecisionRow) -> bool {
    row.kind != DecisionKind::Note && matches!(row.actor, Actor::Officer(_))
}

/// Each decision about an examination, with the next one about it that another one made. What came first is what the
/// second had before them: two of the same person in a row are one opinion.
fn with_second(rows: &[DecisionRow]) -> impl Iterator<Item = (&DecisionRow, Option<&DecisionRow>)> {
    let mut of_session: HashMap<SessionId, Vec<&DecisionRow>> = HashMap::new();
    for row in rows.iter().filter(|row| row.kind != DecisionKind::Note) {
        of_session.entry(row.session).or_default().push(row);
    }
    of_session.into_values().flat_map(|rows| {
        let pairs: Vec<_> = rows
            .iter()
            .enumerate()
            .map(|(index, made)| {
                let later = rows.iter().skip(index + 1).copied();
                let is_answer = |row: &&DecisionRow| {
                    row.actor != made.actor
                        && row.examination == made.examination
                        // What is settled is overruled only by what settles it otherwise.
                        && (!made.kind.is_final() || row.kind.is_final())
                };
                (*made, later.into_iter().find(is_answer))
            })
            .collect();
        pairs
    })
}

/// The value below which a share of them lies: one of their own.
fn at(sorted: &[u64], share: f64) -> Option<u64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * share).ceil() as usize).copied()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::session::ids::{ExaminationId, OfficerId};

    fn row(session: u128, officer: u128, kind: DecisionKind) -> DecisionRow {
        DecisionRow {
            session: SessionId(Uuid::from_u128(session)),
            examination: Some(ExaminationId(Uuid::from_u128(session))),
            kind,
            reasons: Vec::new(),
            actor: Actor::Officer(OfficerId(Uuid::from_u128(officer))),
            took_ms: Some(session as u64 * 1_000),
            at: Timestamp(0),
        }
    }

    fn weighed(rows: Vec<DecisionRow>, known: &[(u128, KnownAnswer)]) -> Vec<OfficerQuality> {
        weigh(&Decided {
            rows,
            known: known
                .iter()
                .map(|(id, answer)| (SessionId(Uuid::from_u128(*id)), *answer))
                .collect(),
            names: [(1, "Ada"), (2, "Ben")]
                .into_iter()
                .map(|(id, name)| {
                    let actor = Actor::Officer(OfficerId(Uuid::from_u128(id)));
                    (actor, name.to_owned())
                })
                .collect(),
        })
    }

    #[test]
    fn a_second_officer_confirms_or_contradicts_the_first() {
        use DecisionKind::{Approve, ProposeApprove, ProposeReject};
        let found = weighed(
            vec![
                row(1, 1, ProposeApprove),
                row(1, 2, Approve),
                row(2, 1, ProposeApprove),
                row(2, 2, ProposeReject),
                row(3, 1, ProposeApprove),
            ],
            &[],
        );
        assert_eq!(found[0].name, "Ada");
        assert_eq!(found[0].confirmed, Part { hits: 1, of: 2 });
        assert_eq!(found[1].confirmed, Part { hits: 0, of: 0 });
        assert_eq!(found[1].overruled, Part { hits: 0, of: 1 });
    }

    #[test]
    fn who_is_decided_against_later_is_overruled() {
        use DecisionKind::{Approve, Note, Reject};
        let mut other_examination = row(3, 2, Reject);
        other_examination.examination = None;
        let found = weighed(
            vec![
                row(1, 1, Approve),
                row(1, 2, Note),
                row(1, 2, Reject),
                row(2, 1, Approve),
                row(3, 1, Approve),
                other_examination,
            ],
            &[],
        );
        assert_eq!(found[0].overruled, Part { hits: 1, of: 3 });
        assert_eq!(found[1].overruled, Part { hits: 0, of: 2 });
        assert_eq!((found[0].decided, found[1].decided), (3, 2));
    }

    #[test]
    fn the_first_answer_to_a_known_case_counts() {
        use DecisionKind::{Approve, AskAgain, ProposeReject, Reject};
        let found = weighed(
            vec![
                row(1, 1, Approve),
                row(1, 1, Reject),
                row(2, 1, ProposeReject),
                row(3, 1, Reject),
                row(4, 1, AskAgain),
                row(5, 1, Approve),
            ],
            &[
                (1, KnownAnswer::Reject),
                (2, KnownAnswer::Approve),
                (3, KnownAnswer::Reject),
                (4, KnownAnswer::Reject),
            ],
        );
        assert_eq!(found[0].known, 3);
        assert_eq!(found[0].false_accepts, Part { hits: 1, of: 2 });
        assert_eq!(found[0].false_rejects, Part { hits: 1, of: 1 });
    }

    #[test]
    fn times_are_those_of_cases() {
        let rows = (1..=20).map(|n| row(n, 1, DecisionKind::Reject)).collect();
        let found = weighed(rows, &[]);
        assert_eq!(found[0].median_ms, Some(11_000));
        assert_eq!(found[0].p95_ms, Some(20_000));
        assert_eq!(at(&[], 0.5), None);
    }
}
