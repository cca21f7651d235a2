//! The galleries that are held in memory for searching, and how they catch up with the database.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use crate::operations::error::Error;
use crate::search::faces::Faces;
use crate::session::gallery::{EnrolledFace, Gallery};
use crate::session::ids::{GalleryId, TemplateId};
use crate::store::Store;
use crate::store::template_changes::CatchUp;

/// A gallery as it was at a revision.
#[derive(Default)]
pub(crate) struct Resident {
    /// None before it was read for the first time.
    revision: Option<i64>,
    pub(crate) faces: Faces,
    /// Faces of other packs than the one that decides: they can be compared with nothing.
    foreign: BTreeMap<TemplateId, String>,
}

impl Resident {
    /// The pack of a face that no search could find, where there is one.
    pub(crate) fn foreign_pack(&self) -> Option<&str> {
        self.foreign.values().next().map(String::as_str)
    }

    fn put(&mut self, face: &EnrolledFace, pack: &str) {
        let vector = face.template.vector();
        if self.faces.is_empty() && self.faces.dimensions() != vector.len() {
            self.faces = Faces::new(vector.len());
        }
        let fits = face.template.pack() == pack && self.faces.put(face.id, face.subject, vector);
        if fits {
            self.foreign.remove(&face.id);
        } else {
            self.faces.remove(face.id);
            self.foreign
                .insert(face.id, face.template.pack().to_owned());
        }
    }

    fn remove(&mut self, id: TemplateId) {
        self.faces.remove(id);
        self.foreign.remove(&id);
    }
}

/// Every gallery that was searched since the service started.
#[derive(Clone, Default)]
pub(crate) struct Residents(Arc<Mutex<HashMap<GalleryId, Arc<RwLock<Resident>>>>>);

impl Residents {
    /// The gallery at least as new as the row that was read of it.
    pub(crate) async fn up_to_date(
        &self,
        store: &Store,
        gallery: &Gallery,
        pack: &str,
    ) -> Result<OwnedRwLockReadGuard<Resident>, Error> {
        let shared = self.shared(gallery.id);
        let known = shared.clone().read_owned().await;
        if known
            .revision
            .is_some_and(|revision| revision >= gallery.revision)
        {
            return Ok(known);
        }
        drop(known);
        let mut resident = shared.write_owned().await;
        catch_up(&mut resident, store, gallery, pack).await?;
        Ok(resident.downgrade())
    }

    pub(crate) fn forget(&self, gallery: GalleryId) {
        self.map().remove(&gallery);
    }

    fn shared(&self, gallery: GalleryId) -> Arc<RwLock<Resident>> {
        self.map().entry(gallery).or_default().clone()
    }

    fn map(&self) -> std::sync::MutexGuard<'_, HashMap<GalleryId, Arc<RwLock<Resident>>>> {
        // Nothing in the map can be half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn catch_up(
    resident: &mut Resident,
    store: &Store,
    gallery: &Gallery,
    pack: &str,
) -> Result<(), Error> {
    if let Some(known) = resident.revision {
        if known >= gallery.revision {
            return Ok(());
        }
        let changes = store
            .changes_since(gallery.id, known, gallery.revision)
            .await?;
        if let CatchUp::Changes { present, gone } = changes {
            for id in gone {
                resident.remove(id);
            }
            for face in &present {
                resident.put(face, pack);
            }
            resident.revision = Some(gallery.revision);
            return Ok(());
        }
    }
    // What comes while it is read is in the log of changes after the revision that was read before.
    let mut anew = Resident::default();
    let mut after = None;
    loop {
        let (faces, last) = store.faces_after(gallery.id, after).await?;
        for face in &faces {
            anew.put(face, pack);
        }
        if last.is_none() {
            break;
        }
        after = last;
    }
    anew.revision = Some(gallery.revision);
    *resident = anew;
    Ok(())
}
