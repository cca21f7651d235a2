//! `likeness keys`: the master keys, what they wrap, and the receipts of erasures.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;
use crate::operations::Operations;
use crate::operations::manage_keys::{ReceiptCheck, generate_master_key};

/// Shows and rotates the keys that everything is sealed under, and checks receipts of erasures.
///
/// A master key wraps the key of each subject. Give the new one before the old one (`master_key`, or the lines of
/// `master_key_file`), restart the service, rotate, then take the old one away and restart again.
#[derive(Debug, Args)]
pub struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,

    /// Folder of everything that is kept.
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Prints a new master key. It is kept nowhere.
    Generate,

    /// Says which master keys were given, and how many keys each wraps.
    Status,

    /// Wraps every key under the newest master key; no picture and no video is touched.
    Rotate,

    /// Seals what was kept before anything was sealed.
    Seal,

    /// Prints the public key that receipts of erasures are checked with.
    Public {
        /// As a PEM file for other programs.
        #[arg(long)]
        pem: bool,
    },

    /// Says whether a receipt of an erasure is genuine; the exit status is 1 where it is not.
    VerifyReceipt {
        file: PathBuf,

        /// The public key in base64; the service's own without it.
        #[arg(long, value_name = "BASE64")]
        key: Option<String>,
    },
}

/// Runs the command.
pub fn run(args: KeysArgs, mut config: Config) -> Result<ExitCode, CliError> {
    if let Some(data) = args.data {
        config.data = data;
    }
    if matches!(args.command, KeysCommand::Generate) {
        output::line(&generate_master_key())?;
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let (operations, _scratch) = app::operations_on_kept(&config).await?;
        carry_out(&args.command, &operations).await
    })
}

async fn carry_out(command: &KeysCommand, operations: &Operations) -> Result<ExitCode, CliError> {
    match command {
        KeysCommand::Generate => {}
        KeysCommand::Status => {
            let status = operations.keys_status().await?;
            let wraps: serde_json::Map<_, _> = status
                .wraps
                .into_iter()
                .map(|(master, count)| (master, count.into()))
                .collect();
            output::json(&json!({
                "given": status.given,
                "wraps": wraps,
                "sealed_only": status.sealed_only,
            }))?;
        }
        KeysCommand::Rotate => {
            let wrapped = operations.rotate_keys().await?;
            output::json(&json!({"wrapped": wrapped}))?;
        }
        KeysCommand::Seal => {
            let sealed = operations.seal_plain().await?;
            output::json(&json!({
                "sessions": sealed.sessions,
                "people": sealed.people,
                "consents": sealed.consents,
                "files": sealed.files,
            }))?;
        }
        KeysCommand::Public { pem } => {
            let (base64, as_pem) = operations.receipt_keys();
            output::line(if *pem { as_pem.trim_end() } else { &base64 })?;
        }
        KeysCommand::VerifyReceipt { file, key } => {
            let text =
                std::fs::read_to_string(file).map_err(|error| CliError::about(file, error))?;
            return match operations.check_receipt(&text, key.as_deref())? {
                ReceiptCheck::Genuine => {
                    output::line("the receipt is genuine")?;
                    Ok(ExitCode::SUCCESS)
                }
                ReceiptCheck::NotSigned => {
                    output::line("the receipt is not what this key signed")?;
                    Ok(ExitCode::from(1))
                }
            };
        }
    }
    Ok(ExitCode::SUCCESS)
}
