//! `likeness projects`: what an operator may set for one.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;
use crate::operations::Operations;
use crate::session::project::{ConsentPolicy, Project};

/// Shows and sets what each project may decide for itself.
#[derive(Debug, Args)]
pub struct ProjectsArgs {
    #[command(subcommand)]
    command: ProjectsCommand,

    /// Folder of everything that is kept.
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum ProjectsCommand {
    /// Lists the projects with their settings as JSON lines.
    List,

    /// Changes a project's settings; what is left out stays as it is. The project is made when it is new.
    Set(SetArgs),
}

#[derive(Debug, Args)]
struct SetArgs {
    /// The project's name.
    name: String,

    /// `result` of match-faces is true from this score on, 0–100.
    #[arg(long, value_name = "PERCENT")]
    match_threshold: Option<f64>,

    /// Answer that result as 1 or 0.
    #[arg(long, value_name = "BOOL")]
    numeric_result: Option<bool>,

    /// Frames looked at in a video, 1–64.
    #[arg(long, value_name = "N")]
    frames: Option<u8>,

    /// Who holds the applicant's consent.
    #[arg(long)]
    consent: Option<ConsentArg>,

    /// The project's own rule file.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,

    /// Back to the service's default rules.
    #[arg(long, conflicts_with = "rules")]
    default_rules: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ConsentArg {
    /// The operator holds it elsewhere, by contract.
    #[value(name = "by_contract")]
    ByContract,
    /// It must have been given to this service before anything is processed.
    Required,
}

/// Runs the command.
pub fn run(args: ProjectsArgs, mut config: Config) -> Result<ExitCode, CliError> {
    if let Some(data) = args.data {
        config.data = data;
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let (operations, _scratch) = app::operations(&config).await?;
        match args.command {
            ProjectsCommand::List => {
                for project in operations.projects().await? {
                    print(&project)?;
                }
            }
            ProjectsCommand::Set(set) => print(&change(set, &operations).await?)?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn change(set: SetArgs, operations: &Operations) -> Result<Project, CliError> {
    let mut settings = operations.ensure_project(&set.name).await?.settings;
    if let Some(threshold) = set.match_threshold {
        settings.match_threshold = threshold;
    }
    if let Some(numeric) = set.numeric_result {
        settings.numeric_result = numeric;
    }
    if let Some(frames) = set.frames {
        settings.frames = frames;
    }
    match set.consent {
        Some(ConsentArg::ByContract) => settings.consent = ConsentPolicy::ByContract,
        Some(ConsentArg::Required) => settings.consent = ConsentPolicy::Required,
        None => {}
    }
    if let Some(file) = &set.rules {
        settings.rules = Some(app::default_rules(file)?);
    }
    if set.default_rules {
        settings.rules = None;
    }
    operations.set_project(&set.name, settings).await?;
    Ok(operations.find_project(&set.name).await?)
}

fn print(project: &Project) -> Result<(), CliError> {
    output::json_line(&json!({
        "id": project.id.to_string(),
        "name": project.name,
        "match_threshold": project.settings.match_threshold,
        "numeric_result": project.settings.numeric_result,
        "frames": project.settings.frames,
        "consent": project.settings.consent,
        "own_rules": project.settings.rules.is_some(),
    }))
}
