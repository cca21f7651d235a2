//! Addresses of pictures and videos that work for one person, for a while.

use crate::http::console::guest::Guest;
use crate::operations::error::Error;
use crate::session::time::Timestamp;

/// How long an address works: long enough to look at a case, too short to be of use to whoever finds it later.
const LINK_MS: i64 = 10 * 60 * 1000;

/// The address of a piece of evidence, for whoever is looking at this page.
pub(super) fn address(guest: &Guest, path: &str, now: Timestamp) -> String {
    let until = now.plus(LINK_MS).0;
    let mark = guest.mark(&["evidence", path, &until.to_string()]);
    format!("{path}?until={until}&mark={mark}")
}

/// Refuses an address that was made for somebody else, or is over, or was altered.
pub(super) fn check(
    guest: &Guest,
    path: &str,
    (until, mark): (i64, &str),
    now: Timestamp,
) -> Result<(), Error> {
    use subtle::ConstantTimeEq as _;
    let right = guest.mark(&["evidence", path, &until.to_string()]);
    let is_right = bool::from(right.as_bytes().ct_eq(mark.as_bytes()));
    if is_right && now.0 <= until {
        return Ok(());
    }
    Err(Error::Refused {
        reason: "this address of a picture is over, or was made for somebody else: load the session's page anew"
            .to_owned(),
    })
}
