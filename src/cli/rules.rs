//! `likeness rules`: is a rule file valid, and which of a project's versions judges?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;
use crate::scoring::rules::{Check, Rules};

mod backtest;
mod shadow_report;
mod table;
mod versions;

/// Works with rule files, and with the versions of them that projects keep.
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

    #[command(flatten)]
    Versions(versions::VersionsCommand),
}

/// Runs the command.
pub fn run(args: RulesArgs, config: Config) -> Result<ExitCode, CliError> {
    match args.command {
        RulesCommand::Check { file } => check(&file),
        RulesCommand::Versions(command) => versions::run(command, config),
    }
}

fn check(file: &Path) -> Result<ExitCode, CliError> {
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
        output::line(&format!("  {}: {}", condition.name, condition.signal))?;
    }
    Ok(ExitCode::SUCCESS)
}
