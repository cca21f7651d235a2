//! Hands out pictures and videos: to whom the address was made for, while it lasts.

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_RANGES, CONTENT_RANGE, RANGE};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::http::console::errors::PageError;
use crate::http::console::guest::Guest;
use crate::http::console::links;
use crate::operations::Operations;
use crate::operations::error::Error;
use crate::session::ids::{ExaminationId, SessionId};
use crate::session::picture::PictureKind;
use crate::session::time::Timestamp;

type Answer = Result<HttpResponse, PageError>;

/// What an address of evidence ends with.
#[derive(Deserialize)]
pub(super) struct Signed {
    until: i64,
    mark: String,
}

/// Where a picture lies.
pub(super) fn picture(
    guest: &Guest,
    session: SessionId,
    examination: ExaminationId,
    (picture, now): (PictureKind, Timestamp),
) -> String {
    let path = format!("/console/evidence/{session}/{examination}/{picture}");
    links::address(guest, &path, now)
}

/// Where a session's video lies.
pub(super) fn video(guest: &Guest, session: SessionId, now: Timestamp) -> String {
    links::address(guest, &format!("/console/evidence/{session}/video"), now)
}

/// A picture of an examination.
pub(super) async fn show_picture(
    request: HttpRequest,
    operations: Data<Operations>,
    path: Path<(String, String, String)>,
    signed: Query<Signed>,
) -> Answer {
    let guest = admitted(&request, &operations, &signed).await?;
    let missing = || Error::NotFound { what: "picture" };
    let session: SessionId = path.0.parse().map_err(|_| missing())?;
    let examination: ExaminationId = path.1.parse().map_err(|_| missing())?;
    let picture: PictureKind = path.2.parse().map_err(|_| missing())?;
    let jpeg = operations
        .read_picture(&guest.visitor.caller, session, examination, picture)
        .await?;
    Ok(HttpResponse::Ok().content_type("image/jpeg").body(jpeg))
}

/// A part of a session's video, as players ask for it.
pub(super) async fn show_video(
    request: HttpRequest,
    operations: Data<Operations>,
    session: Path<String>,
    signed: Query<Signed>,
) -> Answer {
    let guest = admitted(&request, &operations, &signed).await?;
    let session: SessionId = session
        .parse()
        .map_err(|_| Error::NotFound { what: "video" })?;
    let range = request
        .headers()
        .get(RANGE)
        .and_then(|value| value.to_str().ok())
        .and_then(range);
    let part = operations
        .read_video(&guest.visitor.caller, session, range)
        .await?;
    let is_whole = range.is_none() && part.end() == part.total;
    let mut answer = HttpResponse::build(if is_whole {
        StatusCode::OK
    } else {
        StatusCode::PARTIAL_CONTENT
    });
    if !is_whole {
        let last = part.end().saturating_sub(1);
        let text = format!("bytes {}-{last}/{}", part.first, part.total);
        answer.insert_header((CONTENT_RANGE, text));
    }
    Ok(answer
        .insert_header((ACCEPT_RANGES, "bytes"))
        .content_type(part.media_type)
        .body(part.bytes))
}

async fn admitted(
    request: &HttpRequest,
    operations: &Operations,
    signed: &Signed,
) -> Result<Guest, PageError> {
    let guest = Guest::of(request, operations).await?;
    let given = (signed.until, signed.mark.as_str());
    links::check(&guest, request.path(), given, operations.now())?;
    Ok(guest)
}

/// The first and, where it is named, the last byte of `bytes=0-99`. What asks for several ranges, or for the last
/// so many bytes, is answered from the start on.
fn range(header: &str) -> Option<(u64, Option<u64>)> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    let last = match last {
        "" => None,
        last => Some(last.parse().ok()?),
    };
    Some((first.parse().ok()?, last))
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn ranges_are_read_as_players_write_them() {
        assert_eq!(range("bytes=0-"), Some((0, None)));
        assert_eq!(range("bytes=5-9"), Some((5, Some(9))));
        for odd in ["bytes=-5", "bytes=0-1,4-5", "items=0-1", "bytes=a-"] {
            assert_eq!(range(odd), None, "{odd}");
        }
    }
}
