//! Trains the networks of the project's own, and measures what the service's bounds rest on.
//!
//! None of it is part of the service: it runs where labelled pictures lie, and leaves weights and a
//! report behind.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod canvas;
mod error;
mod faces;
mod interval;
mod machine;
mod mask;
mod observations;
mod ops;

/// Trains what is built into the service, and measures what its bounds rest on.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Mask(mask::MaskArgs),
    Observations(observations::ObservationsArgs),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Mask(args) => mask::run(&args),
        Command::Observations(args) => observations::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// A line of progress, for whoever waits.
fn say(line: &str) {
    // Nobody who cannot be told needs to be told that.
    let _ = writeln!(std::io::stderr(), "{line}");
}
