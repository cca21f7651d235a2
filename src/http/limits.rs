//! What every request is held to, whatever its route: how often, how much, and how long.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::{InternalError, PayloadError};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpMessage as _, HttpResponse};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::time::{Instant, timeout, timeout_at};

use crate::http::dialects::door::Door;
use crate::http::error::Refusal;
use crate::http::settings::HttpSettings;
use crate::operations::Operations;

/// How long a handler may take beside receiving its request and waiting for an examination.
const WORK: Duration = Duration::from_mins(1);

/// Why a body was not taken to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Excess {
    Length,
    Time,
}

/// The middleware. Routes have smaller limits of their own; these hold where a route has none.
pub async fn with_limits<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let door = Door::of(request.path());
    let Some(settings) = request.app_data::<Data<HttpSettings>>().cloned() else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    if let Err(refusal) = refuse_early(&request, door, &settings) {
        return Ok(request.into_response(door.refuse(refusal)));
    }
    let excess = Rc::new(Cell::new(None));
    let payload = request.take_payload();
    if !matches!(payload, Payload::None) {
        let deadline = Instant::now() + settings.max_receive;
        let bounded = bounded(payload, settings.max_body(), deadline, excess.clone());
        request.set_payload(Payload::Stream {
            payload: Box::pin(bounded),
        });
    }
    let longest = settings.max_receive + settings.max_wait + WORK;
    let Ok(answered) = timeout(longest, next.call(request)).await else {
        let refusal = Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too_slow",
            "the request could not be answered in time; try again later",
        );
        let response = door.refuse(refusal.later(5));
        return Err(InternalError::from_response("a request took too long", response).into());
    };
    let response = answered?.map_into_boxed_body();
    Ok(match excess.get() {
        None => response,
        Some(excess) => response.into_response(door.refuse(excess.into())),
    })
}

/// The refusal of a body that could not be received.
pub fn refusal(error: &PayloadError) -> Refusal {
    if matches!(error, PayloadError::Overflow) {
        return Excess::Length.into();
    }
    if let PayloadError::Io(error) = error
        && error.kind() == std::io::ErrorKind::TimedOut
    {
        return Excess::Time.into();
    }
    Refusal::bad_request("the body broke off")
}

/// Puts headers on the answer of a request that ended without one of its own.
pub fn dress(error: &Error, put: impl FnOnce(&mut HeaderMap)) -> Error {
    let mut response: HttpResponse = error.error_response();
    put(response.headers_mut());
    InternalError::from_response(error.to_string(), response).into()
}

impl From<Excess> for Refusal {
    fn from(excess: Excess) -> Self {
        match excess {
            Excess::Length => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                "the body is larger than any that is taken here",
            ),
            Excess::Time => Self::new(
                StatusCode::REQUEST_TIMEOUT,
                "too_slow",
                "the body did not come in time",
            ),
        }
    }
}

fn refuse_early(
    request: &ServiceRequest,
    door: Door,
    settings: &HttpSettings,
) -> Result<(), Refusal> {
    // Whoever watches over the service asks as often as they like.
    if door != Door::Open
        && let Some(operations) = request.app_data::<Data<Operations>>()
        && let Some(address) = settings.trusted_proxies.client(request.request())
    {
        operations.count_address(address)?;
    }
    let declared = request.headers().get(CONTENT_LENGTH);
    let declared = declared.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > settings.max_body()) {
        return Err(Excess::Length.into());
    }
    Ok(())
}

/// The body up to a length and a moment; `excess` says which of them it exceeded.
fn bounded(
    payload: Payload,
    most: u64,
    deadline: Instant,
    excess: Rc<Cell<Option<Excess>>>,
) -> impl Stream<Item = Result<Bytes, PayloadError>> {
    stream::unfold(Some((payload, 0_u64)), move |state| {
        let excess = excess.clone();
        async move {
            let (mut payload, taken) = state?;
            let Ok(next) = timeout_at(deadline, payload.next()).await else {
                excess.set(Some(Excess::Time));
                let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
                return Some((Err(PayloadError::Io(late)), None));
            };
            let chunk = match next? {
                Ok(chunk) => chunk,
                Err(error) => return Some((Err(error), None)),
            };
            let taken = taken.saturating_add(chunk.len() as u64);
            if taken > most {
                excess.set(Some(Excess::Length));
                return Some((Err(PayloadError::Overflow), None));
            }
            Some((Ok(chunk), Some((payload, taken))))
        }
    })
    // Readers of forms ask once more after the end.
    .fuse()
}
