//! Pictures as base64, with or without the prefix of a data URL.

use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Why a text is no picture's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Base64Problem {
    #[error("it is empty")]
    Empty,
    #[error("it is not base64")]
    NotBase64,
    #[error("it is larger than {limit} bytes")]
    TooLarge { limit: usize },
}

/// The bytes of a picture. Line breaks are skipped, either alphabet is read, padding may be missing.
pub fn decode(text: &str, limit: usize) -> Result<Vec<u8>, Base64Problem> {
    let bare = match text.split_once(',') {
        Some((prefix, rest)) if prefix.trim_start().starts_with("data:") => rest,
        _ => text,
    };
    let digits: String = bare
        .chars()
        .filter(|character| !character.is_ascii_whitespace())
        .collect();
    if digits.is_empty() {
        return Err(Base64Problem::Empty);
    }
    // Known before anything is decoded.
    if digits.len() / 4 * 3 > limit.saturating_add(3) {
        return Err(Base64Problem::TooLarge { limit });
    }
    let alphabet = if digits.contains(['-', '_']) {
        &URL_SAFE
    } else {
        &STANDARD
    };
    let bytes = engine(alphabet)
        .decode(digits)
        .map_err(|_| Base64Problem::NotBase64)?;
    if bytes.len() > limit {
        return Err(Base64Problem::TooLarge { limit });
    }
    Ok(bytes)
}

/// A picture as a caller reads it.
pub fn encode(bytes: &[u8]) -> String {
    engine(&STANDARD).encode(bytes)
}

fn engine(alphabet: &Alphabet) -> GeneralPurpose {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_spelling_is_read() {
        for text in ["//79", "__79", "data:image/jpeg;base64,//79", " //\r\n79\n"] {
            assert_eq!(decode(text, 10), Ok(vec![0xff, 0xfe, 0xfd]), "{text:?}");
        }
        assert_eq!(decode("/w", 10), Ok(vec![0xff]));
        assert_eq!(decode("/w==", 10), Ok(vec![0xff]));
        assert_eq!(encode(&[0xff]), "/w==");
    }

    #[test]
    fn what_is_none_is_refused() {
        assert_eq!(decode("", 10), Err(Base64Problem::Empty));
        assert_eq!(
            decode("data:image/png;base64,", 10),
            Err(Base64Problem::Empty)
        );
        assert_eq!(decode("no picture!", 10), Err(Base64Problem::NotBase64));
        assert_eq!(
            decode("AAAAAAAA", 5),
            Err(Base64Problem::TooLarge { limit: 5 })
        );
        assert_eq!(decode("AAAAAAA=", 5), Ok(vec![0; 5]));
    }
}
