//! Judges the past again by other rules, from stored signals alone: what would have changed?

use std::collections::HashSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::operations::Operations;
use crate::operations::background::in_background;
use crate::operations::clock::Clock;
use crate::operations::error::Error;
use crate::operations::manage_rules::refuse_unreadable;
use crate::operations::rule_owner::RuleOwner;
use crate::scoring::rules::Rules;
use crate::scoring::signals::Signals;
use crate::scoring::verdict::{Outcome, Verdict, judge};
use crate::session::ids::{ExaminationId, ProjectId, SessionId};
use crate::session::time::{Span, Timestamp};
use crate::session::verdict_table::VerdictTable;
use crate::store::Store;
use crate::store::backtest::{JudgedRow, KeptSignals, Place};

/// The most sessions of one backtest. Each is remembered by its identifier, so that it counts once.
pub const MAX_SESSIONS: u64 = 1_000_000;

/// Rows that are read at once: the next page is read while this one is judged.
const PAGE: u64 = 4_000;

/// Rows that a core takes at once, so that sharing them out costs little.
const SHARE: usize = 128;

/// Which sessions are judged again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BacktestRange {
    /// The newest of them, as many as that.
    Last(u64),
    /// Those whose examination ended in that time.
    Between(Span),
}

/// What is tried on what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BacktestOrder {
    /// None: the service's own rules.
    pub version: Option<u32>,
    pub range: BacktestRange,
}

/// A session whose verdict would be another.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub session: SessionId,
    pub examination: ExaminationId,
    pub before: Outcome,
    pub after: Verdict,
}

/// How a backtest ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BacktestResult {
    pub table: VerdictTable,
    /// Sessions whose signals are gone; they stand in no other count.
    pub skipped: u64,
    pub took_ms: u64,
}

/// What a backtest tells of itself while it runs.
#[derive(Clone, Debug, PartialEq)]
pub enum BacktestEvent {
    Change(Box<Change>),
    /// Sessions that were judged again, of no more than that many.
    Progress {
        done: u64,
        at_most: u64,
    },
    /// The last event.
    Finished(BacktestResult),
}

/// A backtest that runs while it is asked to go on, and ends when it is dropped.
pub struct Backtest {
    store: Store,
    clock: Arc<dyn Clock>,
    project: ProjectId,
    rules: Arc<Rules>,
    span: Span,
    started_at: Timestamp,
    /// Sessions that may still be judged.
    left: u64,
    at_most: u64,
    seen: HashSet<SessionId>,
    table: VerdictTable,
    skipped: u64,
    position: Position,
}

enum Position {
    /// A page that lies ready, and where the one after it starts.
    At {
        ahead: Vec<JudgedRow>,
        next: Option<Place>,
    },
    Finished,
}

impl std::fmt::Debug for Backtest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Backtest({}, …)", self.project)
    }
}

impl Operations {
    /// Makes a backtest ready: a session counts by its newest verdict in the range, and once.
    pub async fn backtest(
        &self,
        owner: &RuleOwner,
        order: BacktestOrder,
    ) -> Result<Backtest, Error> {
        let project = owner.project.id;
        let rules = match order.version {
            Some(number) => refuse_unreadable(&self.version(project, number).await?)?,
            None => Rules::parse(&self.settings.default_rules).map_err(Error::internal)?,
        };
        let now = self.clock.now();
        let (span, left) = match order.range {
            BacktestRange::Last(sessions) => (last(sessions, now)?, sessions),
            BacktestRange::Between(span) => (sensible(span)?, MAX_SESSIONS),
        };
        let ended = self.store.ended(project, span).await?;
        if matches!(order.range, BacktestRange::Between(_)) && ended > MAX_SESSIONS {
            return Err(Error::invalid(format!(
                "{ended} examinations ended in that time; a backtest takes {MAX_SESSIONS} at most"
            )));
        }
        let ahead = self.store.judged(project, span, None, PAGE).await?;
        Ok(Backtest {
            store: self.store.clone(),
            clock: self.clock.clone(),
            project,
            rules: Arc::new(rules),
            span,
            started_at: now,
            left,
            at_most: left.min(ended),
            seen: HashSet::new(),
            table: VerdictTable::default(),
            skipped: 0,
            position: Position::At {
                next: following(&ahead),
                ahead,
            },
        })
    }
}

impl Backtest {
    /// What came of the next sessions; nothing after the result was told.
    pub async fn next(&mut self) -> Result<Option<Vec<BacktestEvent>>, Error> {
        let Position::At { ahead, next } =
            std::mem::replace(&mut self.position, Position::Finished)
        else {
            return Ok(None);
        };
        let rows = self.choose(ahead);
        let rules = self.rules.clone();
        let judging = in_background(move || judge_again(&rules, &rows));
        let wanted = next.filter(|_| self.left > 0);
        let reading = async {
            match wanted {
                Some(_) => {
                    self.store
                        .judged(self.project, self.span, wanted, PAGE)
                        .await
                }
                None => Ok(Vec::new()),
            }
        };
        let (judged, ahead) = tokio::join!(judging, reading);
        let mut events = self.count(judged.map_err(Error::internal)??);
        events.push(BacktestEvent::Progress {
            done: self.table.sessions(),
            at_most: self.at_most,
        });
        match wanted {
            Some(_) => {
                let ahead = ahead?;
                self.position = Position::At {
                    next: following(&ahead),
                    ahead,
                };
            }
            None => events.push(BacktestEvent::Finished(self.result())),
        }
        Ok(Some(events))
    }

    /// The rows that count: a session's newest one, where it still has its signals.
    fn choose(&mut self, rows: Vec<JudgedRow>) -> Vec<Chosen> {
        let mut chosen = Vec::with_capacity(rows.len());
        for row in rows {
            if self.left == 0 {
                break;
            }
            if !self.seen.insert(row.session) {
                continue;
            }
            let Some(kept) = row.kept else {
                self.skipped += 1;
                continue;
            };
            self.left -= 1;
            chosen.push(Chosen {
                session: row.session,
                examination: row.examination,
                kept,
            });
        }
        chosen
    }

    fn count(&mut self, judged: Vec<Judged>) -> Vec<BacktestEvent> {
        let mut changes = Vec::new();
        for one in judged {
            self.table.add(one.before, one.after, 1);
            if let Some(change) = one.change {
                changes.push(BacktestEvent::Change(change));
            }
        }
        changes
    }

    fn result(&self) -> BacktestResult {
        let took = self.clock.now().0.saturating_sub(self.started_at.0);
        BacktestResult {
            table: self.table,
            skipped: self.skipped,
            took_ms: u64::try_from(took).unwrap_or(0),
        }
    }
}

/// What is to be judged again.
struct Chosen {
    session: SessionId,
    examination: ExaminationId,
    kept: KeptSignals,
}

/// What came of it.
struct Judged {
    before: Outcome,
    after: Outcome,
    change: Option<Box<Change>>,
}

fn judge_again(rules: &Rules, chosen: &[Chosen]) -> Result<Vec<Judged>, Error> {
    chosen
        .par_iter()
        .with_min_len(SHARE)
        .map(|one| {
            let Chosen {
                session,
                examination,
                kept,
            } = one;
            let signals: Signals = serde_json::from_str(&kept.json).map_err(|_| {
                Error::Internal(format!("the signals of {examination} are unreadable").into())
            })?;
            let verdict = judge(rules, &signals, kept.scope.checks());
            let (before, after) = (kept.outcome, verdict.outcome);
            let change = (before != after).then(|| {
                Box::new(Change {
                    session: *session,
                    examination: *examination,
                    before,
                    after: verdict,
                })
            });
            Ok(Judged {
                before,
                after,
                change,
            })
        })
        .collect()
}

/// Where the next page starts; none after one that was not full.
fn following(page: &[JudgedRow]) -> Option<Place> {
    let full = page.len() as u64 == PAGE;
    page.last().filter(|_| full).map(Place::from)
}

fn last(sessions: u64, now: Timestamp) -> Result<Span, Error> {
    if !(1..=MAX_SESSIONS).contains(&sessions) {
        return Err(Error::invalid(format!(
            "a backtest takes the last 1 to {MAX_SESSIONS} sessions"
        )));
    }
    Ok(Span::between(None, Some(now.plus(1))))
}

fn sensible(span: Span) -> Result<Span, Error> {
    if span.from >= span.to {
        return Err(Error::invalid("the time to look at ends before it starts"));
    }
    Ok(span)
}
