//! Pictures and videos as files in a folder or objects in a bucket, streamed in and out.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{
    GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload,
};
use uuid::Uuid;

use crate::session::ids::{ExaminationId, ProjectId, SessionId, TemplateId};
use crate::session::picture::PictureKind;
use crate::store::Store;
use crate::store::bucket;
use crate::store::counted::{Counted, Failures};
use crate::store::database::{is_open_to_others, make_private_folder};
use crate::store::error::StoreError;
use crate::store::options::BlobOptions;
use crate::store::sealed_blob::SealedFile;

/// How much of a file is held at once while it is copied: the least that S3 takes as a part of a larger object. What is
/// no longer is written in one go.
const PART: usize = 5 << 20;

/// A place for the bytes of a piece of evidence, which no other try to keep it has: each try seals them under a key of
/// its own, and one that comes too late must not write over what another has kept.
pub fn new_evidence_key(session: SessionId) -> String {
    format!("{}/{}", session_folder(session), Uuid::now_v7())
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

/// What lies under a key, sealed or from before, while it is read.
pub(super) struct RawBlob {
    pub(super) size: u64,
    pub(super) bytes: BoxStream<'static, object_store::Result<Vec<u8>>>,
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
    /// Keeps bytes under a key as they are.
    pub(super) async fn put_raw(&self, key: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.blobs
            .0
            .put(&read_key(key)?, PutPayload::from(bytes))
            .await?;
        Ok(())
    }

    /// Keeps a file that is sealed on its way, never whole in memory where it is long. It appears when it is complete.
    pub(super) async fn put_raw_file(
        &self,
        key: &str,
        mut file: SealedFile,
    ) -> Result<(), StoreError> {
        let first = file.next(PART).await?.unwrap_or_default();
        if first.len() < PART {
            return self.put_raw(key, first).await;
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

    /// What lies under a key, as it comes.
    pub(super) async fn get_raw(&self, key: &str) -> Result<Option<RawBlob>, StoreError> {
        match self.blobs.0.get(&read_key(key)?).await {
            Ok(found) => Ok(Some(RawBlob {
                size: found.meta.size,
                bytes: found.into_stream().map_ok(Vec::from).boxed(),
            })),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A part of what lies under a key, as far as it goes; a part that starts behind its end is an error.
    pub(super) async fn get_raw_part(
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

    /// The first bytes of what lies under a key, and how many there are in all.
    pub(super) async fn raw_head(
        &self,
        key: &str,
        bytes: u64,
    ) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(0..bytes)),
            ..GetOptions::default()
        };
        match self.blobs.0.get_opts(&read_key(key)?, options).await {
            Ok(found) => {
                let size = found.meta.size;
                Ok(Some((found.bytes().await?.to_vec(), size)))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
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
    file: &mut SealedFile,
    upload: &mut dyn MultipartUpload,
) -> Result<(), StoreError> {
    let mut part = Some(first);
    while let Some(bytes) = part {
        upload.put_part(PutPayload::from(bytes)).await?;
        part = file.next(PART).await?;
    }
    upload.complete().await?;
    Ok(())
}

/// A key as the blob store understands it; one that would leave the folder is refused.
pub(super) fn read_key(key: &str) -> Result<Key, StoreError> {
    Key::parse(key).map_err(|error| object_store::Error::from(error).into())
}
