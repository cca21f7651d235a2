//! Blobs that no row names: what a crash between the blob and its row leaves behind.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::TryStreamExt;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::entity::{doomed_blobs, evidence, examinations, sessions, templates};
use crate::store::error::StoreError;
use crate::store::vitals::PROBE;

/// Keys that are asked for in one go.
const AT_ONCE: usize = 500;

/// What a look at everything that is kept found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orphans {
    /// Blobs that were there.
    pub blobs: u64,
    pub bytes: u64,
    /// Those of them that no row names, and that are older than they may be without one.
    pub orphans: u64,
    /// Those that no row names, and that may still come by one.
    pub young: u64,
    /// Old blobs of tries whether blobs can be written, which broke off before they took them away.
    pub probes: u64,
    /// Blobs whose key means nothing to this program: they are left alone.
    pub strange: u64,
    /// Files of blobs that were never completed; in a bucket the server looks after them.
    pub unfinished: u64,
}

/// What a key says about the blob.
enum Owner {
    Evidence {
        session: String,
    },
    Examination {
        session: String,
        examination: String,
    },
    Face {
        face: String,
    },
    /// Nobody: it was tried whether blobs can be written.
    Probe,
}

struct Blob {
    key: String,
    owner: Option<Owner>,
    is_old: bool,
}

impl Store {
    /// Looks at every blob, and deletes those that no row names and that nothing happened to since a moment, if asked to. The
    /// moment must lie further back than any request takes: a blob comes before its row.
    pub async fn sweep_orphans(
        &self,
        untouched_since: Timestamp,
        delete: bool,
    ) -> Result<Orphans, StoreError> {
        let mut found = Orphans::default();
        let mut chunks = self
            .blobs
            .0
            .list(None)
            .map_err(StoreError::from)
            .try_chunks(AT_ONCE);
        while let Some(chunk) = chunks.try_next().await.map_err(|broken| broken.1)? {
            found.blobs += chunk.len() as u64;
            found.bytes += chunk.iter().map(|meta| meta.size).sum::<u64>();
            let blobs = chunk.into_iter().map(|meta| Blob {
                key: meta.location.to_string(),
                owner: owner(meta.location.as_ref()),
                is_old: meta.last_modified.timestamp_millis() < untouched_since.0,
            });
            self.sweep_some(blobs.collect(), delete, &mut found).await?;
        }
        if let Some(folder) = self.blobs.1.clone() {
            let since = UNIX_EPOCH + Duration::from_millis(untouched_since.0.unsigned_abs());
            let sweeping = tokio::task::spawn_blocking(move || unfinished(&folder, since, delete));
            found.unfinished = sweeping.await.map_err(|_| StoreError::Interrupted)??;
        }
        Ok(found)
    }

    async fn sweep_some(
        &self,
        blobs: Vec<Blob>,
        delete: bool,
        found: &mut Orphans,
    ) -> Result<(), StoreError> {
        let named = self.named(&blobs).await?;
        for blob in blobs {
            if blob.owner.is_none() {
                found.strange += 1;
            } else if !named.contains(&blob.key) {
                if !blob.is_old {
                    found.young += 1;
                    continue;
                }
                // Told apart: a bucket that is slow for a day leaves many, and they say nothing about the rows.
                if matches!(blob.owner, Some(Owner::Probe)) {
                    found.probes += 1;
                } else {
                    found.orphans += 1;
                }
                if delete {
                    self.delete_blob(&blob.key).await?;
                }
            }
        }
        Ok(())
    }

    /// The keys that a row names, or that are named as to be deleted.
    async fn named(&self, blobs: &[Blob]) -> Result<BTreeSet<String>, StoreError> {
        let keys = || blobs.iter().map(|blob| blob.key.clone());
        let doomed: Vec<String> = doomed_blobs::Entity::find()
            .select_only()
            .column(doomed_blobs::Column::Key)
            .filter(doomed_blobs::Column::Key.is_in(keys()))
            .into_tuple()
            .all(&self.database)
            .await?;
        let evidence: BTreeSet<String> = evidence::Entity::find()
            .select_only()
            .column(evidence::Column::Blob)
            .filter(evidence::Column::Blob.is_in(keys()))
            .into_tuple()
            .all(&self.database)
            .await?
            .into_iter()
            .collect();
        let sessions = self.living_sessions(blobs).await?;
        let examinations = self.examinations_of(blobs).await?;
        let faces = self.faces_of(blobs).await?;
        let lives = |blob: &Blob| match &blob.owner {
            Some(Owner::Evidence { session }) => {
                evidence.contains(&blob.key) && sessions.contains(session)
            }
            Some(Owner::Examination {
                session,
                examination,
            }) => examinations.contains(examination) && sessions.contains(session),
            Some(Owner::Face { face }) => faces.contains(face),
            Some(Owner::Probe) | None => false,
        };
        let living = blobs.iter().filter(|blob| lives(blob));
        let living = living.map(|blob| blob.key.clone());
        Ok(living.chain(doomed).collect())
    }

    async fn living_sessions(&self, blobs: &[Blob]) -> Result<BTreeSet<String>, StoreError> {
        let ids: BTreeSet<&String> = blobs
            .iter()
            .filter_map(|blob| match &blob.owner {
                Some(Owner::Evidence { session } | Owner::Examination { session, .. }) => {
                    Some(session)
                }
                Some(Owner::Face { .. } | Owner::Probe) | None => None,
            })
            .collect();
        let found: Vec<String> = sessions::Entity::find()
            .select_only()
            .column(sessions::Column::Id)
            .filter(sessions::Column::Id.is_in(ids))
            .filter(sessions::Column::ErasedAt.is_null())
            .into_tuple()
            .all(&self.database)
            .await?;
        Ok(found.into_iter().collect())
    }

    async fn examinations_of(&self, blobs: &[Blob]) -> Result<BTreeSet<String>, StoreError> {
        let ids: BTreeSet<&String> = blobs
            .iter()
            .filter_map(|blob| match &blob.owner {
                Some(Owner::Examination { examination, .. }) => Some(examination),
                Some(Owner::Evidence { .. } | Owner::Face { .. } | Owner::Probe) | None => None,
            })
            .collect();
        let found: Vec<String> = examinations::Entity::find()
            .select_only()
            .column(examinations::Column::Id)
            .filter(examinations::Column::Id.is_in(ids))
            .into_tuple()
            .all(&self.database)
            .await?;
        Ok(found.into_iter().collect())
    }

    async fn faces_of(&self, blobs: &[Blob]) -> Result<BTreeSet<String>, StoreError> {
        let ids: BTreeSet<&String> = blobs
            .iter()
            .filter_map(|blob| match &blob.owner {
                Some(Owner::Face { face }) => Some(face),
                Some(Owner::Evidence { .. } | Owner::Examination { .. } | Owner::Probe) | None => {
                    None
                }
            })
            .collect();
        let found: Vec<String> = templates::Entity::find()
            .select_only()
            .column(templates::Column::Id)
            .filter(templates::Column::Id.is_in(ids))
            .into_tuple()
            .all(&self.database)
            .await?;
        Ok(found.into_iter().collect())
    }
}

/// Whose blob a key is, as [`blobs`](crate::store::blobs) makes them; none where it is made in another way.
fn owner(key: &str) -> Option<Owner> {
    let known = |id: &str| Uuid::try_parse(id).is_ok().then(|| id.to_owned());
    let parts: Vec<&str> = key.split('/').collect();
    match parts.as_slice() {
        ["sessions", session, evidence] => {
            known(evidence)?;
            Some(Owner::Evidence {
                session: known(session)?,
            })
        }
        ["sessions", session, "frames", examination, _] => Some(Owner::Examination {
            session: known(session)?,
            examination: known(examination)?,
        }),
        ["faces", project, face, "picture" | "thumbnail"] => {
            known(project)?;
            Some(Owner::Face { face: known(face)? })
        }
        [PROBE, id] => known(id).map(|_| Owner::Probe),
        _ => None,
    }
}

/// Counts the files of blobs that were never completed and are older than a moment, and deletes them if asked to. Their
/// names end with `#` and a number, which no blob's does.
fn unfinished(folder: &Path, since: SystemTime, delete: bool) -> Result<u64, StoreError> {
    let failed = |source| StoreError::File {
        doing: "look for unfinished blobs",
        source,
    };
    let mut count = 0;
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            // Folders go with the last blob in them.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(error)),
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let Ok(facts) = entry.metadata() else {
                // Renamed or deleted meanwhile.
                continue;
            };
            if facts.is_dir() {
                folders.push(entry.path());
            } else if is_unfinished(&entry.file_name().to_string_lossy())
                && facts.modified().map_err(failed)? < since
            {
                count += 1;
                if delete {
                    std::fs::remove_file(entry.path()).map_err(failed)?;
                }
            }
        }
    }
    Ok(count)
}

fn is_unfinished(name: &str) -> bool {
    name.rsplit_once('#').is_some_and(|(_, number)| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}
