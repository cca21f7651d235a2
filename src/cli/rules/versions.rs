//! `likeness rules save | list | show | activate | shadow | activations`: a project's rules by version.

use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::rules::{backtest, shadow_report};
use crate::config::Config;
use crate::operations::Operations;
use crate::operations::read_rules::{MAX_PAGE, VersionView};
use crate::operations::rule_owner::RuleOwner;
use crate::session::time::Timestamp;

#[derive(Debug, Subcommand)]
pub(super) enum VersionsCommand {
    /// Keeps a rule file as the project's next version and prints its number. Nothing is judged by it yet.
    Save {
        #[command(flatten)]
        place: Place,

        /// The rule file; it is kept to the byte.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,

        /// Why it is saved, for those who read it later.
        #[arg(long, value_name = "TEXT")]
        note: String,

        /// The person who saves it; who is new is added.
        #[arg(long = "as", value_name = "NAME")]
        officer: Option<String>,
    },

    /// Lists the project's versions as JSON lines, newest first.
    List {
        #[command(flatten)]
        place: Place,
    },

    /// Prints the rule file of a version.
    Show {
        /// The version's number, or `default` for the service's own rules.
        version: Version,

        #[command(flatten)]
        place: Place,
    },

    /// Has a version judge from now on. What is queued keeps the rules it was queued with.
    Activate {
        /// The version's number, or `default` for the service's own rules.
        version: Version,

        #[command(flatten)]
        place: Place,

        /// The person who activates it; who is new is added.
        #[arg(long = "as", value_name = "NAME")]
        officer: Option<String>,
    },

    /// Has a version judge beside the one that counts: its verdicts are kept and change nothing.
    Shadow {
        /// The version's number, or `none` to have nothing run in the shadow.
        version: ShadowVersion,

        #[command(flatten)]
        place: Place,

        /// The person who asks for it; who is new is added.
        #[arg(long = "as", value_name = "NAME")]
        officer: Option<String>,
    },

    /// Lists the latest changes of what judges as JSON lines, newest first.
    Activations {
        #[command(flatten)]
        place: Place,
    },

    /// Judges past sessions again by a version, from stored signals, and tells what would have changed.
    ///
    /// No media is touched and nothing is kept. A session counts by its newest verdict in the range,
    /// and once.
    Backtest(backtest::BacktestArgs),

    /// Tells what a version said in the shadow of the rules that counted.
    ShadowReport(shadow_report::ShadowReportArgs),
}

/// Whose rules, and where they lie.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// The project's name.
    #[arg(long, value_name = "NAME")]
    pub(super) project: String,

    /// Folder of everything that is kept.
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
}

/// A version's number; none for `default`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Version(pub(super) Option<u32>);

impl FromStr for Version {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        numbered(text, "default", "a version is a number or `default`").map(Self)
    }
}

/// A version's number, or none.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShadowVersion(Option<u32>);

impl FromStr for ShadowVersion {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        numbered(text, "none", "a version is a number or `none`").map(Self)
    }
}

fn numbered(
    text: &str,
    without: &str,
    otherwise: &'static str,
) -> Result<Option<u32>, &'static str> {
    if text == without {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| otherwise)
}

/// Runs the command.
pub(super) fn run(command: VersionsCommand, mut config: Config) -> Result<ExitCode, CliError> {
    if let Some(data) = &command.place().data {
        config.data.clone_from(data);
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let (operations, _scratch) = app::operations_with_rules(&config).await?;
        carry_out(command, &operations).await?;
        Ok(ExitCode::SUCCESS)
    })
}

impl VersionsCommand {
    fn place(&self) -> &Place {
        match self {
            Self::Save { place, .. }
            | Self::List { place }
            | Self::Show { place, .. }
            | Self::Activate { place, .. }
            | Self::Shadow { place, .. }
            | Self::Activations { place } => place,
            Self::Backtest(args) => &args.place,
            Self::ShadowReport(args) => &args.place,
        }
    }

    fn officer(&self) -> Option<&str> {
        match self {
            Self::Save { officer, .. }
            | Self::Activate { officer, .. }
            | Self::Shadow { officer, .. } => officer.as_deref(),
            Self::List { .. }
            | Self::Show { .. }
            | Self::Activations { .. }
            | Self::Backtest(_)
            | Self::ShadowReport(_) => None,
        }
    }
}

async fn carry_out(command: VersionsCommand, operations: &Operations) -> Result<(), CliError> {
    let owner = operations
        .rule_owner(&command.place().project, command.officer())
        .await?;
    match command {
        VersionsCommand::Save { file, note, .. } => {
            let text =
                std::fs::read_to_string(&file).map_err(|error| CliError::about(&file, error))?;
            let saved = operations.save_rules(&owner, text, &note).await?;
            output::json_line(&json!({ "version": saved.number, "hash": saved.hash }))
        }
        VersionsCommand::List { .. } => list(operations, &owner).await,
        VersionsCommand::Show { version, .. } => show(operations, &owner, version).await,
        VersionsCommand::Activate { version, .. } => {
            let changed = operations.activate_rules(&owner, version.0).await?;
            roles(operations, &owner, changed).await
        }
        VersionsCommand::Shadow { version, .. } => {
            let changed = operations.shadow_rules(&owner, version.0).await?;
            roles(operations, &owner, changed).await
        }
        VersionsCommand::Activations { .. } => activations(operations, &owner).await,
        VersionsCommand::Backtest(args) => backtest::run(&args, operations, &owner).await,
        VersionsCommand::ShadowReport(args) => shadow_report::run(&args, operations, &owner).await,
    }
}

async fn list(operations: &Operations, owner: &RuleOwner) -> Result<(), CliError> {
    let mut before = None;
    loop {
        let page = operations
            .rule_versions(&owner.reader(), before, MAX_PAGE)
            .await?;
        for view in &page {
            output::json_line(&as_json(view))?;
        }
        before = page.last().map(|view| view.version.number);
        if (page.len() as u64) < MAX_PAGE {
            return Ok(());
        }
    }
}

fn as_json(view: &VersionView) -> Value {
    json!({
        "version": view.version.number,
        "hash": view.version.hash,
        "note": view.version.note,
        "author": view.version.author.to_string(),
        "name": view.author,
        "created_at": rfc3339(view.version.created_at),
        "active": view.active,
        "shadow": view.shadow,
    })
}

async fn show(
    operations: &Operations,
    owner: &RuleOwner,
    version: Version,
) -> Result<(), CliError> {
    let text = match version.0 {
        Some(number) => {
            let view = operations.rule_version(&owner.reader(), number).await?;
            view.version.text
        }
        None => operations.own_rules(&owner.reader()).await?.text,
    };
    output::line(text.trim_end())
}

async fn activations(operations: &Operations, owner: &RuleOwner) -> Result<(), CliError> {
    for view in operations
        .rule_activations(&owner.reader(), MAX_PAGE)
        .await?
    {
        output::json_line(&json!({
            "role": view.activation.role.name(),
            "version": view.activation.number,
            "by": view.activation.actor.to_string(),
            "name": view.name,
            "at": rfc3339(view.activation.at),
        }))?;
    }
    Ok(())
}

async fn roles(operations: &Operations, owner: &RuleOwner, changed: bool) -> Result<(), CliError> {
    let roles = operations.rule_roles(&owner.reader()).await?;
    output::json_line(&json!({
        "active": roles.active,
        "shadow": roles.shadow,
        "changed": changed,
    }))
}

fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map(|at| format!("{at:.3}"))
        .unwrap_or_default()
}
