//! What whoever runs the machine does with the keys: sees how they stand, wraps them anew, seals what is from before.

use crate::operations::Operations;
use crate::operations::error::Error;
use crate::store::keys::KeysStatus;
use crate::store::master_keys::new_master_key;
use crate::store::plain_rows::Sealed;
use crate::store::receipts::Receipt;

/// A new master key in base64. It is kept nowhere.
pub fn generate_master_key() -> String {
    new_master_key()
}

/// What a receipt says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptCheck {
    Genuine,
    /// The payload or the signature was altered, or another key signed it.
    NotSigned,
}

impl Operations {
    /// Which master keys there are, and what they wrap.
    pub async fn keys_status(&self) -> Result<KeysStatus, Error> {
        Ok(self.store.keys_status().await?)
    }

    /// Wraps every key under the newest master key; tells how many were not yet.
    pub async fn rotate_keys(&self) -> Result<u64, Error> {
        Ok(self.store.rotate_keys().await?)
    }

    /// Seals every row and every file from before anything was sealed. It can be broken off and goes on where it stopped.
    pub async fn seal_plain(&self) -> Result<Sealed, Error> {
        Ok(self.store.seal_plain().await?)
    }

    /// The public key of receipts, in base64 and as other programs read it.
    pub fn receipt_keys(&self) -> (String, String) {
        (self.store.receipt_key(), self.store.receipt_key_pem())
    }

    /// Whether a receipt was given by this service, or by whoever has the key that is named.
    pub fn check_receipt(
        &self,
        receipt: &str,
        public_key: Option<&str>,
    ) -> Result<ReceiptCheck, Error> {
        let receipt: Receipt = serde_json::from_str(receipt)
            .map_err(|_| Error::invalid("this is no receipt of an erasure"))?;
        let own = self.store.receipt_key();
        let genuine = receipt.is_signed_by(public_key.unwrap_or(&own));
        Ok(if genuine {
            ReceiptCheck::Genuine
        } else {
            ReceiptCheck::NotSigned
        })
    }
}
