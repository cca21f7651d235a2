//! Reads JSON bodies as callers send them: on any method, under any content type, with keys nobody knows.

use actix_web::HttpRequest;
use actix_web::web::{Data, Payload};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::http::bounded_json;
use crate::http::error::Refusal;
use crate::http::settings::HttpSettings;
use crate::http::upload;

/// A body shorter than this is read at once.
const SMALL: usize = 64 * 1024;

/// Longest body that is read as one type, in bytes.
const MAX_TYPED: usize = 64 * 1024;

/// A small body of a type of its own. Handlers read it once they know who asks: nobody else is told what is wrong with it.
pub async fn typed<T: DeserializeOwned>(payload: Payload) -> Result<T, Refusal> {
    let bytes = upload::body_up_to(payload, MAX_TYPED).await?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Refusal::bad_request(format!("the body: {error}")))
}

/// Why a body is no JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("the body is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the body broke off")]
    Broken,
    #[error("the body is not a JSON object")]
    NotAnObject,
    #[error("the body cannot be taken: {0}")]
    Unusable(&'static str),
}

/// A value of another type than its key asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` must be {wanted}")]
pub struct WrongType {
    pub key: String,
    pub wanted: &'static str,
}

/// A JSON object whose keys are asked for one by one. It may hold pictures and names, so it has no `Debug`.
pub struct JsonBody(Map<String, Value>);

impl JsonBody {
    /// Reads the body up to the limit; an empty one is an empty object.
    pub async fn read(request: &HttpRequest, payload: Payload) -> Result<Self, BodyError> {
        let limit = request
            .app_data::<Data<HttpSettings>>()
            .map_or(0, |settings| settings.max_json_bytes);
        Self::read_up_to(payload, limit).await
    }

    /// The same up to a limit of the route's own.
    pub async fn read_up_to(mut payload: Payload, limit: usize) -> Result<Self, BodyError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| BodyError::Broken)?;
            if bytes.len() + chunk.len() > limit {
                return Err(BodyError::TooLarge { limit });
            }
            bytes.extend_from_slice(&chunk);
        }
        if bytes.len() < SMALL {
            return Self::parse(&bytes);
        }
        // A large one would hold up every other call of the thread that reads requests.
        actix_web::web::block(move || Self::parse(&bytes))
            .await
            .map_err(|_| BodyError::Broken)?
    }

    /// Reads a body that is all there; an empty one is an empty object.
    pub fn parse(bytes: &[u8]) -> Result<Self, BodyError> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(Map::new()));
        }
        match bounded_json::parse(bytes) {
            Ok(Value::Object(object)) => Ok(Self(object)),
            Ok(_) => Err(BodyError::NotAnObject),
            Err(error) => {
                let reason = error.to_string();
                let known = [bounded_json::TOO_MANY, bounded_json::NUL];
                let known = known.into_iter().find(|known| reason.contains(known));
                Err(known.map_or(BodyError::NotAnObject, BodyError::Unusable))
            }
        }
    }

    /// The object of a value, where it is one.
    pub fn of(value: &Value) -> Option<Self> {
        value.as_object().cloned().map(Self)
    }

    /// Whether the key is there, with whatever value.
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// A value; `null` is as good as nothing.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    pub fn text(&self, key: &str) -> Result<Option<&str>, WrongType> {
        self.typed(key, "a string", Value::as_str)
    }

    /// A text, or a number as its digits: some callers send identifiers bare.
    pub fn label(&self, key: &str) -> Result<Option<String>, WrongType> {
        self.typed(key, "a string", label)
    }

    pub fn labels(&self, key: &str) -> Result<Option<Vec<String>>, WrongType> {
        self.typed(key, "a list of strings", |value| {
            value.as_array()?.iter().map(label).collect()
        })
    }

    pub fn number(&self, key: &str) -> Result<Option<f64>, WrongType> {
        self.typed(key, "a number", Value::as_f64)
    }

    /// A whole number that is not negative.
    pub fn count(&self, key: &str) -> Result<Option<u64>, WrongType> {
        self.typed(key, "a whole number from 0 on", Value::as_u64)
    }

    pub fn flag(&self, key: &str) -> Result<Option<bool>, WrongType> {
        self.typed(key, "true or false", Value::as_bool)
    }

    pub fn object(&self, key: &str) -> Result<Option<Self>, WrongType> {
        self.typed(key, "an object", Self::of)
    }

    pub fn list(&self, key: &str) -> Result<Option<&[Value]>, WrongType> {
        self.typed(key, "a list", |value| value.as_array().map(Vec::as_slice))
    }

    pub fn texts(&self, key: &str) -> Result<Option<Vec<&str>>, WrongType> {
        self.typed(key, "a list of strings", |value| {
            value.as_array()?.iter().map(Value::as_str).collect()
        })
    }

    pub fn numbers(&self, key: &str) -> Result<Option<Vec<f32>>, WrongType> {
        self.typed(key, "a list of numbers", |value| {
            let numbers = value.as_array()?.iter();
            numbers
                .map(|number| number.as_f64().map(|number| number as f32))
                .collect()
        })
    }

    fn typed<'a, T>(
        &'a self,
        key: &str,
        wanted: &'static str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, WrongType> {
        match self.value(key) {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| WrongType {
                key: key.to_owned(),
                wanted,
            }),
        }
    }
}

fn label(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => number.as_u64().map(|number| number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> JsonBody {
        JsonBody::parse(text.as_bytes()).ok().unwrap()
    }

    #[test]
    fn nothing_and_null_are_the_same_and_another_type_is_wrong() {
        let body = body(r#"{"a": null, "b": "x", "c": 7, "d": [1.5, 2]}"#);
        assert_eq!(body.text("a"), Ok(None));
        assert_eq!(body.text("z"), Ok(None));
        assert_eq!(body.text("b"), Ok(Some("x")));
        assert!(body.text("c").is_err());
        assert_eq!(body.label("c"), Ok(Some("7".to_owned())));
        assert_eq!(body.numbers("d"), Ok(Some(vec![1.5, 2.0])));
        assert!(body.flag("b").is_err());
    }

    #[test]
    fn what_is_no_object_is_refused_and_no_body_is_an_empty_one() {
        assert!(JsonBody::parse(b"[1]").is_err());
        assert!(JsonBody::parse(b"{").is_err());
        assert!(!JsonBody::parse(b" \n").ok().unwrap().has("a"));
    }
}
