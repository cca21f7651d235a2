//! `likeness audit`: is the log whole, and what does it say?

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;
use crate::operations::Operations;
use crate::session::audit::{AuditHead, AuditRow, ChainCheck, ChainFault};

/// Verifies the audit log and exports it.
///
/// Every row holds the hash of the row before it, so that a row that was altered, taken out or
/// moved is found. The hashes need no secret: who can rewrite the whole log and its end can forge
/// it. Note the end of the log elsewhere now and then (`head`), and verify against what was noted.
#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,

    /// Folder of everything that is kept.
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Follows the log from its first row to its end; the exit status is 1 where it is broken, and
    /// the first row that is missing, altered or out of order is named.
    Verify {
        /// An end of the log that was noted earlier: it must still be there.
        #[arg(long, value_name = "SEQ:HASH")]
        head: Option<AuditHead>,

        /// A whole export instead of the database; `-` reads it from stdin. That nothing is missing
        /// at its end only a noted head can tell.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },

    /// Prints the log as JSON lines.
    Export {
        /// Only the rows of one project.
        ///
        /// The rows between them are left out, so such an export cannot be verified by itself.
        #[arg(long, value_name = "NAME")]
        project: Option<String>,

        /// Only the rows from this number on. What does not start at 1 cannot be verified by itself.
        #[arg(long, value_name = "SEQ", default_value_t = 1)]
        from: i64,
    },

    /// Prints the end of the log, to be noted elsewhere.
    Head,
}

/// Runs the command.
pub fn run(args: AuditArgs, mut config: Config) -> Result<ExitCode, CliError> {
    if let Some(data) = args.data {
        config.data = data;
    }
    if let AuditCommand::Verify {
        head,
        file: Some(file),
    } = args.command
    {
        return report(verify_file(&file, head)?);
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let (operations, _scratch) = app::operations_on_kept(&config).await?;
        match args.command {
            AuditCommand::Verify { head, .. } => report(operations.verify_audit(head).await?),
            AuditCommand::Export { project, from } => export(&operations, project, from).await,
            AuditCommand::Head => {
                output::line(&operations.audit_head().await?.to_string())?;
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

async fn export(
    operations: &Operations,
    project: Option<String>,
    from: i64,
) -> Result<ExitCode, CliError> {
    let project = match project {
        Some(name) => Some(operations.find_project(&name).await?.id.0.to_string()),
        None => None,
    };
    let mut after = from.saturating_sub(1);
    loop {
        let rows = operations.audit_rows(after).await?;
        let Some(last) = rows.last() else {
            return Ok(ExitCode::SUCCESS);
        };
        after = last.seq;
        for row in &rows {
            if project.is_none() || row.project == project {
                output::json_line(row)?;
            }
        }
    }
}

fn report(verified: Result<AuditHead, ChainFault>) -> Result<ExitCode, CliError> {
    let end = verified?;
    output::line(&format!(
        "{} rows, unbroken; the log ends at {end}",
        end.seq
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn verify_file(
    file: &Path,
    noted: Option<AuditHead>,
) -> Result<Result<AuditHead, ChainFault>, CliError> {
    let lines: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let opened = File::open(file).map_err(|error| CliError::about(file, error))?;
        Box::new(BufReader::new(opened))
    };
    let mut check = ChainCheck::holding(noted);
    let mut rows = 0_u64;
    for (index, line) in lines.lines().enumerate() {
        let line = line.map_err(|error| CliError::about(file, error))?;
        let row: AuditRow = serde_json::from_str(&line).map_err(|_| {
            CliError::about(
                file,
                format!("line {} is no row of an audit log", index + 1),
            )
        })?;
        if let Err(fault) = check.row(&row) {
            return Ok(Err(fault));
        }
        rows += 1;
    }
    if rows == 0 {
        return Err(CliError::about(
            file,
            "there is no row of an audit log in it",
        ));
    }
    Ok(check.end(None))
}
