//! Log lines on stderr: ids, counts and milliseconds, never a face, a name or a token; and traces, where they are asked for.

use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, registry};

use crate::config::LogFormat;
use crate::traces::export::{ExportError, Exporter};

/// Where log lines and spans go.
#[derive(Clone, Copy, Debug)]
pub struct TelemetryOptions<'a> {
    pub filter: &'a str,
    pub format: LogFormat,
    /// The collector of traces; none where it is empty.
    pub otlp_endpoint: &'a str,
}

/// Sends what is left to send when it is dropped.
#[derive(Debug)]
pub struct Telemetry(#[expect(dead_code, reason = "it is kept to be dropped")] Option<Exporter>);

/// Starts logging, and tracing where a collector is named. A second start in one process changes nothing.
pub fn start(options: TelemetryOptions<'_>) -> Result<Telemetry, ExportError> {
    let filter = EnvFilter::try_new(options.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(stderr().is_terminal())
        .with_writer(stderr);
    let lines = match options.format {
        LogFormat::Text => lines.with_filter(filter).boxed(),
        LogFormat::Json => lines.json().with_filter(filter).boxed(),
    };
    let exporter = match options.otlp_endpoint {
        "" => None,
        endpoint => Some(Exporter::to(endpoint)?),
    };
    let spans = exporter.as_ref().map(Exporter::layer);
    let _ = registry().with(lines).with(spans).try_init();
    Ok(Telemetry(exporter))
}
