//! `likeness serve`: the service.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use kernels::heaps;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::app::{App, Ended, Instruments, SystemClock};
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;
use crate::telemetry::{self, TelemetryOptions};

/// Runs the service until it is told to stop.
///
/// It keeps everything in one folder (SQLite and the received files) unless the setting
/// `database_url` names a PostgreSQL database. The page of the API is at /docs/, its description
/// at /openapi.json. It answers /healthz at once and /readyz once the models are warm. On SIGTERM
/// or SIGINT it takes nothing new and finishes what it has begun, within `stop_seconds`; a second
/// signal stops it at once, and what was not finished goes on after the next start.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,

    /// Folder of everything that is kept.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: ServeArgs, mut config: Config) -> Result<ExitCode, CliError> {
    heaps::keep_small()?;
    if let Some(listen) = args.listen {
        config.listen = listen;
    }
    if let Some(data) = args.data {
        config.data = data;
    }
    let _telemetry = telemetry::start(TelemetryOptions {
        filter: &config.log,
        format: config.log_format,
        otlp_endpoint: &config.otlp_endpoint,
    })?;
    let runtime = tokio::runtime::Runtime::new()?;
    let ended = runtime.block_on(async {
        // From here on, so that a signal while the models are opened is not lost.
        let told = signals()?;
        let app = App::build(&config, Arc::new(SystemClock), Instruments::Packs).await?;
        let scheme = if app.is_by_tls() { "https" } else { "http" };
        let address = app.address();
        output::remark(&format!(
            "likeness listens on {scheme}://{address}; its API page is {scheme}://{address}/docs/"
        ));
        Ok::<_, CliError>(app.run_until(told).await?)
    });
    // An examination that was given up still runs in its thread, and nobody waits for it.
    runtime.shutdown_background();
    let left = match ended? {
        Ended::InOrder => return Ok(ExitCode::SUCCESS),
        Ended::OutOfTime => "its time to stop ran out",
        Ended::AtOnce => "it was told a second time",
    };
    output::remark(&format!(
        "likeness stopped before everything was finished, as {left}; examinations go on after the next start"
    ));
    Ok(ExitCode::FAILURE)
}

/// A message for every SIGTERM and SIGINT.
fn signals() -> std::io::Result<mpsc::Receiver<()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (tell, told) = mpsc::channel(2);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if tell.send(()).await.is_err() {
                return;
            }
        }
    });
    Ok(told)
}
