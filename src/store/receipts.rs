//! Receipts of erasures: what went and which keys were destroyed, signed, so that whoever holds one can show that it is ours.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DatabaseTransaction, EntityTrait};
use serde_json::json;
use uuid::Uuid;

use crate::session::ids::{ProjectId, SessionId, SubjectId};
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::data_keys::DataKey;
use crate::store::entity::{erased_subjects, erasure_receipts};
use crate::store::error::StoreError;
use crate::store::testimony::sha256;

/// What stands before the 32 bytes of an Ed25519 key in the usual encoding of public keys (RFC 8410).
const KEY_HEADER: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// How much of what went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Went {
    pub documents: u64,
    pub videos: u64,
    pub pictures: u64,
    pub thumbnails: u64,
    /// Embeddings of enrolled faces.
    pub templates: u64,
    /// What officers wrote.
    pub notes: u64,
    /// Names, references, metadata, devices, labels.
    pub texts: u64,
    /// Findings of examinations, frame by frame.
    pub reports: u64,
}

impl Went {
    pub(super) fn add(&mut self, other: Self) {
        self.documents += other.documents;
        self.videos += other.videos;
        self.pictures += other.pictures;
        self.thumbnails += other.thumbnails;
        self.templates += other.templates;
        self.notes += other.notes;
        self.texts += other.texts;
        self.reports += other.reports;
    }

    /// Files that went.
    pub fn blobs(&self) -> u64 {
        self.documents + self.videos + self.pictures + self.thumbnails
    }
}

/// Everything that went in one erasure.
#[derive(Clone, Debug, Default)]
pub struct Gone {
    pub sessions: Vec<(SessionId, Went)>,
    pub people: Vec<(SubjectId, Went)>,
    /// The names of the keys that were destroyed.
    pub keys: Vec<String>,
}

impl Gone {
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.people.is_empty()
    }

    /// All of it.
    pub fn went(&self) -> Went {
        let mut all = Went::default();
        let people = self.people.iter().map(|(_, went)| *went);
        let sessions = self.sessions.iter().map(|(_, went)| *went);
        people.chain(sessions).for_each(|went| all.add(went));
        all
    }
}

/// What is handed out of an erasure. The signature is over the bytes of the payload as they stand.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Receipt {
    /// JSON, as a text: whoever wrote it anew would sign other bytes.
    pub payload: String,
    /// In base64.
    pub signature: String,
    /// In base64, for whoever has it from nowhere else.
    pub public_key: String,
}

/// It names nobody, but who it is about.
impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receipt(…)")
    }
}

impl Receipt {
    /// The hash by which the audit log speaks of the receipt.
    pub fn sha256(&self) -> String {
        sha256(self.payload.as_bytes())
    }

    /// Whether the key of that public key, in base64, signed this payload.
    pub fn is_signed_by(&self, public_key: &str) -> bool {
        let key = STANDARD.decode(public_key.trim()).ok();
        let key = key.and_then(|key| <[u8; 32]>::try_from(key).ok());
        let key = key.and_then(|key| VerifyingKey::from_bytes(&key).ok());
        let signature = STANDARD.decode(&self.signature).ok();
        let signature = signature.and_then(|bytes| Signature::from_slice(&bytes).ok());
        match (key, signature) {
            (Some(key), Some(signature)) => key
                .verify_strict(self.payload.as_bytes(), &signature)
                .is_ok(),
            (_, _) => false,
        }
    }
}

impl Store {
    /// The public key of receipts, in base64.
    pub fn receipt_key(&self) -> String {
        public_key(self.vault.receipts())
    }

    /// The same as other programs read it.
    pub fn receipt_key_pem(&self) -> String {
        let key = signing_key(self.vault.receipts()).verifying_key();
        let encoded = STANDARD.encode([KEY_HEADER.as_slice(), key.as_bytes()].concat());
        format!("-----BEGIN PUBLIC KEY-----\n{encoded}\n-----END PUBLIC KEY-----\n")
    }

    /// The receipt of a session's or a person's erasure in a project.
    pub async fn receipt(
        &self,
        project: ProjectId,
        subject: Uuid,
    ) -> Result<Option<Receipt>, StoreError> {
        let erased = erased_subjects::Entity::find_by_id(subject.to_string())
            .one(&self.database)
            .await?;
        let Some(erased) = erased else {
            return Ok(None);
        };
        let kept = erasure_receipts::Entity::find_by_id(erased.receipt_id)
            .one(&self.database)
            .await?;
        let kept = kept.filter(|kept| kept.project_id == project.0.to_string());
        Ok(kept.map(|kept| Receipt {
            payload: kept.payload,
            signature: kept.signature,
            public_key: self.receipt_key(),
        }))
    }
}

/// Signs and keeps the receipt of what goes with this transaction.
pub(super) async fn give(
    transaction: &DatabaseTransaction,
    key: &DataKey,
    project: ProjectId,
    gone: &Gone,
    now: Timestamp,
) -> Result<Receipt, StoreError> {
    let id = Uuid::now_v7();
    let sessions = gone.sessions.iter().map(|(id, _)| (id.0, id.to_string()));
    let people = gone.people.iter().map(|(id, _)| (id.0, id.to_string()));
    let payload = json!({
        "what": "erasure",
        "receipt": id.to_string(),
        "project": project.to_string(),
        "erased_at_ms": now.0,
        "sessions": sessions.clone().map(|(_, name)| name).collect::<Vec<_>>(),
        "people": people.clone().map(|(_, name)| name).collect::<Vec<_>>(),
        "keys_destroyed": gone.keys,
        "went": gone.went(),
    })
    .to_string();
    let signature = signing_key(key).sign(payload.as_bytes());
    let receipt = Receipt {
        payload,
        signature: STANDARD.encode(signature.to_bytes()),
        public_key: public_key(key),
    };
    erasure_receipts::Entity::insert(erasure_receipts::ActiveModel {
        id: Set(id.to_string()),
        project_id: Set(project.0.to_string()),
        at: Set(now.0),
        payload: Set(receipt.payload.clone()),
        signature: Set(receipt.signature.clone()),
    })
    .exec_without_returning(transaction)
    .await?;
    let rows: Vec<_> = sessions
        .chain(people)
        .map(|(subject, _)| erased_subjects::ActiveModel {
            subject_id: Set(subject.to_string()),
            receipt_id: Set(id.to_string()),
        })
        .collect();
    for some in rows.chunks(500) {
        erased_subjects::Entity::insert_many(some.to_vec())
            .on_conflict(
                OnConflict::column(erased_subjects::Column::SubjectId)
                    .update_column(erased_subjects::Column::ReceiptId)
                    .to_owned(),
            )
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(receipt)
}

fn signing_key(key: &DataKey) -> SigningKey {
    SigningKey::from_bytes(key.bytes())
}

fn public_key(key: &DataKey) -> String {
    STANDARD.encode(signing_key(key).verifying_key().as_bytes())
}
