//! Makes, lists, describes and deletes galleries: keyspaces, facegalleries and collections alike.

use serde_json::json;
use uuid::Uuid;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::audit::AuditAction;
use crate::session::gallery::{Gallery, GalleryKind};
use crate::session::ids::GalleryId;
use crate::session::project::Scope;
use crate::store::error::StoreError;
use crate::store::receipts::Receipt;

/// Longest name of a gallery and longest label and name of a person, in characters.
pub const MAX_NAME: usize = 255;

/// Longest description of a gallery, in characters.
const MAX_DESCRIPTION: usize = 2_000;

/// How a caller names a gallery of its project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GalleryRef {
    Named(String),
    Id(GalleryId),
    /// The project's own, which holds everybody who was enrolled without naming a gallery.
    Register,
}

impl Operations {
    /// Makes a gallery; its name must be free.
    pub async fn create_gallery(
        &self,
        caller: &Caller,
        name: &str,
        description: &str,
    ) -> Result<Gallery, Error> {
        caller.require(Scope::Enrol)?;
        refuse_bad_text("a gallery's name", name, 1, MAX_NAME)?;
        refuse_bad_text("a gallery's description", description, 0, MAX_DESCRIPTION)?;
        let gallery = self.new_gallery(caller, GalleryKind::Named, name, description);
        match self
            .store
            .create_gallery(&gallery, caller.project.settings.quotas.galleries)
            .await
        {
            Ok(()) => Ok(gallery),
            Err(StoreError::AlreadyExists { .. }) => Err(Error::Conflict {
                reason: "a gallery of that name already exists".to_owned(),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// The gallery of that name, made when it is new.
    pub async fn ensure_gallery(&self, caller: &Caller, name: &str) -> Result<Gallery, Error> {
        match self
            .find_gallery(caller, &GalleryRef::Named(name.to_owned()))
            .await
        {
            Err(Error::NotFound { .. }) => {}
            found => return found,
        }
        match self.create_gallery(caller, name, "").await {
            // Somebody else was faster.
            Err(Error::Conflict { .. }) => {
                self.find_gallery(caller, &GalleryRef::Named(name.to_owned()))
                    .await
            }
            made => made,
        }
    }

    /// A gallery of the caller's project; another project's is none.
    pub async fn find_gallery(
        &self,
        caller: &Caller,
        gallery: &GalleryRef,
    ) -> Result<Gallery, Error> {
        let project = caller.project.id;
        let found = match gallery {
            GalleryRef::Named(name) if name.contains('\0') => None,
            GalleryRef::Named(name) => {
                self.store
                    .gallery_by_name(project, GalleryKind::Named, name)
                    .await?
            }
            GalleryRef::Id(id) => self
                .store
                .gallery(project, *id)
                .await?
                .filter(|gallery| gallery.kind == GalleryKind::Named),
            GalleryRef::Register => Some(self.register(caller).await?),
        };
        found.ok_or(Error::NotFound { what: "gallery" })
    }

    /// The project's galleries with the number of people in each, oldest first.
    pub async fn list_galleries(&self, caller: &Caller) -> Result<Vec<(Gallery, u64)>, Error> {
        caller.require(Scope::Read)?;
        self.galleries_of_project(caller.project.id).await
    }

    /// How many people are in a gallery.
    pub async fn count_people(&self, gallery: &Gallery) -> Result<u64, Error> {
        Ok(self.store.count_subjects(gallery.id).await?)
    }

    /// Gives a gallery another name or description; what is not given stays.
    pub async fn describe_gallery(
        &self,
        caller: &Caller,
        gallery: &GalleryRef,
        name: Option<&str>,
        description: Option<&str>,
    ) -> Result<Gallery, Error> {
        caller.require(Scope::Enrol)?;
        let found = self.find_gallery(caller, gallery).await?;
        let name = name.unwrap_or(&found.name);
        let description = description.unwrap_or(&found.description);
        refuse_bad_text("a gallery's name", name, 1, MAX_NAME)?;
        refuse_bad_text("a gallery's description", description, 0, MAX_DESCRIPTION)?;
        match self
            .store
            .describe_gallery(&found, name, description, self.clock.now())
            .await
        {
            Ok(()) => self.find_gallery(caller, &GalleryRef::Id(found.id)).await,
            Err(StoreError::AlreadyExists { .. }) => Err(Error::Conflict {
                reason: "a gallery of that name already exists".to_owned(),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes a gallery and whoever is in no other one; answers what it was.
    pub async fn delete_gallery(
        &self,
        caller: &Caller,
        gallery: &GalleryRef,
    ) -> Result<(Gallery, u64), Error> {
        caller.require(Scope::Enrol)?;
        let found = self.find_gallery(caller, gallery).await?;
        let people = self.store.count_subjects(found.id).await?;
        if !self.erase_gallery(caller, &found).await? {
            return Err(Error::NotFound { what: "gallery" });
        }
        Ok((found, people))
    }

    /// Deletes the galleries that the caller's token made, and answers what is left. Sessions and
    /// the log of calls stay.
    pub async fn delete_own_galleries(&self, caller: &Caller) -> Result<Vec<Gallery>, Error> {
        caller.require(Scope::Enrol)?;
        let mut left = Vec::new();
        for gallery in self.store.galleries(caller.project.id).await? {
            if gallery.created_by.is_some() && gallery.created_by == caller.owner() {
                self.erase_gallery(caller, &gallery).await?;
            } else {
                left.push(gallery);
            }
        }
        Ok(left)
    }

    async fn erase_gallery(&self, caller: &Caller, gallery: &Gallery) -> Result<bool, Error> {
        let entry = |people: u64, receipt: Option<&Receipt>| {
            let deed = Deed {
                action: AuditAction::GalleryErased,
                target: gallery.id.to_string(),
                details: json!({
                    "people": people,
                    "receipt_sha256": receipt.map(Receipt::sha256),
                }),
            };
            self.audit_entry(caller.project.id, caller.actor(), deed)
        };
        let now = self.clock.now();
        let deleted = self.store.delete_gallery(gallery, now, entry).await?;
        if deleted {
            self.residents.forget(gallery.id);
        }
        Ok(deleted)
    }

    /// The project's register, made when it is first asked for.
    async fn register(&self, caller: &Caller) -> Result<Gallery, Error> {
        let project = caller.project.id;
        let known = self
            .store
            .gallery_by_name(project, GalleryKind::Register, "")
            .await?;
        if let Some(known) = known {
            return Ok(known);
        }
        let register = self.new_gallery(caller, GalleryKind::Register, "", "");
        match self.store.create_gallery(&register, None).await {
            Ok(()) => Ok(register),
            // Somebody else was faster.
            Err(StoreError::AlreadyExists { .. }) => self
                .store
                .gallery_by_name(project, GalleryKind::Register, "")
                .await?
                .ok_or(Error::NotFound { what: "gallery" }),
            Err(error) => Err(error.into()),
        }
    }

    fn new_gallery(
        &self,
        caller: &Caller,
        kind: GalleryKind,
        name: &str,
        description: &str,
    ) -> Gallery {
        let now = self.clock.now();
        Gallery {
            id: GalleryId(Uuid::now_v7()),
            project: caller.project.id,
            kind,
            name: name.to_owned(),
            description: description.to_owned(),
            created_by: caller.owner(),
            created_at: now,
            updated_at: now,
            revision: 0,
        }
    }
}

/// Refuses text that is too short, too long, or holds a control character.
pub(crate) fn refuse_bad_text(
    what: &str,
    text: &str,
    least: usize,
    most: usize,
) -> Result<(), Error> {
    let length = text.chars().count();
    if length < least || length > most || text.chars().any(char::is_control) {
        return Err(Error::invalid(format!(
            "{what} has {least} to {most} characters and no control character"
        )));
    }
    Ok(())
}
