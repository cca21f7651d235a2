//! `likeness officers`: who may sign in to the console.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;
use crate::operations::Operations;
use crate::operations::manage_tokens::Secret;
use crate::session::account::Role;
use crate::session::actor::Actor;

/// Makes, lists, resets and removes the people who sign in to the console.
///
/// Who is new gets a link that works once, for a day: behind it they set their password and add the
/// console to the app on their phone that makes codes. Nobody else learns either.
#[derive(Debug, Args)]
pub struct OfficersArgs {
    #[command(subcommand)]
    command: OfficersCommand,
}

#[derive(Debug, Subcommand)]
enum OfficersCommand {
    /// Gives somebody a role in a project and prints the link for who has no password yet.
    Create {
        /// What they will type to sign in.
        name: String,

        /// The project's name; one that is new is made too.
        #[arg(long, value_name = "NAME")]
        project: String,

        /// What they may do.
        #[arg(long, value_name = "ROLE", default_value = "officer")]
        role: RoleArg,

        /// Where people reach the console.
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
        url: String,

        /// Folder of everything that is kept.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },

    /// Lists a project's people as JSON lines.
    List {
        /// The project's name.
        #[arg(long, value_name = "NAME")]
        project: String,

        /// Folder of everything that is kept.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },

    /// Takes somebody's password and device away and prints a new link.
    Reset {
        /// The name that they sign in with.
        name: String,

        /// Where people reach the console.
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
        url: String,

        /// Folder of everything that is kept.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },

    /// Takes somebody out of a project; what they did stays on record.
    Remove {
        /// The name that they sign in with.
        name: String,

        /// The project's name.
        #[arg(long, value_name = "NAME")]
        project: String,

        /// Folder of everything that is kept.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleArg {
    /// Reviews sessions and decides about them.
    Officer,
    /// Owns the rules too, and sees how well reviews are done.
    Lead,
    /// Owns the project: its settings, its tokens, its officers.
    Admin,
}

/// Runs the command.
pub fn run(args: OfficersArgs, mut config: Config) -> Result<ExitCode, CliError> {
    let (OfficersCommand::Create { data, .. }
    | OfficersCommand::List { data, .. }
    | OfficersCommand::Reset { data, .. }
    | OfficersCommand::Remove { data, .. }) = &args.command;
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

async fn carry_out(command: OfficersCommand, operations: &Operations) -> Result<(), CliError> {
    match command {
        OfficersCommand::Create {
            name,
            project,
            role,
            url,
            ..
        } => {
            let project = operations.ensure_project(&project).await?;
            let link = operations
                .add_member(project.id, &name, as_role(role), Actor::Operator)
                .await?;
            match link {
                Some(secret) => print_link(&url, &secret),
                None => output::line("this person has a password already and keeps it"),
            }
        }
        OfficersCommand::List { project, .. } => {
            for (account, membership) in operations.members_for_operator(&project).await? {
                output::json_line(&json!({
                    "id": account.id.to_string(),
                    "name": account.name,
                    "role": membership.role.name(),
                    "officer": membership.officer.to_string(),
                    "has_password": account.credentials.is_some(),
                }))?;
            }
            Ok(())
        }
        OfficersCommand::Reset { name, url, .. } => {
            print_link(&url, &operations.reset_account(&name).await?)
        }
        OfficersCommand::Remove { name, project, .. } => {
            Ok(operations.remove_member_by_name(&project, &name).await?)
        }
    }
}

fn print_link(url: &str, secret: &Secret) -> Result<(), CliError> {
    // Behind the sign, the secret is sent to no server and so stands in no log.
    output::line(&format!(
        "{}/console/enrol#{}",
        url.trim_end_matches('/'),
        secret.reveal()
    ))
}

fn as_role(role: RoleArg) -> Role {
    match role {
        RoleArg::Officer => Role::Officer,
        RoleArg::Lead => Role::Lead,
        RoleArg::Admin => Role::Admin,
    }
}
