//! Reads request headers that people's names and ids come in.

use actix_web::HttpRequest;

use crate::http::error::Refusal;

/// A header's text: UTF-8, else Latin-1, as browsers and Node send `José`. Control characters are
/// refused, and so is a header that comes twice.
pub fn text(request: &HttpRequest, name: &str) -> Result<Option<String>, Refusal> {
    let mut values = request.headers().get_all(name);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Refusal::bad_request(format!(
            "the header {name} came twice"
        )));
    }
    let text = match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        // Every byte of Latin-1 is the code point of the same number.
        Err(_) => value
            .as_bytes()
            .iter()
            .map(|byte| char::from(*byte))
            .collect(),
    };
    if text.chars().any(char::is_control) {
        return Err(Refusal::bad_request(format!(
            "the header {name} holds a control character"
        )));
    }
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// A header that says yes or no.
pub fn flag(request: &HttpRequest, name: &str) -> Result<bool, Refusal> {
    match text(request, name)?.as_deref() {
        None => Ok(false),
        Some(word) if word.eq_ignore_ascii_case("true") || word == "1" => Ok(true),
        Some(word) if word.eq_ignore_ascii_case("false") || word == "0" => Ok(false),
        Some(_) => Err(Refusal::bad_request(format!(
            "the header {name} is `true` or `false`"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use actix_web::test::TestRequest;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<String>, Refusal> {
        let value = HeaderValue::from_bytes(bytes).unwrap();
        let name = HeaderName::from_static("x-user-fullname");
        text(
            &TestRequest::default()
                .insert_header((name, value))
                .to_http_request(),
            "X-User-Fullname",
        )
    }

    #[test]
    fn a_name_is_utf8_or_else_latin1() {
        assert_eq!(read("José".as_bytes()), Ok(Some("José".to_owned())));
        assert_eq!(read(b"Jos\xe9"), Ok(Some("José".to_owned())));
        assert_eq!(read(b"  "), Ok(None));
    }

    #[test]
    fn a_control_character_is_refused() {
        assert!(read(b"a\tb").is_err());
        assert!(read("a\u{85}b".as_bytes()).is_err());
        assert!(read(b"a\x85b").is_err(), "the same character in Latin-1");
    }
}
