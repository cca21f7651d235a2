//! A table of verdicts for a terminal and for programs, and the days that a command names.

use std::str::FromStr;

use serde_json::{Value, json};

use crate::cli::error::CliError;
use crate::cli::output;
use crate::session::time::Timestamp;
use crate::session::verdict_table::VerdictTable;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A moment by RFC 3339, or a whole day in UTC.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    start: Timestamp,
    end: Timestamp,
}

impl Moment {
    /// What lies from it on starts here.
    pub(super) fn start(self) -> Timestamp {
        self.start
    }

    /// What lies up to it ends before this: a day belongs to it whole.
    pub(super) fn end(self) -> Timestamp {
        self.end
    }
}

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            let start = Timestamp(moment.as_millisecond());
            return Ok(Self { start, end: start });
        }
        let day: jiff::civil::Date = text
            .parse()
            .map_err(|_| "a day such as 2026-11-01, or a moment such as 2026-11-01T08:00:00Z")?;
        let start = day
            .to_zoned(jiff::tz::TimeZone::UTC)
            .map_err(|_| "there is no such day")?;
        let start = Timestamp(start.timestamp().as_millisecond());
        Ok(Self {
            start,
            end: start.plus(DAY_MS),
        })
    }
}

/// The table as text: a row a verdict that counted, a column a verdict by the other rules.
pub(super) fn print(table: &VerdictTable, counted: &str, other: &str) -> Result<(), CliError> {
    let row = |heading: &str, cells: [String; 3]| {
        let [pass, refer, fail] = cells;
        output::line(&format!("{heading:>20}{pass:>10}{refer:>10}{fail:>10}"))
    };
    let names = VerdictTable::OUTCOMES.map(|after| after.name().to_owned());
    row(&format!("{counted} \\ {other}"), names)?;
    for before in VerdictTable::OUTCOMES {
        let counts = VerdictTable::OUTCOMES.map(|after| table.count(before, after).to_string());
        row(before.name(), counts)?;
    }
    Ok(())
}

/// The table for programs: before, then after.
pub(super) fn as_json(table: &VerdictTable) -> Value {
    let rows = VerdictTable::OUTCOMES.map(|before| {
        let counts = VerdictTable::OUTCOMES
            .map(|after| (after.name().to_owned(), json!(table.count(before, after))));
        (
            before.name().to_owned(),
            Value::Object(counts.into_iter().collect()),
        )
    });
    Value::Object(rows.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::verdict::Outcome;

    #[test]
    fn a_day_is_whole_and_a_moment_is_one() {
        let day: Moment = "1970-01-02".parse().unwrap();
        assert_eq!((day.start().0, day.end().0), (DAY_MS, 2 * DAY_MS));
        let moment: Moment = "1970-01-01T00:00:01Z".parse().unwrap();
        assert_eq!((moment.start().0, moment.end().0), (1000, 1000));
        for bad in ["", "yesterday", "2026-13-01"] {
            assert!(bad.parse::<Moment>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_outer_name_is_the_verdict_before() {
        let mut table = VerdictTable::default();
        table.add(Outcome::Pass, Outcome::Fail, 7);
        let json = as_json(&table);
        assert_eq!(json["pass"]["fail"], 7);
        assert_eq!(json["fail"]["pass"], 0);
    }
}
