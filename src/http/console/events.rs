//! Tells an open queue that it changed: a stream that ends after a while, upon which the browser asks again.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Bytes, Data};
use futures_util::stream;

use crate::http::console::errors::PageError;
use crate::http::console::guest::Guest;
use crate::operations::Operations;
use crate::operations::authenticate::Caller;

/// Between two looks: one row is read.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Looks of one stream. A service that is told to stop waits for its streams, so none goes on for long; whoever
/// was signed out meanwhile gets no other.
const LOOKS: u32 = 20;

struct Watch {
    operations: Operations,
    caller: Caller,
    seen: Option<i64>,
    looks: u32,
}

/// The stream of the project that somebody works in.
pub(super) async fn stream(
    request: HttpRequest,
    operations: Data<Operations>,
) -> Result<HttpResponse, PageError> {
    let guest = Guest::of(&request, &operations).await?;
    let watch = Watch {
        operations: operations.as_ref().clone(),
        caller: guest.visitor.caller,
        seen: None,
        looks: 0,
    };
    let events = stream::unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        Some((Ok::<_, actix_web::Error>(event), watch))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(Box::pin(events)))
}

impl Watch {
    /// The next event, or the end.
    async fn next(&mut self) -> Option<Bytes> {
        while self.looks < LOOKS {
            if self.looks > 0 {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            self.looks += 1;
            let revision = self.operations.review_revision(&self.caller).await.ok()?;
            if self.seen.replace(revision) != Some(revision) {
                // The revision is the event's id: who asks again and has seen it does nothing.
                let text =
                    format!("retry: 500\nid: {revision}\nevent: revision\ndata: {revision}\n\n");
                return Some(Bytes::from(text));
            }
        }
        None
    }
}
