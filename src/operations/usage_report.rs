//! Tells what a project has used against what it may use, and how many calls it made on which day.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::call::{DayOfCalls, Quotas, Usage};
use crate::session::project::Scope;
use crate::session::time::{Span, Timestamp};

/// The days that are told of, today among them.
pub const DAYS: i64 = 30;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What was used, and when.
#[derive(Clone, Debug)]
pub struct UsageReport {
    pub used: Usage,
    pub quotas: Quotas,
    /// The first day, at midnight UTC.
    pub first_day: Timestamp,
    /// Calls by day and dialect; days without a call are not there.
    pub calls: Vec<DayOfCalls>,
}

impl Operations {
    /// What the caller's project has used, with its calls of the last days.
    pub async fn usage_report(&self, caller: &Caller) -> Result<UsageReport, Error> {
        caller.require(Scope::Manage)?;
        let project = caller.project.id;
        let today = self.clock.now().0.div_euclid(DAY_MS) * DAY_MS;
        let first_day = Timestamp(today).plus(-(DAYS - 1) * DAY_MS);
        let span = Span::between(Some(first_day), Some(Timestamp(today).plus(DAY_MS)));
        Ok(UsageReport {
            used: self.store.usage(project).await?,
            quotas: caller.project.settings.quotas,
            first_day,
            calls: self.store.calls_by_day(project, span).await?,
        })
    }
}
