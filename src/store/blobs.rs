//! Pictures and videos as files in a folder, streamed in and out.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use futures_util::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::session::ids::{EvidenceId, ExaminationId, ProjectId, SessionId, TemplateId};
use crate::session::picture::PictureKind;
use crate::store::Store;
use crate::store::counted::{Counted, Failures};
use crate::store::database::{is_open_to_others, make_private_folder};
use crate::store::error::StoreError;
use crate::store::options::BlobOptions;

/// How much of a file is held at once while it is copied.
const CHUNK: usize = 1 << 20;

/// Where the bytes of a piece of evidence lie.
pub fn evidence_key(session: SessionId, evidence: EvidenceId) -> String {
    format!("{}/{}", session_folder(session), evidence.0)
}

/// Where a picture of an examination lies: in the session's folder, with which it goes.
pub fn examination_picture_key(
    session: SessionId,
    examination: ExaminationId,
    what: PictureKind,
) -> String {
    let folder = examination_folder(session, examination);
    match what {
        // Numbered before there were others.
        PictureKind::Thumbnail(frame) => format!("{folder}{frame}.jpg"),
        PictureKind::Document
        | PictureKind::Portrait
        | PictureKind::Frame(_)
        | PictureKind::AlignedFace(_) => format!("{folder}{what}.jpg"),
    }
}

/// What the keys of all pictures of an examination begin with.
pub(super) fn examination_folder(session: SessionId, examination: ExaminationId) -> String {
    format!("{}/frames/{}/", session_folder(session), examination.0)
}

/// Where everything lies that is kept for a session.
fn session_folder(session: SessionId) -> String {
    format!("sessions/{}", session.0)
}

/// Where the picture of an enrolled face lies.
pub fn picture_key(project: ProjectId, face: TemplateId) -> String {
    format!("faces/{}/{}/picture", project.0, face.0)
}

/// Where the thumbnail of an enrolled face lies.
pub(super) fn thumbnail_key(project: ProjectId, face: TemplateId) -> String {
    format!("faces/{}/{}/thumbnail", project.0, face.0)
}

/// The folder of blobs.
#[derive(Clone)]
pub(super) struct Blobs(Arc<dyn ObjectStore>);

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blobs(…)")
    }
}

impl Blobs {
    /// Opens the folder, making it for its owner alone when it is missing. What lies below needs
    /// no lock of its own then.
    pub(super) fn open(options: &BlobOptions) -> Result<Self, StoreError> {
        make_private_folder(&options.folder)?;
        if is_open_to_others(&options.folder) {
            // Volumes are shared among groups on purpose at times, so it is said and not changed.
            tracing::warn!("users other than its owner may enter the blob folder");
        }
        let folder = LocalFileSystem::new_with_prefix(&options.folder)?
            // A row must not name a blob that a power failure took.
            .with_fsync(true)
            .with_automatic_cleanup(true);
        Ok(Self(Arc::new(folder)))
    }

    /// The same, with what fails counted.
    pub(super) fn counting(self, failures: &Failures) -> Self {
        Self(Arc::new(Counted {
            inner: self.0,
            failures: failures.clone(),
        }))
    }
}

impl Store {
    /// Keeps bytes under a key, in the place of what was there.
    pub async fn put_blob(&self, key: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.blobs
            .0
            .put(&read_key(key)?, PutPayload::from(bytes))
            .await?;
        Ok(())
    }

    /// Keeps a copy of a file under a key, never whole in memory. It appears when it is complete.
    pub async fn put_blob_file(&self, key: &str, file: &Path) -> Result<(), StoreError> {
        let key = read_key(key)?;
        let mut file = File::open(file).await.map_err(reading)?;
        let mut upload = self.blobs.0.put_multipart(&key).await?;
        match copy_in(&mut file, upload.as_mut()).await {
            Ok(()) => {
                upload.complete().await?;
                Ok(())
            }
            Err(error) => {
                // What cannot be cleaned up now is a nameless part file; the first error says more.
                let _ = upload.abort().await;
                Err(error)
            }
        }
    }

    /// The bytes under a key; for what is known to be small.
    pub async fn get_blob(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.blobs.0.get(&read_key(key)?).await {
            Ok(found) => Ok(Some(found.bytes().await?.to_vec())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A part of the bytes under a key, as far as they go; a part that starts behind their end is an error.
    pub async fn get_blob_part(
        &self,
        key: &str,
        part: Range<u64>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        match self.blobs.0.get_range(&read_key(key)?, part).await {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Copies what lies under a key to a path, never whole in memory.
    pub async fn fetch_blob_to(&self, key: &str, path: &Path) -> Result<(), StoreError> {
        let found = match self.blobs.0.get(&read_key(key)?).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => {
                return Err(StoreError::NotFound { what: "blob" });
            }
            Err(error) => return Err(error.into()),
        };
        let mut chunks = found.into_stream();
        let mut file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)
            .await
            .map_err(writing)?;
        while let Some(chunk) = chunks.try_next().await? {
            file.write_all(&chunk).await.map_err(writing)?;
        }
        file.flush().await.map_err(writing)
    }

    /// Puts what lies under a key under another one too: either can be deleted, and the other stays. The bytes of a blob
    /// are never changed, so a folder keeps them once.
    pub(super) async fn copy_blob(&self, from: &str, to: &str) -> Result<(), StoreError> {
        self.blobs.0.copy(&read_key(from)?, &read_key(to)?).await?;
        Ok(())
    }

    /// The keys of everything that lies in a session's folder.
    pub(super) async fn session_blobs(
        &self,
        session: SessionId,
    ) -> Result<Vec<String>, StoreError> {
        let folder = read_key(&session_folder(session))?;
        let found: Vec<_> = self.blobs.0.list(Some(&folder)).try_collect().await?;
        Ok(found
            .into_iter()
            .map(|blob| blob.location.to_string())
            .collect())
    }

    /// Deletes what lies under a key; nothing there is as good.
    pub async fn delete_blob(&self, key: &str) -> Result<(), StoreError> {
        match self.blobs.0.delete(&read_key(key)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

async fn copy_in(file: &mut File, upload: &mut dyn MultipartUpload) -> Result<(), StoreError> {
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        let read = file
            .take(CHUNK as u64)
            .read_to_end(&mut chunk)
            .await
            .map_err(reading)?;
        if read == 0 {
            return Ok(());
        }
        upload.put_part(PutPayload::from(chunk)).await?;
    }
}

/// A key as the blob store understands it; one that would leave the folder is refused.
fn read_key(key: &str) -> Result<Key, StoreError> {
    Key::parse(key).map_err(|error| object_store::Error::from(error).into())
}

fn reading(source: std::io::Error) -> StoreError {
    StoreError::File {
        doing: "read the received file",
        source,
    }
}

fn writing(source: std::io::Error) -> StoreError {
    StoreError::File {
        doing: "write the fetched file",
        source,
    }
}
