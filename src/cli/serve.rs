//! `likeness serve`: the service.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use crate::app::{App, Instruments, SystemClock};
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;
use crate::telemetry::{self, TelemetryOptions};

/// Runs the service until it is told to stop.
///
/// It keeps everything in one folder (SQLite and the received files) unless the setting
/// `database_url` names a PostgreSQL database. The page of the API is at /docs/, its description
/// at /openapi.json. It answers /healthz at once and /readyz once the models are warm. On SIGTERM
/// it stops taking work and finishes what is being examined.
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
    runtime.block_on(async {
        let app = App::build(&config, Arc::new(SystemClock), Instruments::Packs).await?;
        let address = app.address();
        output::remark(&format!(
            "likeness listens on http://{address}; its API page is http://{address}/docs/"
        ));
        app.run().await?;
        Ok(ExitCode::SUCCESS)
    })
}
