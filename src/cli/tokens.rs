//! `likeness tokens`: who may call.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;
use crate::operations::Operations;
use crate::operations::manage_tokens::NewToken;
use crate::session::actor::Actor;
use crate::session::project::Scope;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Makes, lists and revokes the access tokens of a project.
///
/// To rotate a token make a second one, move the callers over, and revoke the first: both work
/// meanwhile. A token's secret is printed once; only its hash is kept.
#[derive(Debug, Args)]
pub struct TokensArgs {
    #[command(subcommand)]
    command: TokensCommand,
}

#[derive(Debug, Subcommand)]
enum TokensCommand {
    /// Makes a token and prints it alone on stdout. A project that is new is made too.
    Create {
        /// The project's name.
        #[arg(long, value_name = "NAME")]
        project: String,

        /// What the token may do.
        #[arg(long, value_name = "SCOPE", value_delimiter = ',', default_values = ["submit", "read", "enrol"])]
        scopes: Vec<ScopeArg>,

        /// The person it is for; needed for `rules` and `decide`. Who is new is added.
        #[arg(long, value_name = "NAME")]
        officer: Option<String>,

        /// A word to know it by in the list.
        #[arg(long, default_value = "")]
        label: String,

        /// Days until it expires; never without it.
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36500))]
        expires_days: Option<u32>,

        /// Folder of everything that is kept.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },

    /// Lists a project's tokens as JSON lines, without their secrets.
    List {
        /// The project's name.
        #[arg(long, value_name = "NAME")]
        project: String,

        /// Folder of everything that is kept.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },

    /// Closes a token at once.
    Revoke {
        /// The token's id from the list, `tok_…`.
        id: String,

        /// Folder of everything that is kept.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ScopeArg {
    /// Post evidence and ask for examinations.
    Submit,
    /// Read sessions, timelines, pictures and videos.
    Read,
    /// Make galleries, enrol people and delete them.
    Enrol,
    /// Save, backtest and activate the project's rules.
    Rules,
    /// Decide about sessions, and hold them.
    Decide,
    /// Erase sessions.
    Erase,
    /// Make and remove webhooks.
    Manage,
}

/// Runs the command.
pub fn run(args: TokensArgs, mut config: Config) -> Result<ExitCode, CliError> {
    let (TokensCommand::Create { data, .. }
    | TokensCommand::List { data, .. }
    | TokensCommand::Revoke { data, .. }) = &args.command;
    if let Some(data) = data {
        config.data.clone_from(data);
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let (operations, _scratch) = app::operations(&config).await?;
        carry_out(args.command, &operations).await?;
        Ok(ExitCode::SUCCESS)
    })
}

async fn carry_out(command: TokensCommand, operations: &Operations) -> Result<(), CliError> {
    match command {
        TokensCommand::Create {
            project,
            scopes,
            officer,
            label,
            expires_days,
            ..
        } => {
            let officer = match officer {
                Some(name) => {
                    let project = operations.ensure_project(&project).await?;
                    let officer = operations
                        .ensure_officer(project.id, &name, Actor::Operator)
                        .await?;
                    Some(officer.id)
                }
                None => None,
            };
            let secret = operations
                .create_token(NewToken {
                    project,
                    scopes: scopes.into_iter().map(scope).collect(),
                    label,
                    parent: None,
                    officer,
                    by: Actor::Operator,
                    lifetime_ms: expires_days.map(|days| i64::from(days) * DAY_MS),
                })
                .await?;
            output::line(secret.reveal())
        }
        TokensCommand::List { project, .. } => {
            for token in operations.list_tokens(&project).await? {
                output::json_line(&json!({
                    "id": token.id.to_string(),
                    "label": token.label,
                    "scopes": token.scopes,
                    "officer": token.officer.map(|officer| officer.to_string()),
                    "created_at_ms": token.created_at,
                    "expires_at_ms": token.expires_at,
                    "revoked_at_ms": token.revoked_at,
                }))?;
            }
            Ok(())
        }
        TokensCommand::Revoke { id, .. } => {
            let id = id
                .parse()
                .map_err(|_| CliError::new(format!("`{id}` is no token's id")))?;
            Ok(operations.revoke_token(id, Actor::Operator).await?)
        }
    }
}

fn scope(scope: ScopeArg) -> Scope {
    match scope {
        ScopeArg::Submit => Scope::Submit,
        ScopeArg::Read => Scope::Read,
        ScopeArg::Enrol => Scope::Enrol,
        ScopeArg::Rules => Scope::Rules,
        ScopeArg::Decide => Scope::Decide,
        ScopeArg::Erase => Scope::Erase,
        ScopeArg::Manage => Scope::Manage,
    }
}
