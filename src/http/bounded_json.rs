//! Reads JSON with a bound on the values it may hold: a few bytes of it can become many times as much memory.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Values of one body, keys not counted. An embedding has a few hundred, a bulk enrolment some thousands.
const MOST_VALUES: usize = 100_000;

/// Said of a body with more values than that.
pub const TOO_MANY: &str = "it holds too many values";

/// Said of a body with the one character that no text has and PostgreSQL does not take.
pub const NUL: &str = "it holds a NUL character";

/// The value of a text; every failure says why in its message.
pub fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let mut left = MOST_VALUES;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Bounded(&mut left).deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Counts down with every value.
struct Bounded<'a>(&'a mut usize);

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        *self.0 = self
            .0
            .checked_sub(1)
            .ok_or_else(|| D::Error::custom(TOO_MANY))?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(without_nul(text)?.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        without_nul(&text)?;
        Ok(Value::String(text))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Bounded(self.0))? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            without_nul(&key)?;
            let value = object.next_value_seed(Bounded(self.0))?;
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }
}

fn without_nul<E: Error>(text: &str) -> Result<&str, E> {
    if text.contains('\0') {
        return Err(E::custom(NUL));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_reads_what_serde_json_reads() {
        let text = r#" {"a": [1, -2, 2.5, true, null, "é"], "b": {"c": []}} "#;
        assert_eq!(
            parse(text.as_bytes()).unwrap(),
            json!({ "a": [1, -2, 2.5, true, null, "é"], "b": { "c": [] } })
        );
        for broken in ["", "{", "[1,]", "{} x", "\u{1}", "nul"] {
            assert!(parse(broken.as_bytes()).is_err(), "{broken:?}");
        }
        let deep = "[".repeat(10_000);
        assert!(parse(deep.as_bytes()).is_err());
    }

    #[test]
    fn too_much_and_a_nul_are_refused_with_a_reason() {
        let list = |count: usize| format!("[{}0]", "0,".repeat(count - 1));
        assert!(parse(list(MOST_VALUES - 1).as_bytes()).is_ok());
        let refused = parse(list(MOST_VALUES).as_bytes()).unwrap_err();
        assert!(refused.to_string().contains(TOO_MANY), "{refused}");
        for text in [r#"{"a":"\u0000"}"#, r#"{"a\u0000":1}"#] {
            let refused = parse(text.as_bytes()).unwrap_err();
            assert!(refused.to_string().contains(NUL), "{refused}");
        }
    }
}
