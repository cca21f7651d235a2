//! What a version is put to: judging, judging in the shadow, or neither.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path, Payload};
use serde::Deserialize;

use crate::http::console::forms;
use crate::http::console::guest::Guest;
use crate::http::console::rules::{Answer, address, number, owner, version};
use crate::http::console::sign_in::to;
use crate::http::error::Refusal;
use crate::operations::Operations;
use crate::operations::error::Error;

/// A form with nothing but its mark.
#[derive(Deserialize)]
pub(super) struct Nothing {}

/// Has a version judge from now on, or the service's own rules.
pub(super) async fn activate(
    request: HttpRequest,
    operations: Data<Operations>,
    named: Path<String>,
    payload: Payload,
) -> Answer {
    let (guest, Nothing {}) = forms::receive(&request, payload, &operations).await?;
    let number = number(&named)?;
    let done = operations.activate_rules(&owner(&guest)?, number).await;
    answer(&operations, &guest, number, done).await
}

/// Has a version judge beside what counts.
pub(super) async fn shadow(
    request: HttpRequest,
    operations: Data<Operations>,
    named: Path<String>,
    payload: Payload,
) -> Answer {
    let (guest, Nothing {}) = forms::receive(&request, payload, &operations).await?;
    let what = "version of the rules";
    let number = number(&named)?.ok_or(Error::NotFound { what })?;
    let done = operations.shadow_rules(&owner(&guest)?, Some(number)).await;
    answer(&operations, &guest, Some(number), done).await
}

/// Has nothing judge in the shadow any more.
pub(super) async fn end_shadow(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let (guest, Nothing {}) = forms::receive(&request, payload, &operations).await?;
    operations.shadow_rules(&owner(&guest)?, None).await?;
    Ok(to("/console/rules"))
}

/// The version's page, which says why where it could not be done.
async fn answer(
    operations: &Operations,
    guest: &Guest,
    number: Option<u32>,
    done: Result<bool, Error>,
) -> Answer {
    match done {
        Ok(_) => Ok(to(&address(number))),
        Err(error @ (Error::Refused { .. } | Error::Conflict { .. })) => {
            let refusal = Refusal::from(error);
            let refused = Some((refusal.status, refusal.message));
            version::page(operations, guest, number, refused).await
        }
        Err(error) => Err(error.into()),
    }
}
