//! Reads bodies that hold a rule file; in one, no key may stand twice.

use actix_web::web::{Bytes, Payload, block};

use crate::http::dialects::native::errors::NativeError;
use crate::http::error::Refusal;
use crate::http::json_body::{BodyError, JsonBody};
use crate::operations::error::Error;
use crate::scoring::rules::{MOST_BYTES, Problem};
use crate::scoring::strict_json::repeated_keys;

/// Bytes of a body that holds a rule file, with room for the way it is written.
const MAX_BODY: usize = 4 * MOST_BYTES;

/// Where the rule file stands in the body that saves it.
const PLACE: &str = "/rules/";

/// The bytes of a body.
pub(super) async fn bytes(payload: Payload) -> Result<Bytes, NativeError> {
    let file = payload.to_bytes_limited(MAX_BODY).await;
    let too_long = Error::TooLarge {
        reason: format!("the body is larger than {MAX_BODY} bytes"),
    };
    let file = file
        .map_err(|_| Refusal::from(too_long))?
        .map_err(|_| Refusal::bad_request("the body broke off"))?;
    Ok(file)
}

/// Rules to save.
pub(super) struct NewRules {
    /// The rule file as it is kept.
    pub(super) text: String,
    pub(super) note: String,
    /// Keys that stand twice in the rule file; the text has one of each.
    pub(super) repeated: Vec<Problem>,
}

impl NewRules {
    /// Reads the body of a call that saves rules.
    pub(super) async fn read(payload: Payload) -> Result<Self, NativeError> {
        let bytes = bytes(payload).await?;
        // A large one would hold up every other call of the thread that reads requests.
        let read = block(move || (JsonBody::parse(&bytes), repeated_keys(&bytes)));
        let (body, repeated) = read.await.map_err(|_| BodyError::Broken)?;
        let body = body?;
        let (repeated, beside): (Vec<Problem>, Vec<Problem>) = repeated
            .into_iter()
            .partition(|problem| problem.pointer.starts_with(PLACE));
        if let Some(problem) = beside.into_iter().next() {
            return Err(Refusal::bad_request(&problem.reason).into());
        }
        let rules = body
            .value("rules")
            .ok_or_else(|| Refusal::bad_request("`rules` is missing"))?;
        Ok(Self {
            text: format!("{rules:#}"),
            note: body.text("note")?.unwrap_or_default().to_owned(),
            repeated: repeated.into_iter().map(in_the_file).collect(),
        })
    }
}

/// The problem at its place in the rule file.
fn in_the_file(problem: Problem) -> Problem {
    let pointer = problem.pointer.replacen(PLACE, "/", 1);
    Problem { pointer, ..problem }
}
