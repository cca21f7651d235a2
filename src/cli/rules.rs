//! `likeness rules`: is a rule file valid?

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::scoring::rules::{Check, Rules};

/// Works with rule files.
#[derive(Debug, Args)]
pub struct RulesArgs {
    #[command(subcommand)]
    command: RulesCommand,
}

#[derive(Debug, Subcommand)]
enum RulesCommand {
    /// Checks a rule file and prints what it asks for, or where it is wrong and why.
    Check {
        /// The rule file.
        file: PathBuf,
    },
}

/// Runs the command.
pub fn run(args: &RulesArgs) -> Result<ExitCode, CliError> {
    let RulesCommand::Check { file } = &args.command;
    let text = app::default_rules(file)?;
    let rules = Rules::parse(&text).map_err(|source| app::AppError::Rules {
        file: file.display().to_string(),
        source,
    })?;
    let count: usize = Check::ALL
        .iter()
        .map(|check| rules.conditions(*check).len())
        .sum();
    output::line(&format!("{}: valid, {count} conditions", rules.name))?;
    for condition in Check::ALL.iter().flat_map(|check| rules.conditions(*check)) {
        output::line(&format!("  {}: {}", condition.name, condition.label))?;
    }
    Ok(ExitCode::SUCCESS)
}
