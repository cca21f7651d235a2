//! `likeness webhooks`: where a project's events are posted.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;
use crate::operations::Operations;
use crate::operations::manage_webhooks::{MAX_OVERLAP_HOURS, OVERLAP_HOURS};
use crate::session::ids::EndpointId;
use crate::session::webhook::EventKind;

/// Makes, lists, rotates and removes the addresses that a project's events are posted to.
///
/// Every post is signed by the Standard Webhooks specification: docs/webhooks.md says how to verify one. A running
/// service looks for what is to be posted every few seconds.
#[derive(Debug, Args)]
pub struct WebhooksArgs {
    #[command(subcommand)]
    command: WebhooksCommand,

    /// Folder of everything that is kept.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum WebhooksCommand {
    /// Makes a webhook and prints its id and its secret, which is shown this once.
    Create {
        /// The project's name.
        #[arg(long, value_name = "NAME")]
        project: String,

        /// Where to post to. Addresses inside private networks need the setting `callback_hosts`.
        #[arg(long, value_name = "URL")]
        url: String,

        /// What to tell of; all of it without this.
        #[arg(long, value_name = "EVENT", value_delimiter = ',')]
        events: Vec<EventArg>,
    },

    /// Lists a project's webhooks as JSON lines, without their secrets.
    List {
        /// The project's name.
        #[arg(long, value_name = "NAME")]
        project: String,
    },

    /// Gives a webhook a new secret and prints it; the old one signs beside it for a while.
    Rotate {
        /// The webhook's id from the list, `whe_…`.
        id: String,

        /// The project's name.
        #[arg(long, value_name = "NAME")]
        project: String,

        /// Hours for which both sign.
        #[arg(long, value_name = "HOURS", default_value_t = OVERLAP_HOURS, value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_OVERLAP_HOURS)))]
        overlap_hours: u32,
    },

    /// Removes a webhook. What is on its way there is given up.
    Remove {
        /// The webhook's id from the list, `whe_…`.
        id: String,

        /// The project's name.
        #[arg(long, value_name = "NAME")]
        project: String,
    },

    /// Posts again to a webhook that was disabled because it had answered 410.
    Enable {
        /// The webhook's id from the list, `whe_…`.
        id: String,

        /// The project's name.
        #[arg(long, value_name = "NAME")]
        project: String,
    },

    /// Has the running service post an event that tells of nothing.
    Test {
        /// The webhook's id from the list, `whe_…`.
        id: String,

        /// The project's name.
        #[arg(long, value_name = "NAME")]
        project: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum EventArg {
    /// An examination ended in a verdict.
    #[value(name = "session.judged")]
    Judged,
    /// An examination ended without one.
    #[value(name = "session.failed")]
    Failed,
    /// Somebody approved it, rejected it, or asked for new evidence.
    #[value(name = "session.decided")]
    Decided,
    /// Its data are gone.
    #[value(name = "session.erased")]
    Erased,
}

/// Runs the command.
pub fn run(args: WebhooksArgs, mut config: Config) -> Result<ExitCode, CliError> {
    if let Some(data) = args.data {
        config.data = data;
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let (operations, _scratch) = app::operations(&config).await?;
        carry_out(args.command, &operations).await?;
        Ok(ExitCode::SUCCESS)
    })
}

async fn carry_out(command: WebhooksCommand, operations: &Operations) -> Result<(), CliError> {
    match command {
        WebhooksCommand::Create {
            project,
            url,
            events,
        } => {
            let by = operations.webmaster(&project).await?;
            let events = events.into_iter().map(kind).collect();
            let made = operations.create_webhook(by, &url, events).await?;
            output::json_line(&json!({
                "id": made.id.to_string(),
                "secret": made.secret.reveal(),
            }))
        }
        WebhooksCommand::List { project } => {
            let by = operations.webmaster(&project).await?;
            for webhook in operations.list_webhooks(by).await? {
                let events: Vec<&str> = webhook.events.iter().map(|kind| kind.name()).collect();
                output::json_line(&json!({
                    "id": webhook.id.to_string(),
                    "url": webhook.url,
                    "events": events,
                    "created_at_ms": webhook.created_at,
                    "old_secret_until_ms": webhook.previous.map(|old| old.until),
                    "disabled_at_ms": webhook.disabled_at,
                }))?;
            }
            Ok(())
        }
        WebhooksCommand::Rotate {
            id,
            project,
            overlap_hours,
        } => {
            let by = operations.webmaster(&project).await?;
            let secret = operations
                .rotate_webhook(by, endpoint(&id)?, overlap_hours)
                .await?;
            output::line(&secret.reveal())
        }
        WebhooksCommand::Remove { id, project } => {
            let by = operations.webmaster(&project).await?;
            Ok(operations.remove_webhook(by, endpoint(&id)?).await?)
        }
        WebhooksCommand::Enable { id, project } => {
            let by = operations.webmaster(&project).await?;
            Ok(operations.enable_webhook(by, endpoint(&id)?).await?)
        }
        WebhooksCommand::Test { id, project } => {
            let by = operations.webmaster(&project).await?;
            Ok(operations.test_webhook(by, endpoint(&id)?).await?)
        }
    }
}

fn endpoint(id: &str) -> Result<EndpointId, CliError> {
    id.parse()
        .map_err(|_| CliError::new(format!("`{id}` is no webhook's id")))
}

fn kind(event: EventArg) -> EventKind {
    match event {
        EventArg::Judged => EventKind::SessionJudged,
        EventArg::Failed => EventKind::SessionFailed,
        EventArg::Decided => EventKind::SessionDecided,
        EventArg::Erased => EventKind::SessionErased,
    }
}
