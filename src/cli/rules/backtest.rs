//! `likeness rules backtest`: what would have changed by other rules?

use clap::Args;
use serde_json::{Value, json};

use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::rules::table::{self, Moment};
use crate::cli::rules::versions::{Place, Version};
use crate::operations::Operations;
use crate::operations::backtest::{
    BacktestEvent, BacktestOrder, BacktestRange, BacktestResult, Change,
};
use crate::operations::rule_owner::RuleOwner;
use crate::session::time::Span;

#[derive(Debug, Args)]
pub(super) struct BacktestArgs {
    /// The version's number, or `default` for the service's own rules.
    version: Version,

    #[command(flatten)]
    pub(super) place: Place,

    /// The newest sessions, as many as that.
    #[arg(long, value_name = "N", default_value_t = 1000, conflicts_with_all = ["from", "to"])]
    last: u64,

    /// Sessions whose examination ended from then on: a day in UTC, or a moment by RFC 3339.
    #[arg(long, value_name = "DATE")]
    from: Option<Moment>,

    /// Sessions whose examination ended before that moment, or by the end of that day.
    #[arg(long, value_name = "DATE")]
    to: Option<Moment>,

    /// Prints every session that would change, and why.
    #[arg(long)]
    changes: bool,

    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

impl BacktestArgs {
    fn order(&self) -> BacktestOrder {
        let range = if self.from.is_none() && self.to.is_none() {
            BacktestRange::Last(self.last)
        } else {
            let (from, to) = (self.from.map(Moment::start), self.to.map(Moment::end));
            BacktestRange::Between(Span::between(from, to))
        };
        BacktestOrder {
            version: self.version.0,
            range,
        }
    }
}

/// Runs the command.
pub(super) async fn run(
    args: &BacktestArgs,
    operations: &Operations,
    owner: &RuleOwner,
) -> Result<(), CliError> {
    let mut backtest = operations.backtest(owner, args.order()).await?;
    let bar = output::bar(0, "judging again");
    let mut changes = Vec::new();
    while let Some(events) = backtest.next().await? {
        for event in events {
            match event {
                BacktestEvent::Change(change) if args.changes && args.json => {
                    changes.push(as_json(&change));
                }
                BacktestEvent::Change(change) if args.changes => print_change(&change)?,
                BacktestEvent::Change(_) => {}
                BacktestEvent::Progress { done, at_most } => {
                    bar.set_length(at_most);
                    bar.set_position(done);
                }
                BacktestEvent::Finished(result) => {
                    bar.finish_and_clear();
                    print(args, &result, std::mem::take(&mut changes))?;
                }
            }
        }
    }
    Ok(())
}

fn print(
    args: &BacktestArgs,
    result: &BacktestResult,
    changes: Vec<Value>,
) -> Result<(), CliError> {
    let (table, skipped) = (&result.table, result.skipped);
    let (sessions, changed) = (table.sessions(), table.changed());
    if args.json {
        let mut object = json!({
            "table": table::as_json(table),
            "sessions": sessions,
            "changed": changed,
            "skipped": skipped,
            "took_ms": result.took_ms,
        });
        if args.changes {
            object["changes"] = Value::Array(changes);
        }
        return output::json(&object);
    }
    table::print(table, "was", "would be")?;
    let seconds = result.took_ms as f64 / 1000.0;
    output::line(&format!(
        "{sessions} sessions, {changed} would change, {skipped} without signals left out; {seconds:.1} s"
    ))
}

fn as_json(change: &Change) -> Value {
    json!({
        "session": change.session.to_string(),
        "examination": change.examination.to_string(),
        "before": change.before,
        "after": change.after,
    })
}

fn print_change(change: &Change) -> Result<(), CliError> {
    let after = &change.after;
    let reasons: Vec<&str> = after
        .failed_conditions
        .iter()
        .chain(&after.failed_refer_conditions)
        .map(String::as_str)
        .collect();
    output::line(&format!(
        "{} {} -> {} {}",
        change.session,
        change.before.name(),
        after.outcome.name(),
        reasons.join("; ")
    ))
}
