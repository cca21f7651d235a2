//! `likeness sessions`: lists them, holds them, and erases their data.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;
use crate::operations::Operations;
use crate::session::actor::Actor;
use crate::session::decision::DecisionKind;
use crate::session::ids::{ProjectId, SessionId};
use crate::session::visit::Session;

/// Lists a project's sessions, holds them against erasure, and erases their data.
///
/// An erasure destroys pictures, videos, names and notes for good; verdicts, numbers and hashes
/// stay, so that the verdict can still be replayed. A hold keeps a session from being erased, by
/// anybody and by the end of its time.
#[derive(Debug, Args)]
pub struct SessionsArgs {
    #[command(subcommand)]
    command: SessionsCommand,

    /// Folder of everything that is kept.
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum SessionsCommand {
    /// Lists a project's sessions as JSON lines, newest first, without what could name somebody.
    List {
        /// The project's name.
        #[arg(long, value_name = "NAME")]
        project: String,
    },

    /// Erases a session's data.
    Erase(Deed),

    /// Puts a session under a legal hold.
    Hold(Deed),

    /// Lifts a legal hold.
    Release(Deed),
}

#[derive(Debug, Args)]
struct Deed {
    /// The session: `sess_…`, or the identifier alone.
    session: String,

    /// The officer in whose name it is done; the operator without it.
    #[arg(long = "as", value_name = "NAME")]
    officer: Option<String>,
}

/// Runs the command.
pub fn run(args: SessionsArgs, mut config: Config) -> Result<ExitCode, CliError> {
    if let Some(data) = args.data {
        config.data = data;
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let (operations, _scratch) = app::operations_on_kept(&config).await?;
        carry_out(&args.command, &operations).await?;
        Ok(ExitCode::SUCCESS)
    })
}

async fn carry_out(command: &SessionsCommand, operations: &Operations) -> Result<(), CliError> {
    match command {
        SessionsCommand::List { project } => {
            let project = operations.find_project(project).await?;
            list(operations, project.id).await
        }
        SessionsCommand::Erase(deed) => {
            let (session, by) = deed.read(operations).await?;
            match operations.erase(&session, by, None).await? {
                // What went, signed: for whoever asked for it.
                Some(receipt) => output::json(&receipt),
                None => Ok(()),
            }
        }
        SessionsCommand::Hold(deed) => {
            let (session, by) = deed.read(operations).await?;
            Ok(operations.hold(&session, by).await?)
        }
        SessionsCommand::Release(deed) => {
            let (session, by) = deed.read(operations).await?;
            Ok(operations.release(&session, by).await?)
        }
    }
}

impl Deed {
    async fn read(&self, operations: &Operations) -> Result<(Session, Actor), CliError> {
        let id: SessionId = self
            .session
            .parse()
            .map_err(|_| CliError::new(format!("`{}` is no session's id", self.session)))?;
        let session = operations.session_for_operator(id).await?;
        let Some(name) = &self.officer else {
            return Ok((session, Actor::Operator));
        };
        // Nobody new is made of a slip of the pen.
        let officers = operations.officers(session.project).await?;
        let officer = officers.iter().find(|officer| officer.name == name.trim());
        let officer = officer
            .ok_or_else(|| CliError::new("the session's project has no officer of that name"))?;
        Ok((session, Actor::Officer(officer.id)))
    }
}

async fn list(operations: &Operations, project: ProjectId) -> Result<(), CliError> {
    let mut before = None;
    loop {
        let sessions = operations.sessions_before(project, before).await?;
        for (session, decision) in &sessions {
            print(session, *decision)?;
        }
        match sessions.last() {
            Some((last, _)) => before = Some(last.id),
            None => return Ok(()),
        }
    }
}

fn print(session: &Session, decision: Option<DecisionKind>) -> Result<(), CliError> {
    output::json_line(&json!({
        "id": session.id.to_string(),
        "status": session.status.name(),
        "decision": decision.map(DecisionKind::name),
        "origin": session.origin,
        "created_at_ms": session.created_at,
        "updated_at_ms": session.updated_at,
        "held_at_ms": session.held_at,
        "erased_at_ms": session.erased_at,
    }))
}
