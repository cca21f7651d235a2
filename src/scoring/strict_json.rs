//! Finds keys that stand twice in one JSON object, of which a reader would silently keep one.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::scoring::rules::Problem;

/// Most keys that are told.
const MOST_TOLD: usize = 100;

/// Most bytes of a pointer; a longer one is cut to a place further up.
const MOST_BYTES: usize = 300;

/// Every key that stands again in its object, in the order of the text. What is no JSON is told elsewhere.
pub fn repeated_keys(text: &[u8]) -> Vec<Problem> {
    let mut search = Search::default();
    let mut reader = serde_json::Deserializer::from_slice(text);
    // Whoever reads the value hears of whatever is broken in it.
    let _ = Within(&mut search).deserialize(&mut reader);
    search.found
}

/// Where the search is, and what it found.
#[derive(Default)]
struct Search {
    pointer: String,
    found: Vec<Problem>,
}

impl Search {
    fn tell(&mut self, key: &str) {
        let mut pointer = self.pointer.as_str();
        while pointer.len() > MOST_BYTES {
            pointer = pointer.rsplit_once('/').map_or("", |(above, _)| above);
        }
        if self.found.len() < MOST_TOLD {
            let reason = format!("the key `{}` stands twice", key.escape_debug());
            self.found.push(Problem::new(pointer, reason));
        }
    }

    /// Does something one step further down.
    fn inside<T>(&mut self, step: &str, look: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer
            .push_str(&step.replace('~', "~0").replace('/', "~1"));
        let seen = look(self);
        self.pointer.truncate(length);
        seen
    }
}

/// One value and everything in it.
struct Within<'a>(&'a mut Search);

impl<'de> DeserializeSeed<'de> for Within<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Within<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        for index in 0_usize.. {
            let search = &mut *self.0;
            let next = search.inside(&index.to_string(), |search| {
                list.next_element_seed(Within(search))
            });
            if next?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = object.next_key::<String>()? {
            if seen.contains(&key) {
                self.0.inside(&key, |search| search.tell(&key));
                object.next_value::<IgnoredAny>()?;
                continue;
            }
            self.0
                .inside(&key, |search| object.next_value_seed(Within(search)))?;
            seen.insert(key);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<String> {
        let found = repeated_keys(text.as_bytes());
        found.into_iter().map(|problem| problem.pointer).collect()
    }

    #[test]
    fn a_key_that_stands_again_is_found_wherever_it_is() {
        let text = r#"{"a": [1, {"b/c": 2, "b\/c": 3}], "d": {"a": null}, "a": {"e": 1, "e": 2}}"#;
        assert_eq!(places(text), ["/a/1/b~1c", "/a"]);
        assert_eq!(places(r#"[{"a": 1.5}, {"a": -1}, true, "a"]"#), [""; 0]);
        assert_eq!(
            places(r#"{"a": 1, "a""#),
            ["/a"],
            "as far as it can be read"
        );
    }

    #[test]
    fn what_is_told_is_bounded() {
        let key = "k".repeat(10_000);
        let text = format!(r#"{{"x": {{"{key}": 1, "{key}": 2}}}}"#);
        let [problem] = repeated_keys(text.as_bytes()).try_into().unwrap();
        assert_eq!(problem.pointer, "/x");
        assert!(problem.reason.len() < 400);
        let many = format!("{{\"a\": 0{}}}", ", \"a\": 0".repeat(1_000));
        assert_eq!(places(&many).len(), MOST_TOLD);
        assert_eq!(places(&"[".repeat(100_000)), [""; 0]);
    }
}
