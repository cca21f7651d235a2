//! An answer as it is kept: its status, the headers that say something of it, and its body.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::http::idempotency::REPLAYED;

/// Headers that belong to one answer on one connection, or to whoever reads it first.
const NOT_KEPT: [&str; 7] = [
    "date",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "set-cookie",
    "x-request-id",
];

/// It may hold what a handler answered about a person, so it has no `Debug`.
pub struct Kept {
    head: Head,
    body: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

impl Kept {
    pub fn of<B>(response: &HttpResponse<B>, body: &[u8]) -> Self {
        let headers = response.headers().iter();
        let headers = headers
            .filter(|(name, _)| !NOT_KEPT.contains(&name.as_str()))
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            });
        Self {
            head: Head {
                status: response.status().as_u16(),
                headers: headers.collect(),
            },
            body: body.to_vec(),
        }
    }

    /// A line of JSON, and the body behind it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = serde_json::to_vec(&self.head).unwrap_or_default();
        [head.as_slice(), b"\n", &self.body].concat()
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let end = memchr::memchr(b'\n', bytes)?;
        Some(Self {
            head: serde_json::from_slice(bytes.get(..end)?).ok()?,
            body: bytes.get(end + 1..)?.to_vec(),
        })
    }

    /// The answer once more, marked as such.
    pub fn into_response(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.head.status);
        let mut response = HttpResponse::build(status.unwrap_or(StatusCode::OK));
        for (name, value) in self.head.headers {
            if let (Ok(name), Ok(value)) = (
                HeaderName::try_from(name.as_str()),
                HeaderValue::try_from(value.as_str()),
            ) {
                response.append_header((name, value));
            }
        }
        response.insert_header((HeaderName::from_static(REPLAYED), "true"));
        if self.body.is_empty() {
            response.finish()
        } else {
            response.body(self.body)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_as_it_was() {
        let response = HttpResponse::Created()
            .insert_header(("x-session-id", "sess_1"))
            .insert_header(("date", "now"))
            .json(serde_json::json!({ "a": "line\nand another" }));
        let kept = Kept::of(&response, b"{\"a\":\"line\\nand another\"}\n");
        let back = Kept::from_bytes(&kept.to_bytes()).unwrap();
        assert_eq!(back.body, b"{\"a\":\"line\\nand another\"}\n");
        let again = back.into_response();
        assert_eq!(again.status(), StatusCode::CREATED);
        let headers = again.headers();
        assert_eq!(headers.get("x-session-id").unwrap(), "sess_1");
        assert_eq!(headers.get("content-type").unwrap(), "application/json");
        assert_eq!(headers.get(REPLAYED).unwrap(), "true");
        assert!(!headers.contains_key("date"));
    }
}
