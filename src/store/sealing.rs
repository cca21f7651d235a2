//! Seals notes under a key of their session: who destroys the key has destroyed every one of them.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::session::ids::DecisionId;
use crate::store::error::StoreError;

const NONCE: usize = 24;

/// A session's key. It has no `Debug` on purpose.
pub(super) struct NoteKey([u8; 32]);

impl NoteKey {
    /// A new one, of the system's randomness.
    pub(super) fn random() -> Self {
        Self(rand::random())
    }

    /// The key as it was kept.
    pub(super) fn kept(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The note's ciphertext behind its nonce. It opens as the note of this decision and of no other.
    pub(super) fn seal(&self, decision: DecisionId, note: &str) -> Result<Vec<u8>, StoreError> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload {
            msg: note.as_bytes(),
            aad: decision.0.as_bytes(),
        };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| StoreError::Unstorable { what: "a note" })?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The note, where it was sealed by this key for this decision.
    pub(super) fn open(&self, decision: DecisionId, sealed: &[u8]) -> Option<String> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let payload = Payload {
            msg: sealed,
            aad: decision.0.as_bytes(),
        };
        let note = self.cipher().decrypt(&XNonce::from(*nonce), payload);
        String::from_utf8(note.ok()?).ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.into())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_note_opens_by_its_key_for_its_decision_and_otherwise_not() {
        let (key, decision) = (NoteKey::random(), DecisionId(Uuid::now_v7()));
        let sealed = key.seal(decision, "the card is a copy").unwrap();
        assert_ne!(sealed, key.seal(decision, "the card is a copy").unwrap());
        assert!(!sealed.windows(4).any(|some| some == b"card"));
        let kept = NoteKey::kept(key.bytes()).unwrap();
        let opened = kept.open(decision, &sealed);
        assert_eq!(opened.as_deref(), Some("the card is a copy"));

        assert_eq!(key.open(DecisionId(Uuid::now_v7()), &sealed), None);
        assert_eq!(NoteKey::random().open(decision, &sealed), None);
        let mut altered = sealed.clone();
        altered[NONCE] ^= 1;
        assert_eq!(key.open(decision, &altered), None);
        assert_eq!(key.open(decision, &sealed[..10]), None);
    }
}
