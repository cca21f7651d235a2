//! Reads moments that callers name: RFC 3339, to the millisecond.

use crate::http::error::Refusal;
use crate::session::time::Timestamp;

/// The moment that a field names.
pub(super) fn moment(field: &str, text: &str) -> Result<Timestamp, Refusal> {
    let moment: Result<jiff::Timestamp, _> = text.parse();
    moment
        .map(|moment| Timestamp(moment.as_millisecond()))
        .map_err(|_| {
            Refusal::bad_request(format!(
                "`{field}` is a moment by RFC 3339, such as 2026-11-01T00:00:00Z"
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_a_zone() {
        let read = |text| moment("from", text).map(|moment| moment.0);
        assert_eq!(read("1970-01-01T00:00:01.5Z"), Ok(1500));
        assert_eq!(read("1970-01-01T01:00:00+01:00"), Ok(0));
        for bad in ["1970-01-01", "1970-01-01T00:00:00", "yesterday", ""] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
