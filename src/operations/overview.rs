//! What a project's sessions came to over some days, how that has changed, and how long examinations take.

use std::collections::BTreeMap;

use futures_util::future::try_join4;

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::scoring::reasons::ReasonCode;
use crate::scoring::verdict::Outcome;
use crate::session::estimate::{Difference, Estimate, difference, median, share};
use crate::session::histogram::{Histogram, day_of, start_of};
use crate::session::project::Scope;
use crate::session::time::{Span, Timestamp};
use crate::store::error::StoreError;
use crate::store::statistics::{Days, Measure, ResultCell, WaitCell};

/// The longest time that is looked at.
pub const MOST_DAYS: u32 = 366;

/// What is compared with the days before it: as many of them as a month has.
pub const MONTH_DAYS: i64 = 30;

/// Bins of the charts, each five per cent wide.
pub const CHART_BINS: usize = 20;

/// Codes that are listed.
const MOST_REASONS: u64 = 12;

/// What the days came to.
#[derive(Clone, Debug)]
pub struct Overview {
    /// One for each day, the oldest first, whether or not anything happened.
    pub days: Vec<Day>,
    pub score: Distribution,
    pub liveness: Distribution,
    /// The most frequent first, with how many sessions bear each.
    pub reasons: Vec<(ReasonCode, u64)>,
    pub drift: Vec<Drift>,
    /// Days after which the project's sessions are erased, where those looked at go further back: they are not whole.
    pub erased_after: Option<u32>,
}

/// One day, UTC.
#[derive(Clone, Debug)]
pub struct Day {
    pub start: Timestamp,
    pub counts: Counts,
    /// In milliseconds, of the examinations that ended on that day; none where none did.
    pub median_wait: Option<f64>,
    pub p95_wait: Option<f64>,
    pub examined: u64,
}

/// Sessions by what their newest result says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub pass: u64,
    pub refer: u64,
    pub fail: u64,
    /// The newest examination ended without a verdict.
    pub none: u64,
}

impl Counts {
    /// Sessions that have a verdict.
    pub fn judged(&self) -> u64 {
        self.pass + self.refer + self.fail
    }

    pub fn all(&self) -> u64 {
        self.judged() + self.none
    }

    /// How many have that verdict.
    pub fn of(&self, outcome: Outcome) -> u64 {
        match outcome {
            Outcome::Pass => self.pass,
            Outcome::Refer => self.refer,
            Outcome::Fail => self.fail,
        }
    }

    fn add(&mut self, outcome: Option<Outcome>, more: u64) {
        match outcome {
            Some(Outcome::Pass) => self.pass += more,
            Some(Outcome::Refer) => self.refer += more,
            Some(Outcome::Fail) => self.fail += more,
            None => self.none += more,
        }
    }
}

/// How a number is spread, by verdict.
#[derive(Clone, Debug, Default)]
pub struct Distribution {
    /// Of the verdicts in the order of [`Outcome::ALL`].
    by_outcome: [Histogram; 3],
}

impl Distribution {
    /// Sessions whose number lies in one of the [`CHART_BINS`], with a verdict. The last bin includes its end.
    pub fn count(&self, bin: usize, outcome: Outcome) -> u64 {
        let wide = 100 / CHART_BINS;
        let to = if bin + 1 == CHART_BINS {
            101
        } else {
            (bin + 1) * wide
        };
        let of = Outcome::ALL.iter().position(|it| *it == outcome);
        of.and_then(|index| self.by_outcome.get(index))
            .map_or(0, |histogram| histogram.between(bin * wide, to))
    }

    pub fn total(&self) -> u64 {
        self.by_outcome.iter().map(Histogram::total).sum()
    }

    fn add(&mut self, cell: &ResultCell) {
        let of = Outcome::ALL.iter().position(|it| Some(*it) == cell.outcome);
        if let (Some(of), Some(bin)) = (of, cell.bin)
            && let Some(histogram) = self.by_outcome.get_mut(of)
        {
            histogram.add(bin, cell.count);
        }
    }

    fn whole(&self) -> Histogram {
        let mut whole = Histogram::new();
        for histogram in &self.by_outcome {
            whole.add_all(histogram);
        }
        whole
    }
}

/// A figure of the last month beside that of the month before.
#[derive(Clone, Copy, Debug)]
pub struct Drift {
    pub name: &'static str,
    /// None where the sample carries none.
    pub now: Option<Estimate>,
    pub before: Option<Estimate>,
}

impl Drift {
    pub fn difference(&self) -> Option<Difference> {
        Some(difference(self.now.as_ref()?, self.before.as_ref()?))
    }
}

impl Operations {
    /// What the last so many days came to, the present one included.
    ///
    /// Sessions count by the day of their newest result; those that were erased do not count, their examinations do.
    pub async fn overview(&self, caller: &Caller, days: u32) -> Result<Overview, Error> {
        caller.require_either(Scope::Read, Scope::Decide)?;
        if !(1..=MOST_DAYS).contains(&days) {
            return Err(Error::invalid(format!(
                "an overview is of 1 to {MOST_DAYS} days"
            )));
        }
        let today = day_of(self.clock.now());
        let shown = Days {
            first: today - i64::from(days) + 1,
            last: today,
        };
        let read = Days {
            first: shown.first.min(today - 2 * MONTH_DAYS + 1),
            last: today,
        };
        let project = caller.project.id;
        let span = Span {
            from: start_of(shown.first),
            to: start_of(shown.last + 1),
        };
        let counted = try_join4(
            self.store.results_by_day(project, read, Measure::Score),
            self.store.results_by_day(project, read, Measure::Liveness),
            self.store.waits_by_day(project, shown),
            self.store
                .most_frequent_reasons(project, span, MOST_REASONS),
        );
        let (scores, liveness, waits, reasons) = counted.await.map_err(refuse_store)?;
        Ok(Overview {
            days: by_day(shown, &scores, &waits),
            score: distribution(&scores, shown),
            liveness: distribution(&liveness, shown),
            reasons,
            drift: drift(today, &scores, &liveness),
            erased_after: caller
                .project
                .settings
                .retention_days
                .filter(|kept| i64::from(*kept) < today - read.first + 1),
        })
    }
}

fn refuse_store(error: StoreError) -> Error {
    error.into()
}

fn by_day(days: Days, results: &[ResultCell], waits: &[WaitCell]) -> Vec<Day> {
    let mut counts: BTreeMap<i64, (Counts, Histogram)> = (days.first..=days.last)
        .map(|day| (day, Default::default()))
        .collect();
    for cell in results {
        if let Some((counts, _)) = counts.get_mut(&cell.day) {
            counts.add(cell.outcome, cell.count);
        }
    }
    for cell in waits {
        if let Some((_, waits)) = counts.get_mut(&cell.day) {
            waits.add(cell.bin, cell.count);
        }
    }
    counts
        .into_iter()
        .map(|(day, (counts, waits))| Day {
            start: start_of(day),
            counts,
            median_wait: waits.wait_at(0.5),
            p95_wait: waits.wait_at(0.95),
            examined: waits.total(),
        })
        .collect()
}

fn within(cells: &[ResultCell], days: Days) -> impl Iterator<Item = &ResultCell> {
    cells
        .iter()
        .filter(move |cell| (days.first..=days.last).contains(&cell.day))
}

fn distribution(cells: &[ResultCell], days: Days) -> Distribution {
    let mut distribution = Distribution::default();
    for cell in within(cells, days) {
        distribution.add(cell);
    }
    distribution
}

fn counts(cells: &[ResultCell], days: Days) -> Counts {
    let mut counts = Counts::default();
    for cell in within(cells, days) {
        counts.add(cell.outcome, cell.count);
    }
    counts
}

/// The last month and the one before, by their figures.
fn drift(today: i64, scores: &[ResultCell], liveness: &[ResultCell]) -> Vec<Drift> {
    let month = |ends: i64| Days {
        first: ends - MONTH_DAYS + 1,
        last: ends,
    };
    let months = [month(today), month(today - MONTH_DAYS)];
    let rate = |name, outcome| {
        let [now, before] = months.map(|month| {
            let counts = counts(scores, month);
            share(counts.of(outcome), counts.judged())
        });
        Drift { name, now, before }
    };
    let middle = |name, cells: &[ResultCell]| {
        let [now, before] = months.map(|month| median(&distribution(cells, month).whole()));
        Drift { name, now, before }
    };
    vec![
        rate("Referred", Outcome::Refer),
        rate("Failed", Outcome::Fail),
        middle("Median match", scores),
        middle("Median liveness", liveness),
    ]
}
