//! Sends spans to a collector by OTLP over HTTP, in batches, from a thread of their own. They carry what log lines carry:
//! ids, counts and patterns.

use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;
use ureq::Agent;

/// The collector may take this long.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most that is read of its answer.
const ANSWER_BYTES: u64 = 64 * 1024;

/// Why spans cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("`otlp_endpoint` is not an address that traces can be sent to: {0}")]
pub struct ExportError(String);

/// Sends spans until it is dropped; what waits is sent then.
#[derive(Debug)]
pub struct Exporter(SdkTracerProvider);

/// A tracer that a subscriber keeps, for spans that lie in the past.
pub(super) struct Backdating(pub(super) SdkTracer);

impl<S: Subscriber> Layer<S> for Backdating {}

impl Exporter {
    /// Sends to a collector's address, `http://host:4318`, to which the path of traces is added.
    pub fn to(endpoint: &str) -> Result<Self, ExportError> {
        let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::default())
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(url)
            .with_timeout(PATIENCE)
            .build()
            .map_err(|error| ExportError(error.to_string()))?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(Resource::builder().with_service_name("likeness").build())
            .build();
        Ok(Self(provider))
    }

    /// What hands the service's own spans over. Log lines stay where they are.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let tracer = self.0.tracer("likeness");
        let spans = tracing_opentelemetry::layer()
            .with_tracer(tracer.clone())
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|of| {
                of.is_span() && of.target().starts_with("likeness")
            }));
        spans.and_then(Backdating(tracer))
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        // A collector that is gone must not keep the service from ending.
        let _ = self.0.shutdown_with_timeout(PATIENCE);
    }
}

/// Speaks to the collector over what the service posts with anyway. Blocking, on the exporter's own thread.
#[derive(Debug)]
struct Client(Agent);

impl Default for Client {
    fn default() -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .build();
        Self(config.into())
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let answer = self.0.run(Request::from_parts(parts, body.to_vec()))?;
        let (parts, mut body) = answer.into_parts();
        let read = body.with_config().limit(ANSWER_BYTES).read_to_vec()?;
        Ok(Response::from_parts(parts, Bytes::from(read)))
    }
}
