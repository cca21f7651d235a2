//! `Idempotency-Key`: whoever sends a POST again under the same key has it carried out once and reads the same answer.
//!
//! The body is received whole before anything is done (`spool`), so a request that is cut on its way never began; from
//! then on it is carried through to its end, whether or not anybody waits for it.

use actix_web::body::{BodySize, BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use tracing::Instrument as _;

use crate::http::dialects::door::{Door, Shown};
use crate::http::dialects::risetai::status::Status;
use crate::http::error::Refusal;
use crate::http::idempotency::answer::Kept;
use crate::http::idempotency::spool::spool;
use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::run_once::{MAX_KEY, Once, OnceOrder, Turn};
use crate::session::ids::SessionId;

pub mod answer;
pub mod fingerprint;
pub mod spool;

/// The header.
pub const HEADER: &str = "idempotency-key";

/// Says that an answer was given before.
pub const REPLAYED: &str = "idempotency-replayed";

/// Largest answer that is kept. Only what is larger by its nature, searches with their pictures, may be more.
const MOST_KEPT: u64 = 1 << 20;

/// Largest body of somebody who is not known before it is read.
const MOST_OF_A_STRANGER: usize = 16_384;

/// The middleware. Requests without a key, other methods, and whoever is not known here pass as they are: the
/// handlers refuse them in their own words, and they take no key.
pub async fn with_idempotency<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let door = Door::of(request.path());
    let operations = request.app_data::<Data<Operations>>().cloned();
    let (Some(operations), Some(route), true) = (
        operations,
        request.match_pattern(),
        request.method() == Method::POST && request.headers().contains_key(HEADER),
    ) else {
        return pass(request, &next).await;
    };
    let Some(dialect) = door.dialect() else {
        return pass(request, &next).await;
    };
    let mut caller = match door.shown(request.request()) {
        Some(shown) => known(&operations, shown).await,
        None if door == Door::Tokens => None,
        None => return pass(request, &next).await,
    };
    if caller.is_none() && door != Door::Tokens {
        return pass(request, &next).await;
    }
    // Whoever is not known yet sends their name and password alone.
    let most = if caller.is_none() {
        MOST_OF_A_STRANGER
    } else {
        usize::MAX
    };
    let spooled = match spool(&mut request, operations.scratch(), most).await {
        Ok(spooled) => spooled,
        Err(refusal) => return Ok(refused(request, door, refusal)),
    };
    if let (None, Some(form)) = (&caller, spooled.in_memory())
        && let Some(shown) = door.shown_in_form(form)
    {
        caller = known(&operations, shown).await;
    }
    let caller = caller.filter(|caller| operations.takes_calls(caller, dialect));
    let Some(caller) = caller else {
        request.set_payload(spooled.into_payload());
        return pass(request, &next).await;
    };
    let key = match key(request.request()) {
        Ok(key) => key,
        Err(refusal) => return Ok(refused(request, door, refusal)),
    };
    let order = OnceOrder {
        route: &format!("{} {route}", request.method()),
        key: &key,
        digest: spooled.digest(),
        session: session(request.request()),
    };
    let turn = match operations.claim_once(&caller, &order).await {
        Ok(Once::Run(turn)) => turn,
        Ok(Once::Answered(kept)) => return Ok(again(request, door, &kept)),
        Ok(Once::OtherRequest) => return Ok(refused(request, door, other_request())),
        Ok(Once::Running) => return Ok(refused(request, door, running())),
        Err(error) => return Ok(refused(request, door, error.into())),
    };
    request.extensions_mut().insert(turn.allotment());
    request.set_payload(spooled.into_payload());
    let handler = next.call(request);
    let work = carry_out(operations, turn, handler).in_current_span();
    // A task of its own, so that a client that hangs up does not stop it half-way.
    match actix_web::rt::spawn(work).await {
        Ok(answered) => answered,
        Err(stopped) => match stopped.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(actix_web::error::ErrorInternalServerError(
                "the service is stopping",
            )),
        },
    }
}

/// Runs the handler, its lease renewed meanwhile, and keeps what came of it.
async fn carry_out<B: MessageBody + 'static>(
    operations: Data<Operations>,
    turn: Turn,
    handler: impl Future<Output = Result<ServiceResponse<B>, Error>>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // Beside the handler, which goes on meanwhile: a renewal may wait for what the handler holds.
    let renewing = async {
        loop {
            tokio::time::sleep(operations.turn_lease() / 3).await;
            operations.renew_turn(&turn).await;
        }
    };
    let answered = tokio::select! {
        biased;
        answered = handler => answered,
        () = renewing => return Err(actix_web::error::ErrorInternalServerError("nothing was answered")),
    };
    let response = match answered {
        Ok(response) => response.map_into_boxed_body(),
        Err(error) => {
            operations.release_turn(&turn).await;
            return Err(error);
        }
    };
    if !is_definite(response.response()) {
        operations.release_turn(&turn).await;
        return Ok(response);
    }
    let (request, response) = response.into_parts();
    let (response, body) = response.into_parts();
    let body = to_bytes(body)
        .await
        .map_err(|_| actix_web::error::ErrorInternalServerError("the answer broke off"))?;
    operations
        .keep_answer(&turn, &Kept::of(&response, &body).to_bytes())
        .await;
    Ok(ServiceResponse::new(
        request,
        response.set_body(body).map_into_boxed_body(),
    ))
}

/// Whether a second try would be answered the same: not where it is said to be worth it, where the service was at
/// fault, or where an operator can make it possible meanwhile.
fn is_definite(response: &HttpResponse<BoxBody>) -> bool {
    let inner = response.extensions().get::<Status>().copied();
    let code = inner
        .and_then(|status| status.code().parse().ok())
        .unwrap_or_else(|| response.status().as_u16());
    let passing = response
        .headers()
        .contains_key(actix_web::http::header::RETRY_AFTER);
    let small = matches!(
        response.body().size(),
        BodySize::None | BodySize::Sized(..=MOST_KEPT)
    );
    (200..500).contains(&code) && ![401, 403, 408, 429].contains(&code) && !passing && small
}

async fn pass<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: &Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    Ok(next.call(request).await?.map_into_boxed_body())
}

async fn known(operations: &Operations, shown: Shown) -> Option<Caller> {
    let caller = match shown {
        Shown::Secret(secret) => operations.authenticate(&secret).await,
        Shown::Nothing => operations.anonymous_fremis().await,
    };
    // Whatever is wrong with it, the handler says so.
    caller.ok()
}

fn key(request: &HttpRequest) -> Result<String, Refusal> {
    let mut values = request.headers().get_all(HEADER);
    let value = values.next().and_then(|value| value.to_str().ok());
    let is_one = values.next().is_none();
    value
        .filter(|key| is_one && (1..=MAX_KEY).contains(&key.len()))
        .filter(|key| key.chars().all(|letter| letter.is_ascii_graphic()))
        .map(ToOwned::to_owned)
        .ok_or_else(|| {
            Refusal::bad_request(format!(
                "`Idempotency-Key` is one header of 1 to {MAX_KEY} visible ASCII characters"
            ))
        })
}

/// The session that the path or a header names, so that its erasure reaches the answer too.
fn session(request: &HttpRequest) -> Option<SessionId> {
    let in_path = request.path().split('/').find_map(|part| part.parse().ok());
    let in_header = || {
        let header = request.headers().get("x-session-id")?;
        header.to_str().ok()?.parse().ok()
    };
    in_path.or_else(in_header)
}

fn refused(request: ServiceRequest, door: Door, refusal: Refusal) -> ServiceResponse<BoxBody> {
    request.into_response(door.refuse(refusal))
}

/// The answer of the first time.
fn again(request: ServiceRequest, door: Door, kept: &[u8]) -> ServiceResponse<BoxBody> {
    let response = match Kept::from_bytes(kept) {
        Some(kept) => kept.into_response(),
        None => door.refuse(Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the answer that was kept cannot be read",
        )),
    };
    request.into_response(response)
}

fn other_request() -> Refusal {
    Refusal::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "idempotency_key_reused",
        "this Idempotency-Key came with another request before; take a new key for a new request",
    )
}

fn running() -> Refusal {
    Refusal::new(
        StatusCode::CONFLICT,
        "idempotency_key_in_use",
        "the request of this Idempotency-Key is still being carried out; ask again in a moment",
    )
    .later(1)
}
