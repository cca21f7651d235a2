//! `/metrics` for Prometheus: on an address of its own, or on the service's behind a token of its own, or nowhere.

use std::net::{SocketAddr, TcpListener};

use actix_web::dev::Server;
use actix_web::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use subtle::ConstantTimeEq as _;

use crate::http::caller::bearer_token;
use crate::http::dialects::native::errors::NativeError;
use crate::http::error::Refusal;
use crate::metrics::CONTENT_TYPE as TEXT;
use crate::operations::Operations;

/// Who may read the numbers.
#[derive(Clone)]
pub struct Readers {
    /// What they show; nothing is asked for where it is empty.
    pub token: String,
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Readers(…)")
    }
}

impl Readers {
    fn let_in(&self, request: &HttpRequest) -> bool {
        let shown = bearer_token(request).unwrap_or_default();
        self.token.is_empty() || bool::from(self.token.as_bytes().ct_eq(shown.as_bytes()))
    }
}

/// Every number.
async fn metrics(
    request: HttpRequest,
    operations: Data<Operations>,
    readers: Data<Readers>,
) -> Result<HttpResponse, NativeError> {
    if !readers.let_in(&request) {
        return Ok(HttpResponse::Unauthorized()
            .insert_header((WWW_AUTHENTICATE, "Bearer"))
            .finish());
    }
    let text = operations.metrics_text().await.map_err(Refusal::from)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, TEXT))
        .body(text))
}

/// Adds the route to the service's own, where a token keeps strangers out.
pub fn configure(routes: &mut ServiceConfig, readers: &Readers) {
    if !readers.token.is_empty() {
        add(routes, readers);
    }
}

/// Serves the numbers and nothing else on an address of their own.
pub fn listen(
    address: SocketAddr,
    operations: Data<Operations>,
    readers: Readers,
) -> std::io::Result<(Server, SocketAddr)> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(operations.clone())
            .configure(|routes| add(routes, &readers))
    })
    .workers(1)
    .disable_signals()
    .listen(listener)?
    .run();
    Ok((server, address))
}

fn add(routes: &mut ServiceConfig, readers: &Readers) {
    routes.service(
        web::resource("/metrics")
            .app_data(Data::new(readers.clone()))
            .route(web::get().to(metrics)),
    );
}
