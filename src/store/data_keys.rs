//! The key of one subject, and what is sealed under it: who destroys the key has destroyed all of that.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::store::error::StoreError;

const NONCE: usize = 24;

/// What sealed text begins with. No caller's text holds a control character, so that text from before is told apart.
const MARK: &str = "\u{1}sealed:";

/// Where a value lies: it opens there and nowhere else.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    pub(super) row: &'a str,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        format!("{}/{}/{}", self.table, self.column, self.row).into_bytes()
    }
}

/// Thirty-two bytes that are wiped when they are dropped.
#[derive(Clone)]
pub(super) struct DataKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

impl DataKey {
    /// A new one, of the system's randomness.
    pub(super) fn random() -> Self {
        Self(Zeroizing::new(rand::random()))
    }

    /// The key of those bytes, where they are as many as a key has.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|key| Self(Zeroizing::new(key)))
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The name by which receipts speak of the key; nothing of the key follows from it.
    pub(super) fn id(&self) -> String {
        id_of("likeness data key", self.bytes())
    }

    /// A key for one purpose, from which neither this one nor any other follows.
    pub(super) fn derive(&self, purpose: &str) -> Result<Self, StoreError> {
        let mut derived = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, self.bytes())
            .expand(purpose.as_bytes(), derived.as_mut_slice())
            .map_err(|_| StoreError::Unstorable { what: "a key" })?;
        Ok(Self(derived))
    }

    pub(super) fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.0).into())
    }

    /// The ciphertext behind its nonce; it opens with the same `bound` and with no other.
    pub(super) fn seal(&self, bound: &[u8], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload {
            msg: plain,
            aad: bound,
        };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| StoreError::Unstorable {
            what: "a sealed value",
        })?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// What was sealed by this key with this `bound`.
    pub(super) fn open(&self, bound: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let payload = Payload {
            msg: sealed,
            aad: bound,
        };
        self.cipher().decrypt(&XNonce::from(*nonce), payload).ok()
    }

    /// A text as its column is to hold it.
    pub(super) fn seal_text(&self, place: Place<'_>, text: &str) -> Result<String, StoreError> {
        let sealed = self.seal(&place.bytes(), text.as_bytes())?;
        Ok(format!("{MARK}{}", STANDARD_NO_PAD.encode(sealed)))
    }

    /// The same of a text that may be missing.
    pub(super) fn seal_some(
        &self,
        place: Place<'_>,
        text: Option<&str>,
    ) -> Result<Option<String>, StoreError> {
        text.map(|text| self.seal_text(place, text)).transpose()
    }

    fn open_text(&self, place: Place<'_>, text: &str) -> Option<String> {
        let sealed = STANDARD_NO_PAD.decode(text.strip_prefix(MARK)?).ok()?;
        String::from_utf8(self.open(&place.bytes(), &sealed)?).ok()
    }
}

/// Whether a column holds a text that is not sealed.
pub(super) fn is_plain(text: &str) -> bool {
    !text.starts_with(MARK)
}

/// What a column says: as it stands where it was written before anything was sealed, nothing where its key is destroyed.
pub(super) fn open_column(
    key: Option<&DataKey>,
    place: Place<'_>,
    text: Option<String>,
) -> Result<Option<String>, StoreError> {
    let Some(text) = text else { return Ok(None) };
    if is_plain(&text) {
        return Ok(Some(text));
    }
    let Some(key) = key else { return Ok(None) };
    match key.open_text(place, &text) {
        Some(opened) => Ok(Some(opened)),
        None => Err(StoreError::Corrupt {
            table: place.table,
            column: place.column,
            row: place.row.to_owned(),
        }),
    }
}

/// Sixteen digits that tell one key from another.
pub(super) fn id_of(kind: &str, key: &[u8; 32]) -> String {
    let hash = Sha256::new()
        .chain_update(kind)
        .chain_update(key)
        .finalize();
    hash.iter()
        .take(8)
        .fold(String::with_capacity(16), |hex, byte| {
            format!("{hex}{byte:02x}")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'_> = Place {
        table: "sessions",
        column: "reference",
        row: "1",
    };

    #[test]
    fn a_text_opens_in_its_place_by_its_key_and_otherwise_not() {
        let key = DataKey::random();
        let sealed = key.seal_text(HERE, "case 7").unwrap();
        assert!(!is_plain(&sealed) && !sealed.contains("case"));
        assert_ne!(sealed, key.seal_text(HERE, "case 7").unwrap());
        let open = |key: Option<&DataKey>, place| open_column(key, place, Some(sealed.clone()));
        assert_eq!(open(Some(&key), HERE).unwrap().as_deref(), Some("case 7"));
        assert_eq!(open(None, HERE).unwrap(), None);
        assert!(open(Some(&DataKey::random()), HERE).is_err());
        for elsewhere in [
            Place { row: "2", ..HERE },
            Place {
                column: "metadata",
                ..HERE
            },
            Place {
                table: "subjects",
                ..HERE
            },
        ] {
            assert!(open(Some(&key), elsewhere).is_err());
        }
        let plain = open_column(Some(&key), HERE, Some("of before".to_owned()));
        assert_eq!(plain.unwrap().as_deref(), Some("of before"));
    }

    #[test]
    fn derived_keys_differ_by_purpose_and_stay_the_same() {
        let key = DataKey::random();
        let derived = |purpose| key.derive(purpose).unwrap().bytes().to_owned();
        assert_eq!(derived("notes"), derived("notes"));
        assert_ne!(derived("notes"), derived("blobs"));
        assert_ne!(&derived("notes"), key.bytes());
        assert_eq!(key.id().len(), 16);
    }
}
