//! The binary: reads the command line and hands over.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    likeness::cli::run(likeness::cli::Cli::parse())
}
