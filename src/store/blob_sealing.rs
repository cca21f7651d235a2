//! Blobs are sealed on their way in and opened on their way out, each under the key of whom it shows.

use std::ops::Range;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use futures_util::TryStreamExt;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use crate::session::ids::{SessionId, SubjectId, TemplateId};
use crate::store::Store;
use crate::store::blobs::RawBlob;
use crate::store::data_keys::{DataKey, Place, open_column};
use crate::store::entity::templates;
use crate::store::error::StoreError;
use crate::store::reading::Row;
use crate::store::sealed_blob::{HEADER, Layout, SealedFile, Unsealing, prefix_of, seal};

/// Whom a blob shows, by where it lies.
enum Owner {
    Session(SessionId),
    Face(TemplateId),
    Nobody,
}

impl Owner {
    fn of(key: &str) -> Self {
        let mut parts = key.split('/');
        let uuid = |part: Option<&str>| part.and_then(|part| Uuid::try_parse(part).ok());
        match parts.next() {
            Some("sessions") => uuid(parts.next()).map(|id| Self::Session(SessionId(id))),
            Some("faces") => uuid(parts.nth(1)).map(|id| Self::Face(TemplateId(id))),
            Some(_) | None => None,
        }
        .unwrap_or(Self::Nobody)
    }
}

impl Store {
    /// Keeps bytes under a key, in the place of what was there; refused where they would show somebody who was erased.
    pub async fn put_blob(&self, key: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        let data_key = self.key_to_seal(key).await?;
        self.put_blob_under(key, &bytes, &data_key).await
    }

    /// Keeps a copy of a file under a key, never whole in memory. It appears when it is complete.
    pub async fn put_blob_file(&self, key: &str, file: &Path) -> Result<(), StoreError> {
        let data_key = self.key_to_seal(key).await?;
        self.put_blob_file_under(key, file, &data_key).await
    }

    /// The bytes under a key; for what is known to be small. What nobody can open any more is not there.
    pub async fn get_blob(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut bytes = Vec::new();
        let Some(mut opening) = self.open_blob(key).await? else {
            return Ok(None);
        };
        while let Some(some) = opening.next().await? {
            bytes.extend(some);
        }
        Ok(Some(bytes))
    }

    /// A part of the bytes under a key, as far as they go; a part that starts behind their end is an error. No more is
    /// read and opened than the chunks that hold it.
    pub async fn get_blob_part(
        &self,
        key: &str,
        part: Range<u64>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let Some((head, size)) = self.raw_head(key, HEADER as u64).await? else {
            return Ok(None);
        };
        let Some(prefix) = prefix_of(&head) else {
            self.refuse_plain()?;
            return self.get_raw_part(key, part).await;
        };
        let Some(data_key) = self.key_to_open(key).await? else {
            return Ok(None);
        };
        let layout = Layout::of(size)?;
        let Some(span) = layout.span(&part) else {
            return Err(StoreError::behind_the_end(layout.plain()));
        };
        match self.get_raw_part(key, span.sealed.clone()).await? {
            Some(sealed) => layout
                .open(&data_key, key, prefix, &span, &sealed)
                .map(Some),
            None => Ok(None),
        }
    }

    /// Copies what lies under a key to a path, never whole in memory.
    pub async fn fetch_blob_to(&self, key: &str, path: &Path) -> Result<(), StoreError> {
        let Some(mut opening) = self.open_blob(key).await? else {
            return Err(StoreError::NotFound { what: "blob" });
        };
        let mut file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)
            .await
            .map_err(writing)?;
        while let Some(some) = opening.next().await? {
            file.write_all(&some).await.map_err(writing)?;
        }
        file.flush().await.map_err(writing)
    }

    pub(super) async fn put_blob_under(
        &self,
        key: &str,
        bytes: &[u8],
        data_key: &DataKey,
    ) -> Result<(), StoreError> {
        self.put_raw(key, seal(data_key, key, bytes)?).await
    }

    pub(super) async fn put_blob_file_under(
        &self,
        key: &str,
        file: &Path,
        data_key: &DataKey,
    ) -> Result<(), StoreError> {
        let file = File::open(file).await.map_err(|source| StoreError::File {
            doing: "read the received file",
            source,
        })?;
        self.put_raw_file(key, SealedFile::new(file, data_key, key)?)
            .await
    }

    /// Puts what lies under a key under another one too, sealed for whom it shows there: either can be deleted, and the
    /// other stays.
    pub(super) async fn copy_blob_under(
        &self,
        from: &str,
        to: &str,
        data_key: &DataKey,
    ) -> Result<(), StoreError> {
        let plain = self.fetch_blob(from).await?;
        self.put_blob_file_under(to, &plain, data_key).await
    }

    /// Seals a blob from before, where it is not sealed yet; tells whether it was not.
    pub(super) async fn seal_blob(&self, key: &str) -> Result<bool, StoreError> {
        let Some((head, _)) = self.raw_head(key, HEADER as u64).await? else {
            return Ok(false);
        };
        if prefix_of(&head).is_some() {
            return Ok(false);
        }
        let plain = self.fetch_blob(key).await?;
        self.put_blob_file(key, &plain).await?;
        Ok(true)
    }

    async fn open_blob(&self, key: &str) -> Result<Option<Opening>, StoreError> {
        let Some(mut raw) = self.get_raw(key).await? else {
            return Ok(None);
        };
        let mut head = Vec::new();
        while head.len() < HEADER {
            match raw.bytes.try_next().await? {
                Some(some) => head.extend_from_slice(&some),
                None => break,
            }
        }
        let unsealing = match prefix_of(&head) {
            None => {
                self.refuse_plain()?;
                None
            }
            Some(prefix) => {
                let Some(data_key) = self.key_to_open(key).await? else {
                    return Ok(None);
                };
                head.drain(..HEADER);
                Some(Unsealing::new(&data_key, key, prefix, raw.size)?)
            }
        };
        Ok(Some(Opening {
            raw,
            first: Some(head),
            unsealing,
            over: false,
        }))
    }

    /// Where everything is sealed, what is not was put there by somebody else.
    fn refuse_plain(&self) -> Result<(), StoreError> {
        if self.vault.is_sealed_only() {
            return Err(StoreError::Broken {
                what: "a stored file",
            });
        }
        Ok(())
    }

    async fn key_to_seal(&self, key: &str) -> Result<DataKey, StoreError> {
        match Owner::of(key) {
            Owner::Session(session) => self.vault.session_key(&self.database, session).await?,
            Owner::Face(face) => self.face_key(face, true).await?,
            Owner::Nobody => Some(self.vault.ownerless().clone()),
        }
        .ok_or(StoreError::Erased)
    }

    async fn key_to_open(&self, key: &str) -> Result<Option<DataKey>, StoreError> {
        match Owner::of(key) {
            Owner::Session(session) => {
                let id = session.0.to_string();
                self.vault.key(&self.database, &id).await
            }
            Owner::Face(face) => self.face_key(face, false).await,
            Owner::Nobody => Ok(Some(self.vault.ownerless().clone())),
        }
    }

    async fn keep_face_key(&self, face: TemplateId, sealed: &str) -> Result<(), StoreError> {
        templates::Entity::update_many()
            .col_expr(templates::Column::BlobKey, Expr::value(sealed))
            .filter(templates::Column::Id.eq(face.0.to_string()))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// The key of an enrolled face's pictures, made where it has none and one is wanted.
    async fn face_key(&self, face: TemplateId, make: bool) -> Result<Option<DataKey>, StoreError> {
        let id = face.0.to_string();
        let Some(model) = templates::Entity::find_by_id(id.clone())
            .one(&self.database)
            .await?
        else {
            return Ok(None);
        };
        let row = Row {
            table: "templates",
            id: &id,
        };
        let person = SubjectId(row.uuid("subject_id", &model.subject_id)?);
        let Some(person_key) = self.vault.person_key(&self.database, person).await? else {
            return Ok(None);
        };
        if model.blob_key.is_none() && make {
            let key = DataKey::random();
            let sealed = seal_face_key(&person_key, face, &key)?;
            return self.keep_face_key(face, &sealed).await.map(|()| Some(key));
        }
        open_face_key(&person_key, face, model.blob_key)
    }
}

/// A face's key as its row holds it.
pub(super) fn seal_face_key(
    person: &DataKey,
    face: TemplateId,
    key: &DataKey,
) -> Result<String, StoreError> {
    let text = STANDARD_NO_PAD.encode(key.bytes());
    person.seal_text(face_key_place(&face.0.to_string()), &text)
}

fn open_face_key(
    person: &DataKey,
    face: TemplateId,
    sealed: Option<String>,
) -> Result<Option<DataKey>, StoreError> {
    let id = face.0.to_string();
    let place = face_key_place(&id);
    let Some(text) = open_column(Some(person), place, sealed)? else {
        return Ok(None);
    };
    let bytes = STANDARD_NO_PAD.decode(text);
    let row = Row {
        table: "templates",
        id: &id,
    };
    let key = bytes.ok().and_then(|bytes| DataKey::from_bytes(&bytes));
    row.known("blob_key", key).map(Some)
}

fn face_key_place(face: &str) -> Place<'_> {
    Place {
        table: "templates",
        column: "blob_key",
        row: face,
    }
}

/// A blob that is being read.
struct Opening {
    raw: RawBlob,
    first: Option<Vec<u8>>,
    /// None for what was never sealed.
    unsealing: Option<Unsealing>,
    over: bool,
}

impl Opening {
    /// The next bytes; none after the last.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        if self.over {
            return Ok(None);
        }
        let some = match self.first.take() {
            Some(first) => Some(first),
            None => self.raw.bytes.try_next().await?,
        };
        match (some, self.unsealing.as_mut()) {
            (Some(some), Some(unsealing)) => unsealing.push(&some).map(Some),
            (Some(some), None) => Ok(Some(some)),
            (None, _) => {
                self.over = true;
                self.unsealing.take().map(Unsealing::end).transpose()
            }
        }
    }
}

fn writing(source: std::io::Error) -> StoreError {
    StoreError::File {
        doing: "write the fetched file",
        source,
    }
}
