//! Enrols an applicant under an identifier of the service's own: two people of one name stay two.

use serde_json::json;

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::compare::best_similarity;
use crate::operations::enrol::{EnrolRequest, LookedAt};
use crate::operations::error::Error;
use crate::operations::intake::Upload;
use crate::operations::look::Wanted;
use crate::operations::manage_galleries::GalleryRef;
use crate::operations::picture_fault::{FacePolicy, PictureProblem};
use crate::pipeline::examiner::Looked;
use crate::session::evidence::ConsentKind;
use crate::session::examination::CaptureCode;
use crate::session::gallery::Subject;
use crate::session::ids::SessionId;
use crate::session::project::{ConsentPolicy, Scope};

/// Who is to be enrolled.
pub struct Applicant {
    pub session: Option<SessionId>,
    pub name: String,
}

/// What came of it: the subject where the picture could be used.
pub struct ApplicantEnrolled {
    pub code: CaptureCode,
    pub subject: Option<Subject>,
}

impl Operations {
    /// Enrols the face of a picture. The person of the same session, or of the same name and face,
    /// gets a face more; anybody else is a new person.
    pub async fn enrol_applicant(
        &self,
        caller: &Caller,
        applicant: Applicant,
        upload: Upload,
    ) -> Result<ApplicantEnrolled, Error> {
        caller.require(Scope::Enrol)?;
        if let Some(session) = applicant.session {
            let session = self.find_session(caller, session).await?;
            if session.erased_at.is_some() {
                return Err(Error::WrongState {
                    status: session.status,
                });
            }
        }
        self.require_storage_consent(caller, &applicant).await?;
        let picture = tokio::fs::read(&upload.file)
            .await
            .map_err(Error::internal)?;
        let looked = self
            .look(&caller.place, picture.clone(), 0, Wanted::TEMPLATE)
            .await?;
        let code = code_of(&looked);
        if code != CaptureCode::Ok {
            return Ok(ApplicantEnrolled {
                code,
                subject: None,
            });
        }
        let known = self.known_applicant(caller, &applicant, &looked).await?;
        let request = EnrolRequest {
            name: applicant.name,
            session: applicant.session,
            details: applicant
                .session
                .map(|session| json!({ "session": session.to_string() })),
            ..EnrolRequest::into_gallery(GalleryRef::Register, known.map(|subject| subject.label))
        };
        let seen = vec![LookedAt { picture, looked }];
        let enrolled = self.enrol_looked_at(caller, request, seen).await?;
        Ok(ApplicantEnrolled {
            code,
            subject: Some(enrolled.subject),
        })
    }

    /// A person of the same name whose face this is. A session does not make two faces one person.
    async fn known_applicant(
        &self,
        caller: &Caller,
        applicant: &Applicant,
        looked: &Looked,
    ) -> Result<Option<Subject>, Error> {
        let examiner = self.warm_examiner()?;
        let probe: Vec<_> = looked
            .faces
            .first()
            .and_then(|face| face.template.clone())
            .into_iter()
            .collect();
        let threshold = caller.project.settings.match_threshold;
        let namesakes = self
            .store
            .subjects_named(caller.project.id, &applicant.name)
            .await?;
        let mut best: Option<(f64, Subject)> = None;
        for subject in namesakes {
            let faces = self.store.faces(&[subject.id]).await?;
            let templates: Vec<_> = faces.into_iter().map(|face| face.template).collect();
            // Faces of another pack tell nothing: rather two people than one too many.
            let Ok(Some((similarity, _))) = best_similarity(&probe, &templates) else {
                continue;
            };
            let percentage = examiner.percentage(similarity);
            let better = best.as_ref().is_none_or(|(most, _)| percentage > *most);
            if percentage >= threshold && better {
                best = Some((percentage, subject));
            }
        }
        Ok(best.map(|(_, subject)| subject))
    }

    /// Enrolling keeps biometric data, so it needs the consent to that beside the one to be examined.
    async fn require_storage_consent(
        &self,
        caller: &Caller,
        applicant: &Applicant,
    ) -> Result<(), Error> {
        let name = Some(applicant.name.as_str());
        self.consent_basis(caller, applicant.session, name).await?;
        let stated = self
            .store
            .latest_consent(
                caller.project.id,
                applicant.session,
                name,
                ConsentKind::Storage,
            )
            .await?;
        let allowed = match (stated, caller.project.settings.consent) {
            (Some(consent), _) => consent.given,
            (None, ConsentPolicy::ByContract) => true,
            (None, ConsentPolicy::Required) => false,
        };
        if allowed {
            return Ok(());
        }
        Err(Error::Refused {
            reason: "the person has not consented to have biometric data kept".to_owned(),
        })
    }
}

/// 1 for a face that is missing or too small, 2 for several, 3 for one that is cut off.
fn code_of(looked: &Looked) -> CaptureCode {
    match FacePolicy::ONE_FACE.check(looked) {
        Err(PictureProblem::SeveralFaces { .. }) => CaptureCode::SeveralFaces,
        Err(_) => CaptureCode::NoUsableFace,
        Ok(()) => looked.code,
    }
}
