//! Enrols a person: one or several pictures, into one or several galleries.

use serde_json::Value;

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::look::Wanted;
use crate::operations::manage_galleries::{GalleryRef, MAX_NAME, refuse_bad_text};
use crate::operations::picture_fault::FacePolicy;
use crate::pipeline::examiner::Looked;
use crate::session::gallery::{EnrolledFace, PictureKeeping, Subject};
use crate::session::ids::{GalleryId, SessionId, SubjectId, TemplateId};
use crate::session::project::Scope;
use crate::store::enrolment::{Enrolment, NewFace, WhenTaken};
use crate::store::error::StoreError;
use crate::store::idempotency::{FIRST_FACE, PERSON};

/// Faces a person may have.
pub const MAX_FACES: usize = 64;

/// Largest details that are kept with a person, in bytes of JSON.
const MAX_DETAILS: usize = 16_000;

/// Who is to be enrolled, and where.
#[derive(Clone)]
pub struct EnrolRequest {
    /// At least one; the label is looked up in the first.
    pub galleries: Vec<GalleryRef>,
    /// What the caller calls the person; the person's identifier where nothing is given.
    pub label: Option<String>,
    pub name: String,
    /// A JSON object.
    pub details: Option<Value>,
    pub keeping: PictureKeeping,
    pub when_taken: WhenTaken,
    /// The session that the person comes from.
    pub session: Option<SessionId>,
}

impl EnrolRequest {
    /// A request to enrol into one gallery: faces are added to those of a person who is there already.
    pub fn into_gallery(gallery: GalleryRef, label: Option<String>) -> Self {
        Self {
            galleries: vec![gallery],
            label,
            name: String::new(),
            details: None,
            keeping: PictureKeeping::Picture,
            when_taken: WhenTaken::Add,
            session: None,
        }
    }
}

/// A picture that was looked at and may be enrolled.
pub struct LookedAt {
    pub picture: Vec<u8>,
    pub looked: Looked,
}

/// Who was enrolled, with the faces that were added.
pub struct Enrolled {
    pub subject: Subject,
    pub faces: Vec<EnrolledFace>,
    pub looked: Vec<Looked>,
}

impl Operations {
    /// Looks at the pictures and enrols the subject of each.
    pub async fn enrol(
        &self,
        caller: &Caller,
        request: EnrolRequest,
        pictures: Vec<Vec<u8>>,
        policy: FacePolicy,
    ) -> Result<Enrolled, Error> {
        caller.require(Scope::Enrol)?;
        self.refuse_bad_request(caller, &request).await?;
        let looked = self
            .look_for_enrolment(caller, pictures, policy, Wanted::TEMPLATE)
            .await?;
        self.enrol_looked_at(caller, request, looked).await
    }

    /// Looks at pictures that are to be enrolled once the caller has seen what they show.
    pub async fn look_for_enrolment(
        &self,
        caller: &Caller,
        pictures: Vec<Vec<u8>>,
        policy: FacePolicy,
        wanted: Wanted,
    ) -> Result<Vec<LookedAt>, Error> {
        let mut seen = Vec::with_capacity(pictures.len());
        for (number, picture) in pictures.into_iter().enumerate() {
            let looked = self
                .look_for_subject(&caller.place, picture.clone(), number, wanted, policy)
                .await?;
            seen.push(LookedAt { picture, looked });
        }
        Ok(seen)
    }

    /// Enrols the subjects of pictures that were looked at: all of them, or none.
    pub async fn enrol_looked_at(
        &self,
        caller: &Caller,
        request: EnrolRequest,
        seen: Vec<LookedAt>,
    ) -> Result<Enrolled, Error> {
        caller.require(Scope::Enrol)?;
        self.refuse_bad_request(caller, &request).await?;
        let mut galleries = Vec::with_capacity(request.galleries.len());
        for gallery in &request.galleries {
            let id = self.find_gallery(caller, gallery).await?.id;
            if !galleries.contains(&id) {
                galleries.push(id);
            }
        }
        let now = self.clock.now();
        if let Some(enrolled) = self.enrolled_before(caller, &seen).await? {
            return Ok(Enrolled {
                looked: seen.into_iter().map(|one| one.looked).collect(),
                ..enrolled
            });
        }
        let id = SubjectId(caller.new_id(PERSON));
        let mut faces = Vec::with_capacity(seen.len());
        let mut looked = Vec::with_capacity(seen.len());
        for (number, mut one) in (FIRST_FACE..).zip(seen) {
            let first = one.looked.faces.first_mut();
            let (template, thumbnail) = first
                .and_then(|face| {
                    Some((face.template.clone()?, std::mem::take(&mut face.thumbnail)))
                })
                .ok_or_else(|| Error::invalid("a picture without a face cannot be enrolled"))?;
            faces.push(NewFace {
                face: EnrolledFace {
                    id: TemplateId(caller.new_id(number)),
                    subject: id,
                    template,
                    keeping: request.keeping,
                    created_at: now,
                },
                picture: one.picture,
                thumbnail,
            });
            looked.push(one.looked);
        }
        let added: Vec<EnrolledFace> = faces.iter().map(|new| new.face.clone()).collect();
        let enrolment = Enrolment {
            project: caller.project.id,
            galleries,
            subject: Subject {
                id,
                label: request.label.unwrap_or_else(|| id.to_string()),
                name: request.name,
                details: request.details,
                created_at: now,
                updated_at: now,
            },
            faces,
            session: request.session,
            when_taken: request.when_taken,
            max_faces: MAX_FACES,
            limit: caller.project.settings.quotas.faces,
            now,
        };
        let subject = self.store.enrol(enrolment).await.map_err(refusal)?;
        Ok(Enrolled {
            faces: added
                .into_iter()
                .map(|face| EnrolledFace {
                    subject: subject.id,
                    ..face
                })
                .collect(),
            subject,
            looked,
        })
    }

    /// Whom an earlier try of the same request enrolled, with the faces that it added.
    async fn enrolled_before(
        &self,
        caller: &Caller,
        seen: &[LookedAt],
    ) -> Result<Option<Enrolled>, Error> {
        let Some(first) = caller.earlier_id(FIRST_FACE) else {
            return Ok(None);
        };
        let project = caller.project.id;
        let Some(subject) = self.store.subject_of(project, TemplateId(first)).await? else {
            return Ok(None);
        };
        let made: Vec<_> = (FIRST_FACE..)
            .zip(seen)
            .map(|(number, _)| TemplateId(caller.new_id(number)))
            .collect();
        let mut faces = self.store.faces(&[subject.id]).await?;
        faces.retain(|face| made.contains(&face.id));
        Ok(Some(Enrolled {
            subject,
            faces,
            looked: Vec::new(),
        }))
    }

    /// What can be refused before any picture is looked at.
    async fn refuse_bad_request(
        &self,
        caller: &Caller,
        request: &EnrolRequest,
    ) -> Result<(), Error> {
        if let Some(label) = &request.label {
            refuse_bad_text("a person's identifier", label, 1, MAX_NAME)?;
        }
        refuse_bad_text("a person's name", &request.name, 0, MAX_NAME)?;
        refuse_large_details(request.details.as_ref())?;
        let mut galleries = Vec::with_capacity(request.galleries.len());
        for gallery in &request.galleries {
            galleries.push(self.find_gallery(caller, gallery).await?.id);
        }
        // Who comes from a session was asked there.
        if request.session.is_none() {
            let label = request.label.as_deref().unwrap_or_default();
            let known = self.known_by(request, &galleries).await?;
            let known = known.map(|subject| subject.name).unwrap_or_default();
            self.consent_to_enrol(caller, &[request.name.as_str(), known.as_str(), label])
                .await?;
        }
        Ok(())
    }

    /// Whose faces these are to be, where somebody has the label already.
    async fn known_by(
        &self,
        request: &EnrolRequest,
        galleries: &[GalleryId],
    ) -> Result<Option<Subject>, Error> {
        match (&request.label, galleries.first()) {
            (Some(label), Some(first)) if request.when_taken != WhenTaken::Refuse => {
                Ok(self.store.subject_in(*first, label).await?)
            }
            _ => Ok(None),
        }
    }
}

/// Refuses details that take too much room.
pub(crate) fn refuse_large_details(details: Option<&Value>) -> Result<(), Error> {
    if details.map_or(0, |value| value.to_string().len()) > MAX_DETAILS {
        return Err(Error::invalid(format!(
            "a person's details take {MAX_DETAILS} bytes of JSON at most"
        )));
    }
    Ok(())
}

fn refusal(error: StoreError) -> Error {
    if matches!(error, StoreError::AlreadyExists { .. }) {
        return Error::Conflict {
            reason: "a person of that identifier is enrolled already".to_owned(),
        };
    }
    if matches!(error, StoreError::NotFound { .. }) {
        // Deleted while the pictures were looked at.
        return Error::NotFound { what: "gallery" };
    }
    error.into()
}
