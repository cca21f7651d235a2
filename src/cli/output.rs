//! Results on stdout, everything else on stderr.

use std::io::{self, Write as _};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::cli::error::CliError;

/// Writes a line to stdout.
pub fn line(text: &str) -> Result<(), CliError> {
    ignore_closed_pipe(writeln!(io::stdout().lock(), "{text}"))
}

/// Writes a value to stdout as indented JSON.
pub fn json(value: &impl Serialize) -> Result<(), CliError> {
    line(&serde_json::to_string_pretty(value)?)
}

/// Writes a value to stdout as one line of JSON.
pub fn json_line(value: &impl Serialize) -> Result<(), CliError> {
    line(&serde_json::to_string(value)?)
}

/// Writes a remark to stderr.
pub fn remark(text: &str) {
    // There is nobody left to tell when stderr is closed.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes why the command failed to stderr, on one line.
pub fn complain(error: &CliError) {
    remark(&format!("error: {error}"));
}

/// A bar on stderr, silent when stderr is no terminal.
pub fn bar(steps: u64, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(steps).with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    bar
}

/// A count on stderr of what has no known end, silent when stderr is no terminal.
pub fn counter(what: &str) -> ProgressBar {
    let bar = ProgressBar::no_length().with_message(what.to_owned());
    if let Ok(style) = ProgressStyle::with_template("{msg} {pos} {elapsed}") {
        bar.set_style(style);
    }
    bar
}

/// A reader that has seen enough is no failure.
fn ignore_closed_pipe(written: io::Result<()>) -> Result<(), CliError> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}
