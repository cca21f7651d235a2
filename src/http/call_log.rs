//! Completes the log of calls once a call is answered.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest};

use crate::operations::Operations;
use crate::operations::admit::MAX_REFERENCE;
use crate::session::ids::CallId;

/// A call that was let in, on its way through the handlers.
#[derive(Clone, Debug)]
pub struct LoggedCall {
    id: CallId,
    reference: Option<String>,
    outcome: Option<String>,
}

impl LoggedCall {
    /// The request is let in under this row of the log.
    pub fn begin(request: &HttpRequest, id: CallId) {
        request.extensions_mut().insert(Self {
            id,
            reference: None,
            outcome: None,
        });
    }

    /// The caller's own number for the call, cut to what is kept of one.
    pub fn refer(request: &HttpRequest, reference: &str) {
        if let Some(call) = request.extensions_mut().get_mut::<Self>() {
            call.reference = Some(reference.chars().take(MAX_REFERENCE).collect());
        }
    }

    /// The code of the answer, for dialects that answer one in the body.
    pub fn conclude(request: &HttpRequest, outcome: &str) {
        if let Some(call) = request.extensions_mut().get_mut::<Self>() {
            call.outcome = Some(outcome.to_owned());
        }
    }
}

/// The middleware.
pub async fn with_call_log(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let response = next.call(request).await?;
    let call = response.request().extensions_mut().remove::<LoggedCall>();
    if let Some(call) = call
        && let Some(operations) = response.request().app_data::<Data<Operations>>()
    {
        let outcome = call
            .outcome
            .unwrap_or_else(|| response.status().as_str().to_owned());
        operations
            .end_call(call.id, &outcome, call.reference.as_deref())
            .await;
    }
    Ok(response)
}
