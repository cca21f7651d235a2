//! `likeness rules`: is a rule file valid, what may one name, and which of a project's versions judges?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;
use crate::scoring::handbook;
use crate::scoring::rules::{Check, Rules};
use crate::scoring::schema::{self, SCHEMA};

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
    /// Checks a rule file and prints what it asks for, or everything that is wrong with it and where.
    Check {
        /// The rule file.
        file: PathBuf,
    },
    /// Prints the JSON Schema of rule files.
    Schema,
    /// Prints every signal, function and reason that a rule file may name, as JSON.
    Vocabulary,
    /// Prints the documentation of rule files.
    Docs,

    #[command(flatten)]
    Versions(versions::VersionsCommand),
}

/// Runs the command.
pub fn run(args: RulesArgs, config: Config) -> Result<ExitCode, CliError> {
    match args.command {
        RulesCommand::Check { file } => check(&file)?,
        RulesCommand::Schema => output::json(&*SCHEMA)?,
        RulesCommand::Vocabulary => output::json(&schema::vocabulary())?,
        RulesCommand::Docs => output::line(handbook::page().trim_end())?,
        RulesCommand::Versions(command) => return versions::run(command, config),
    }
    Ok(ExitCode::SUCCESS)
}

fn check(file: &Path) -> Result<(), CliError> {
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
    Ok(())
}
