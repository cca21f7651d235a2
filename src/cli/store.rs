//! `likeness store`: whether what the rows name is there, and what no row names.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;
use crate::operations::keep_order::{ORPHAN_AFTER_MS, Stock};

/// Looks after what is kept: rows and blobs.
#[derive(Debug, Args)]
pub struct StoreArgs {
    #[command(subcommand)]
    command: StoreCommand,

    /// Folder of everything that is kept.
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    /// Looks whether the documents and videos that rows name are there, and for blobs that no row names.
    ///
    /// It changes nothing. 0 when nothing is missing or altered, 1 otherwise. After a restore it says what the copy of the
    /// blobs lacks.
    Check {
        /// Read every document and video and compare it with the hash of what came in.
        #[arg(long)]
        contents: bool,
    },

    /// Deletes the blobs that no row names and that have lain there for a day.
    ///
    /// The running service does the same once a day.
    Sweep,
}

/// Runs the command.
pub fn run(args: StoreArgs, mut config: Config) -> Result<ExitCode, CliError> {
    if let Some(data) = args.data {
        config.data = data;
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let (operations, _scratch) = app::operations_on_kept(&config).await?;
        match args.command {
            StoreCommand::Check { contents } => report(&operations.take_stock(contents).await?),
            StoreCommand::Sweep => {
                let found = operations.sweep_orphans(true).await?;
                output::json(&json!({
                    "blobs": found.blobs,
                    "deleted": found.orphans,
                    "deleted_unfinished": found.unfinished,
                    "deleted_probes": found.probes,
                    "without_a_row_but_young": found.young,
                    "strange": found.strange,
                }))?;
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

fn report(stock: &Stock) -> Result<ExitCode, CliError> {
    let Stock {
        evidence,
        missing,
        altered,
        orphans,
    } = stock;
    output::json(&json!({
        "evidence": evidence,
        "missing": missing,
        "altered": altered,
        "blobs": orphans.blobs,
        "bytes": orphans.bytes,
        "without_a_row": orphans.orphans,
        "without_a_row_but_young": orphans.young,
        "young_means_hours": ORPHAN_AFTER_MS / 3_600_000,
        "unfinished": orphans.unfinished,
        "probes": orphans.probes,
        "strange": orphans.strange,
    }))?;
    Ok(if missing.is_empty() && altered.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
