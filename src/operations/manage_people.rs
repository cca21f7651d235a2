//! Reads, describes and deletes enrolled people.

use serde_json::{Value, json};

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::authenticate::Caller;
use crate::operations::enrol::refuse_large_details;
use crate::operations::error::Error;
use crate::operations::manage_galleries::{GalleryRef, MAX_NAME, refuse_bad_text};
use crate::session::audit::{AuditAction, AuditEntry};
use crate::session::gallery::{EnrolledFace, Gallery, GalleryKind, Subject};
use crate::session::project::Scope;
use crate::store::erasure::Erasure;
use crate::store::error::StoreError;
use crate::store::receipts::Receipt;
use crate::store::subjects::{Leaving, People};

/// A person with the galleries and the faces.
#[derive(Debug)]
pub struct Person {
    pub subject: Subject,
    /// The named ones.
    pub galleries: Vec<Gallery>,
    pub faces: Vec<EnrolledFace>,
}

impl Operations {
    /// The people of a gallery, in the order of their enrolment.
    pub async fn list_people(
        &self,
        caller: &Caller,
        gallery: &GalleryRef,
        skip: u64,
        take: u64,
    ) -> Result<Vec<Subject>, Error> {
        caller.require(Scope::Read)?;
        let gallery = self.find_gallery(caller, gallery).await?.id;
        Ok(self
            .store
            .people(&People {
                gallery,
                skip,
                take,
            })
            .await?)
    }

    /// The person of that label in a gallery.
    pub async fn find_person(
        &self,
        caller: &Caller,
        gallery: &GalleryRef,
        label: &str,
    ) -> Result<Subject, Error> {
        let gallery = self.find_gallery(caller, gallery).await?;
        // Nobody is called so, and PostgreSQL does not even take the question.
        if label.contains('\0') {
            return Err(Error::NotFound { what: "person" });
        }
        self.store
            .subject_in(gallery.id, label)
            .await?
            .ok_or(Error::NotFound { what: "person" })
    }

    /// The same with everything that is kept.
    pub async fn read_person(
        &self,
        caller: &Caller,
        gallery: &GalleryRef,
        label: &str,
    ) -> Result<Person, Error> {
        caller.require(Scope::Read)?;
        let subject = self.find_person(caller, gallery, label).await?;
        self.describe(caller, subject).await
    }

    /// Everything that is kept of a person who was found.
    pub async fn describe(&self, caller: &Caller, subject: Subject) -> Result<Person, Error> {
        let mut galleries = Vec::new();
        for id in self.store.galleries_of(subject.id).await? {
            let found = self.store.gallery(caller.project.id, id).await?;
            galleries.extend(found.filter(|gallery| gallery.kind == GalleryKind::Named));
        }
        Ok(Person {
            faces: self.store.faces(&[subject.id]).await?,
            galleries,
            subject,
        })
    }

    /// Gives a person another name and other details.
    pub async fn describe_person(
        &self,
        caller: &Caller,
        subject: &Subject,
        name: &str,
        details: Option<&Value>,
    ) -> Result<(), Error> {
        caller.require(Scope::Enrol)?;
        refuse_bad_text("a person's name", name, 0, MAX_NAME)?;
        refuse_large_details(details)?;
        let now = self.clock.now();
        self.store
            .describe_subject(subject.id, name, details, now)
            .await?;
        Ok(())
    }

    /// Deletes what is left of pictures whose people are gone, or whose enrolment broke off.
    pub async fn sweep_blobs(&self) {
        self.store.sweep_blobs(self.clock.now()).await;
    }

    /// Puts a person into a further gallery.
    pub async fn join_gallery(
        &self,
        caller: &Caller,
        gallery: &GalleryRef,
        subject: &Subject,
    ) -> Result<(), Error> {
        caller.require(Scope::Enrol)?;
        let gallery = self.find_gallery(caller, gallery).await?;
        let joined = self
            .store
            .join_gallery(caller.project.id, gallery.id, subject, self.clock.now())
            .await;
        joined.map_err(|error| {
            if matches!(error, StoreError::AlreadyExists { .. }) {
                return Error::Conflict {
                    reason: "a person of that identifier is in the gallery already".to_owned(),
                };
            }
            error.into()
        })
    }

    /// Takes a person out of a gallery; who is in none any more is deleted, pictures and all.
    pub async fn leave_gallery(
        &self,
        caller: &Caller,
        gallery: &GalleryRef,
        label: &str,
    ) -> Result<Subject, Error> {
        caller.require(Scope::Enrol)?;
        let subject = self.find_person(caller, gallery, label).await?;
        let gallery = self.find_gallery(caller, gallery).await?;
        let left = self
            .store
            .leave_gallery(
                caller.project.id,
                Leaving {
                    gallery: gallery.id,
                    subject: subject.id,
                    now: self.clock.now(),
                },
                |receipt| self.person_erased(caller, &subject, receipt),
            )
            .await?;
        if left {
            Ok(subject)
        } else {
            Err(Error::NotFound { what: "person" })
        }
    }

    /// Deletes people out of every gallery, pictures and all; nobody where a hold keeps one of them.
    pub(crate) async fn erase_people(
        &self,
        caller: &Caller,
        people: &[Subject],
    ) -> Result<(), Error> {
        caller.require(Scope::Enrol)?;
        if people.is_empty() {
            return Ok(());
        }
        let people = people.iter().map(|subject| subject.id).collect();
        let erasure = Erasure::of_people(caller.project.id, people, self.clock.now());
        match self.erase_all_of(erasure, caller.actor()).await? {
            Some(_) => Ok(()),
            None => Err(Error::NotFound { what: "person" }),
        }
    }

    fn person_erased(&self, caller: &Caller, subject: &Subject, receipt: &Receipt) -> AuditEntry {
        let deed = Deed {
            action: AuditAction::PersonErased,
            target: subject.id.to_string(),
            details: json!({"receipt_sha256": receipt.sha256()}),
        };
        self.audit_entry(caller.project.id, caller.actor(), deed)
    }
}
