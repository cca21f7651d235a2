//! `likeness replay`: does a verdict still come out as it was given?

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;
use crate::operations::replay::Replayed;
use crate::session::actor::Actor;
use crate::session::ids::SessionId;

/// Judges a session again from what was stored, and holds the result against the verdict that was given.
///
/// Every examination of the session is judged by the rules as they stood, from the signals as they
/// were measured: verdict and reasons must come out to the byte. The rules' hashes and the verdicts
/// of rules in the shadow are held against what was noted as well. Prints a JSON line an
/// examination. The exit status is 0 when everything is as it was kept, 10 when something differs,
/// 1 on an error.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The session: `sess_…`, or the identifier alone.
    session: String,

    /// Measure the signals anew from the files as they were received, and show what differs.
    ///
    /// Needs the models. It is an access to evidence and goes into the audit log.
    #[arg(long)]
    from_media: bool,

    /// Folder of everything that is kept.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: ReplayArgs, mut config: Config) -> Result<ExitCode, CliError> {
    if let Some(data) = args.data {
        config.data = data;
    }
    let session: SessionId = args
        .session
        .parse()
        .map_err(|_| CliError::new(format!("`{}` is no session's id", args.session)))?;
    let runtime = tokio::runtime::Runtime::new()?;
    let replayed = runtime.block_on(async {
        if args.from_media {
            let (operations, _scratch) = app::operations_with_models(&config).await?;
            let replayed = operations.replay_from_media(session, Actor::Operator);
            Ok::<_, CliError>(replayed.await?)
        } else {
            let (operations, _scratch) = app::operations_on_kept(&config).await?;
            Ok(operations.replay(session).await?)
        }
    })?;
    if replayed.is_empty() {
        return Err(CliError::new("the session has no verdict to replay"));
    }
    for found in &replayed {
        print(session, found)?;
    }
    Ok(if replayed.iter().all(Replayed::holds) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(10)
    })
}

fn print(session: SessionId, found: &Replayed) -> Result<(), CliError> {
    let differences: Vec<_> = found
        .differences
        .iter()
        .map(|difference| {
            json!({
                "what": difference.what,
                "kept": difference.kept,
                "now": difference.now,
            })
        })
        .collect();
    output::json_line(&json!({
        "session": session.to_string(),
        "examination": found.examination.to_string(),
        "verdict": found.verdict,
        "byte_equal": found.byte_equal,
        "differences": differences,
        "remarks": found.remarks,
    }))
}
