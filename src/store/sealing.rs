//! Seals notes under a key of their session: who destroys the session's key has destroyed every one of them.

use sea_orm::{ConnectionTrait, EntityTrait};

use crate::session::ids::{DecisionId, SessionId};
use crate::store::data_keys::DataKey;
use crate::store::entity::session_keys;
use crate::store::error::StoreError;
use crate::store::reading::Row;
use crate::store::vault::Vault;

/// What the session's key is made into for its notes.
const PURPOSE: &str = "likeness notes";

/// What an older key of notes is bound to where it is kept sealed.
const OLDER: &[u8] = b"session_keys/key";

/// The key of a session's notes. It has no `Debug` on purpose.
pub(super) struct NoteKey(DataKey);

impl NoteKey {
    /// The key of a session's notes; none where it was destroyed. Sessions from before keep the key that their notes were
    /// sealed under in a row of its own, as decisions are never written anew.
    pub(super) async fn of<C: ConnectionTrait>(
        vault: &Vault,
        connection: &C,
        session: SessionId,
    ) -> Result<Option<Self>, StoreError> {
        let id = session.0.to_string();
        let key = vault.key(connection, &id).await?;
        let older = session_keys::Entity::find_by_id(id.clone())
            .one(connection)
            .await?;
        let Some(older) = older else {
            return key.as_ref().map(Self::derived).transpose();
        };
        let row = Row {
            table: "session_keys",
            id: &id,
        };
        let opened = if is_plain(&older.key) {
            DataKey::from_bytes(&older.key)
        } else {
            let bytes = key.and_then(|key| key.open(OLDER, &older.key));
            bytes.and_then(|bytes| DataKey::from_bytes(&bytes))
        };
        row.known("key", opened).map(|key| Some(Self(key)))
    }

    fn derived(key: &DataKey) -> Result<Self, StoreError> {
        key.derive(PURPOSE).map(Self)
    }

    /// The note's ciphertext behind its nonce. It opens as the note of this decision and of no other.
    pub(super) fn seal(&self, decision: DecisionId, note: &str) -> Result<Vec<u8>, StoreError> {
        self.0.seal(decision.0.as_bytes(), note.as_bytes())
    }

    /// The note, where it was sealed by this key for this decision.
    pub(super) fn open(&self, decision: DecisionId, sealed: &[u8]) -> Option<String> {
        let note = self.0.open(decision.0.as_bytes(), sealed)?;
        String::from_utf8(note).ok()
    }
}

/// Whether an older key lies as it is.
pub(super) fn is_plain(older: &[u8]) -> bool {
    older.len() == 32
}

/// An older key as it is to lie: under its session's.
pub(super) fn seal_older(session: &DataKey, older: &[u8]) -> Result<Vec<u8>, StoreError> {
    session.seal(OLDER, older)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_note_opens_by_its_key_for_its_decision_and_otherwise_not() {
        let session = DataKey::random();
        let key = NoteKey::derived(&session).unwrap();
        let decision = DecisionId(Uuid::now_v7());
        let sealed = key.seal(decision, "the card is a copy").unwrap();
        assert_ne!(sealed, key.seal(decision, "the card is a copy").unwrap());
        assert!(!sealed.windows(4).any(|some| some == b"card"));
        let again = NoteKey::derived(&session).unwrap();
        let opened = again.open(decision, &sealed);
        assert_eq!(opened.as_deref(), Some("the card is a copy"));

        assert_eq!(key.open(DecisionId(Uuid::now_v7()), &sealed), None);
        let other = NoteKey::derived(&DataKey::random()).unwrap();
        assert_eq!(other.open(decision, &sealed), None);
        let mut altered = sealed.clone();
        altered[24] ^= 1;
        assert_eq!(key.open(decision, &altered), None);
        assert_eq!(key.open(decision, &sealed[..10]), None);
    }
}
