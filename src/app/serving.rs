//! The servers: the door for requests with everything that every request passes, and the one for the service's numbers.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App as Routes, HttpServer, web};

use crate::app::AppError;
use crate::config::Config;
use crate::http::call_log::with_call_log;
use crate::http::idempotency::with_idempotency;
use crate::http::limits::with_limits;
use crate::http::metrics::{self, Readers};
use crate::http::request_id::with_request_id;
use crate::http::routes;
use crate::http::secure_headers::with_secure_headers;
use crate::http::settings::HttpSettings;
use crate::http::tls::Certificate;
use crate::operations::Operations;

/// How long the head of a request may take to come in.
const MAX_HEADER_TIME: Duration = Duration::from_secs(5);

pub(super) fn serve(
    config: &Config,
    operations: &Operations,
    certificate: Option<&Arc<Certificate>>,
) -> Result<(Server, SocketAddr), AppError> {
    let cannot_listen = |source| AppError::Io {
        what: format!(
            "cannot listen on {}; choose another with --listen",
            config.listen
        ),
        source,
    };
    let listener = TcpListener::bind(config.listen).map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let operations = web::Data::new(operations.clone());
    let settings = web::Data::new(HttpSettings {
        max_document_bytes: config.max_document_bytes,
        max_video_bytes: config.max_video_bytes,
        max_picture_bytes: config.max_picture_bytes,
        max_json_bytes: config.max_json_bytes,
        max_wait: Duration::from_secs(u64::from(config.max_wait_seconds)),
        max_receive: Duration::from_secs(u64::from(config.max_receive_seconds)),
        by_tls: certificate.is_some(),
        trusted_proxies: config.trusted_proxies.parse()?,
    });
    let readers = readers(config);
    let server = HttpServer::new(move || {
        Routes::new()
            .app_data(operations.clone())
            .app_data(settings.clone())
            // The last one sees a request first.
            .wrap(from_fn(with_call_log))
            .wrap(from_fn(with_idempotency))
            .wrap(from_fn(with_limits))
            .wrap(from_fn(with_secure_headers))
            .wrap(from_fn(with_request_id))
            .configure(|routes| routes::configure(routes, &readers))
    })
    .workers(2)
    .client_request_timeout(MAX_HEADER_TIME)
    .shutdown_timeout(u64::from(config.stop_seconds))
    // Signals are heard by `cli`, which has a second one stop the service at once.
    .disable_signals();
    let server = match certificate {
        None => server.listen(listener),
        Some(certificate) => server.listen_rustls_0_23(listener, certificate.server()?),
    };
    Ok((server.map_err(cannot_listen)?.run(), address))
}

fn readers(config: &Config) -> Readers {
    Readers {
        token: config.metrics_token.0.clone(),
    }
}

/// Serves the numbers on an address of their own, where one is set.
pub(super) fn serve_metrics(
    config: &Config,
    operations: &Operations,
) -> Result<Option<(Server, SocketAddr)>, AppError> {
    let text = config.metrics_listen.as_str();
    if text.is_empty() {
        return Ok(None);
    }
    let cannot_listen = |source| AppError::Io {
        what: format!("`metrics_listen` is no address to listen on: {text}"),
        source,
    };
    let address = text
        .parse()
        .map_err(|_| cannot_listen(std::io::ErrorKind::InvalidInput.into()))?;
    let operations = web::Data::new(operations.clone());
    let server = metrics::listen(address, operations, readers(config)).map_err(cannot_listen)?;
    tracing::info!(address = %server.1, "the numbers are served");
    Ok(Some(server))
}
