//! Pictures and videos as files in a folder or objects in a bucket, streamed in and out.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
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
use crate::store::bucket;
use crate::store::counted::{Counted, Failures};
use crate::store::database::{is_open_to_others, make_private_folder};
use crate::store::error::StoreError;
use crate::store::options::BlobOptions;

/// How much of a file is held at once while it is copied: the least that S3 takes as a part of a larger object. What is
/// no longer is written in one go.
const PART: usize = 5 << 20;

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

/// The folder of blobs, or the bucket; and where it is a folder, which.
#[derive(Clone)]
pub(super) struct Blobs(pub(super) Arc<dyn ObjectStore>, pub(super) Option<PathBuf>);

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blobs(…)")
    }
}

impl Blobs {
    /// Opens the place where blobs lie.
    pub(super) async fn open(options: &BlobOptions) -> Result<Self, StoreError> {
        Ok(match options {
            BlobOptions::Folder(folder) => Self(open_folder(folder)?, Some(folder.clone())),
            BlobOptions::Bucket(bucket) => Self(bucket::open(bucket).await?, None),
        })
    }

    /// The same, with what fails counted.
    pub(super) fn counting(self, failures: &Failures) -> Self {
        Self(
            Arc::new(Counted {
                inner: self.0,
                failures: failures.clone(),
            }),
            self.1,
        )
    }
}

/// Opens the folder, making it for its owner alone when it is missing. What lies below needs
/// no lock of its own then.
///
/// A blob is written under a name with `#` in it beside its own, synced, renamed, and its folder synced, with every
/// folder that was made for it, before `put` or `complete` says that it is there (`finish_staged_rename` and
/// `create_parent_dirs` in `object_store` 0.14, `local.rs`). A copy is a link, renamed and synced in the same way.
fn open_folder(folder: &Path) -> Result<Arc<dyn ObjectStore>, StoreError> {
    make_private_folder(folder)?;
    if is_open_to_others(folder) {
        // Volumes are shared among groups on purpose at times, so it is said and not changed.
        tracing::warn!("users other than its owner may enter the blob folder");
    }
    let folder = LocalFileSystem::new_with_prefix(folder)?
        // A row must not name a blob that a power failure took.
        .with_fsync(true)
        .with_automatic_cleanup(true);
    Ok(Arc::new(folder))
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

    /// Keeps a copy of a file under a key, never whole in memory where it is long. It appears when it is complete.
    pub async fn put_blob_file(&self, key: &str, file: &Path) -> Result<(), StoreError> {
        let mut file = File::open(file).await.map_err(reading)?;
        let first = read_part(&mut file).await?;
        if first.len() < PART {
            return self.put_blob(key, first).await;
        }
        let mut upload = self.blobs.0.put_multipart(&read_key(key)?).await?;
        match copy_in(first, &mut file, upload.as_mut()).await {
            Ok(()) => Ok(()),
            Err(error) => {
                // What cannot be cleaned up now is a nameless part; the first error says more.
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
    /// are never changed, so a folder keeps them once; a bucket copies them by itself.
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

async fn copy_in(
    first: Vec<u8>,
    file: &mut File,
    upload: &mut dyn MultipartUpload,
) -> Result<(), StoreError> {
    let mut part = first;
    while !part.is_empty() {
        upload.put_part(PutPayload::from(part)).await?;
        part = read_part(file).await?;
    }
    upload.complete().await?;
    Ok(())
}

/// The next part of a file, which is whole unless the file ends in it.
async fn read_part(file: &mut File) -> Result<Vec<u8>, StoreError> {
    let mut part = Vec::new();
    file.take(PART as u64)
        .read_to_end(&mut part)
        .await
        .map_err(reading)?;
    Ok(part)
}

/// A key as the blob store understands it; one that would leave the folder is refused.
pub(super) fn read_key(key: &str) -> Result<Key, StoreError> {
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
