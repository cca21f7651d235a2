//! `likeness rules shadow-report`: what did a version say in the shadow?

use clap::Args;
use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::rules::table::{self, Moment};
use crate::cli::rules::versions::Place;
use crate::operations::Operations;
use crate::operations::read_rules::MAX_PAGE;
use crate::operations::rule_owner::RuleOwner;
use crate::operations::shadow_report::{ShadowOrder, ShadowReport};
use crate::session::time::Span;

#[derive(Debug, Args)]
pub(super) struct ShadowReportArgs {
    /// The version's number.
    version: u32,

    #[command(flatten)]
    pub(super) place: Place,

    /// Examinations that ended from then on: a day in UTC, or a moment by RFC 3339.
    #[arg(long, value_name = "DATE")]
    since: Option<Moment>,

    /// Examinations that ended before that moment, or by the end of that day.
    #[arg(long, value_name = "DATE")]
    until: Option<Moment>,

    /// Prints every session where the two differ, and why.
    #[arg(long)]
    changes: bool,

    /// Prints one JSON object without them.
    #[arg(long, conflicts_with = "changes")]
    json: bool,
}

/// Runs the command.
pub(super) async fn run(
    args: &ShadowReportArgs,
    operations: &Operations,
    owner: &RuleOwner,
) -> Result<(), CliError> {
    let mut order = ShadowOrder {
        version: args.version,
        span: Span::between(args.since.map(Moment::start), args.until.map(Moment::end)),
        before: None,
        limit: MAX_PAGE,
    };
    loop {
        let report = operations.shadow_report(owner, order).await?;
        let last = report.differences.last().map(|last| last.examination);
        let full = report.differences.len() as u64 == order.limit;
        if args.changes {
            print_differences(&report)?;
        }
        if !args.changes || !full {
            return print(args, &report);
        }
        order.before = last;
    }
}

fn print(args: &ShadowReportArgs, report: &ShadowReport) -> Result<(), CliError> {
    let table = &report.table;
    let (sessions, changed) = (table.sessions(), table.changed());
    if args.json {
        return output::json(&json!({
            "version": args.version,
            "table": table::as_json(table),
            "sessions": sessions,
            "changed": changed,
        }));
    }
    table::print(table, "counted", "shadow")?;
    output::line(&format!("{sessions} sessions, {changed} differ"))
}

fn print_differences(report: &ShadowReport) -> Result<(), CliError> {
    for difference in &report.differences {
        let shadow = &difference.shadow;
        let reasons: Vec<&str> = shadow
            .failed_conditions
            .iter()
            .chain(&shadow.failed_refer_conditions)
            .map(String::as_str)
            .collect();
        output::line(&format!(
            "{} {} -> {} {}",
            difference.session,
            difference.counting.name(),
            shadow.outcome.name(),
            reasons.join("; ")
        ))?;
    }
    Ok(())
}
