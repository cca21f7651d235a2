//! Changes an enrolled person: name, details, faces and galleries, whichever are given.

use serde_json::{Value, json};

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::authenticate::Caller;
use crate::operations::enrol::EnrolRequest;
use crate::operations::error::Error;
use crate::operations::manage_galleries::GalleryRef;
use crate::operations::manage_people::Person;
use crate::operations::picture_fault::FacePolicy;
use crate::session::audit::AuditAction;
use crate::session::gallery::{Gallery, GalleryKind, PictureKeeping, Subject};
use crate::session::project::Scope;
use crate::store::enrolment::WhenTaken;

/// What is to be changed; what is not given stays.
#[derive(Clone, Default)]
pub struct PersonChange {
    pub name: Option<String>,
    /// Keys that are given take the place of those that are kept; a null one goes.
    pub details: serde_json::Map<String, Value>,
    /// They take the place of the earlier ones.
    pub pictures: Option<Vec<Vec<u8>>>,
    /// The named galleries to be in, and no other.
    pub galleries: Option<Vec<GalleryRef>>,
}

/// A person with what a caller shows of it. It holds faces, so it has no `Debug`.
pub struct Portrait {
    pub subject: Subject,
    /// The named ones, with the number of their people.
    pub galleries: Vec<(Gallery, u64)>,
    /// As many of the oldest as were asked for; whose pictures were not kept has none.
    pub thumbnails: Vec<Vec<u8>>,
}

impl Operations {
    /// Changes the person of that label in a gallery.
    pub async fn change_person(
        &self,
        caller: &Caller,
        gallery: &GalleryRef,
        label: &str,
        change: PersonChange,
    ) -> Result<Subject, Error> {
        caller.require(Scope::Enrol)?;
        let subject = self.find_person(caller, gallery, label).await?;
        let before = self.describe(caller, subject).await?;
        let name = change.name.as_deref().unwrap_or(&before.subject.name);
        let wanted = match &change.galleries {
            Some(wanted) => Some(self.refuse_taken(caller, wanted, &before.subject).await?),
            None => None,
        };
        if let Some(pictures) = change.pictures {
            let request = EnrolRequest {
                // A word against what they are to be called counts as one against what they were called.
                name: name.to_owned(),
                keeping: PictureKeeping::Picture,
                when_taken: WhenTaken::Replace,
                ..EnrolRequest::into_gallery(gallery.clone(), Some(label.to_owned()))
            };
            self.enrol(caller, request, pictures, FacePolicy::ONE_FACE)
                .await?;
        }
        let details = merged(before.subject.details.as_ref(), change.details);
        self.describe_person(caller, &before.subject, name, Some(&details))
            .await?;
        if let Some(wanted) = wanted {
            self.move_person(caller, &before, &wanted).await?;
        }
        self.find_person(caller, gallery, label).await
    }

    /// Puts people into a gallery and takes others out: all of them have to be known beforehand.
    pub async fn change_members(
        &self,
        caller: &Caller,
        gallery: &GalleryRef,
        new: &[&str],
        removed: &[&str],
    ) -> Result<(), Error> {
        caller.require(Scope::Enrol)?;
        let found = self.find_gallery(caller, gallery).await?;
        let mut joining = Vec::with_capacity(new.len());
        for label in new {
            let subject = self
                .find_person(caller, &GalleryRef::Register, label)
                .await?;
            self.refuse_taken(caller, std::slice::from_ref(gallery), &subject)
                .await?;
            joining.push(subject);
        }
        let mut leaving = Vec::with_capacity(removed.len());
        for label in removed {
            match self.store.subject_in(found.id, label).await? {
                Some(_) => leaving.push(*label),
                // Known and not in the gallery is as good.
                None => drop(
                    self.find_person(caller, &GalleryRef::Register, label)
                        .await?,
                ),
            }
        }
        for subject in &joining {
            self.join_gallery(caller, gallery, subject).await?;
        }
        for label in leaving {
            self.leave_gallery(caller, gallery, label).await?;
        }
        Ok(())
    }

    /// Deletes people out of every gallery; nobody is deleted when one of them is unknown or kept by a hold.
    pub async fn delete_people(
        &self,
        caller: &Caller,
        gallery: &GalleryRef,
        labels: &[&str],
    ) -> Result<(), Error> {
        caller.require(Scope::Enrol)?;
        let mut found: Vec<Subject> = Vec::with_capacity(labels.len());
        for label in labels {
            let subject = self.find_person(caller, gallery, label).await?;
            if !found.iter().any(|known| known.id == subject.id) {
                found.push(subject);
            }
        }
        self.erase_people(caller, &found).await
    }

    /// What a caller shows of a person, with so many thumbnails at most.
    pub async fn portray(
        &self,
        caller: &Caller,
        subject: Subject,
        thumbnails: usize,
    ) -> Result<Portrait, Error> {
        caller.require(Scope::Read)?;
        let person = self.describe(caller, subject).await?;
        let thumbnails = self
            .hand_out_thumbnails(caller, &person, thumbnails)
            .await?;
        let mut galleries = Vec::with_capacity(person.galleries.len());
        for gallery in person.galleries {
            let people = self.count_people(&gallery).await?;
            galleries.push((gallery, people));
        }
        Ok(Portrait {
            subject: person.subject,
            galleries,
            thumbnails,
        })
    }

    /// So many of a person's thumbnails at most, the oldest first. That they were handed out is on
    /// record before they are.
    async fn hand_out_thumbnails(
        &self,
        caller: &Caller,
        person: &Person,
        most: usize,
    ) -> Result<Vec<Vec<u8>>, Error> {
        let project = caller.project.id;
        let (mut kept, mut faces) = (Vec::new(), Vec::new());
        for face in &person.faces {
            if kept.len() == most {
                break;
            }
            if let Some(thumbnail) = self.store.enrolled_thumbnail(project, face.id).await? {
                kept.push(thumbnail);
                faces.push(face.id.to_string());
            }
        }
        if !faces.is_empty() {
            let deed = Deed {
                action: AuditAction::EvidenceRead,
                target: person.subject.id.to_string(),
                details: json!({ "thumbnails": faces }),
            };
            let entry = self.audit_entry(project, caller.actor(), deed);
            self.store.record(&entry).await?;
        }
        Ok(kept)
    }

    /// The galleries, unless the label is somebody else's in one of them.
    async fn refuse_taken(
        &self,
        caller: &Caller,
        galleries: &[GalleryRef],
        subject: &Subject,
    ) -> Result<Vec<Gallery>, Error> {
        let mut found = Vec::with_capacity(galleries.len());
        for gallery in galleries {
            let gallery = self.find_gallery(caller, gallery).await?;
            let known = self.store.subject_in(gallery.id, &subject.label).await?;
            if known.is_some_and(|known| known.id != subject.id) {
                return Err(Error::Conflict {
                    reason: "a person of that identifier is in the gallery already".to_owned(),
                });
            }
            found.push(gallery);
        }
        Ok(found)
    }

    /// Joins the wanted named galleries and leaves the others.
    async fn move_person(
        &self,
        caller: &Caller,
        person: &Person,
        wanted: &[Gallery],
    ) -> Result<(), Error> {
        let has = |among: &[Gallery], one: &Gallery| among.iter().any(|other| other.id == one.id);
        for gallery in wanted {
            if gallery.kind == GalleryKind::Named && !has(&person.galleries, gallery) {
                self.join_gallery(caller, &GalleryRef::Id(gallery.id), &person.subject)
                    .await?;
            }
        }
        for gallery in &person.galleries {
            if !has(wanted, gallery) {
                self.leave_gallery(caller, &GalleryRef::Id(gallery.id), &person.subject.label)
                    .await?;
            }
        }
        Ok(())
    }
}

fn merged(kept: Option<&Value>, given: serde_json::Map<String, Value>) -> Value {
    let mut details = kept.and_then(Value::as_object).cloned().unwrap_or_default();
    for (key, value) in given {
        if value.is_null() {
            details.remove(&key);
        } else {
            details.insert(key, value);
        }
    }
    Value::Object(details)
}
