//! Turns stored values back into the nouns, naming the place where one makes no sense.

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::store::error::StoreError;

/// The row that is being read.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) table: &'static str,
    pub(super) id: &'a str,
}

impl Row<'_> {
    /// An identifier.
    pub(super) fn uuid(&self, column: &'static str, text: &str) -> Result<Uuid, StoreError> {
        self.known(column, Uuid::try_parse(text).ok())
    }

    /// A value kept as JSON.
    pub(super) fn json<T: DeserializeOwned>(
        &self,
        column: &'static str,
        text: &str,
    ) -> Result<T, StoreError> {
        self.known(column, serde_json::from_str(text).ok())
    }

    /// A value kept as JSON, where there is one.
    pub(super) fn json_if_any<T: DeserializeOwned>(
        &self,
        column: &'static str,
        text: Option<&str>,
    ) -> Result<Option<T>, StoreError> {
        text.map(|text| self.json(column, text)).transpose()
    }

    /// A value that is one of a few.
    pub(super) fn known<T>(&self, column: &'static str, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| StoreError::Corrupt {
            table: self.table,
            column,
            row: self.id.to_owned(),
        })
    }
}

/// What a row says, where it can be read. One that cannot is told of by its identifier and left out, where others are not
/// to wait for it.
pub(super) fn if_readable<T>(read: Result<T, StoreError>) -> Option<T> {
    read.inspect_err(|error| tracing::error!(%error, "a row is passed over"))
        .ok()
}

/// The JSON of a value.
pub(super) fn to_json<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Unstorable { what })
}

/// The JSON of a value, once it has been seen to read back.
///
/// JSON has no word for infinity and for what is not a number: such a value would be written as
/// `null`, and its row could never be read again.
pub(super) fn to_readable_json<T: Serialize + DeserializeOwned>(
    what: &'static str,
    value: &T,
) -> Result<String, StoreError> {
    let text = to_json(what, value)?;
    match serde_json::from_str::<T>(&text) {
        Ok(_) => Ok(text),
        Err(_) => Err(StoreError::Unstorable { what }),
    }
}

/// The JSON of a value, where there is one.
pub(super) fn json_if_any<T: Serialize + DeserializeOwned>(
    what: &'static str,
    value: Option<&T>,
) -> Result<Option<String>, StoreError> {
    value.map(|value| to_readable_json(what, value)).transpose()
}
