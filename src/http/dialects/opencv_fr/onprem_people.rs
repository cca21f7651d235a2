//! The on-prem API: people, one by one and in bulk.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::dialects::opencv_fr::errors::OpencvError;
use crate::http::dialects::opencv_fr::failures::{ErrorBody, Failures, Metadata};
use crate::http::dialects::opencv_fr::onprem::ask_liveness;
use crate::http::dialects::opencv_fr::onprem_fields::{
    flag, identifier, keeping, missing, picture, required, similarity,
};
use crate::http::dialects::opencv_fr::onprem_wire::{
    BulkForm, NamedPersonBody, NamedPersonForm, PersonIdForm,
};
use crate::http::dialects::opencv_fr::routes::{Answer, admit_key};
use crate::http::json_body::JsonBody;
use crate::http::settings::HttpSettings;
use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::enrol::EnrolRequest;
use crate::operations::manage_galleries::GalleryRef;
use crate::operations::picture_fault::FacePolicy;
use crate::operations::refuse_duplicates::DuplicateCheck;
use crate::session::gallery::{PictureKeeping, Subject};
use crate::store::enrolment::WhenTaken;

/// Enrols a person, or takes a new name and face for one who is there.
#[utoipa::path(put, path = "/person", tag = "OpenCV FR (on-prem)", operation_id = "opencv_put_person", security(("api_key" = [])), request_body = NamedPersonForm,
    responses((status = 200, body = NamedPersonBody), Failures))]
pub async fn put_person(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let body = JsonBody::read(&request, payload).await?;
    let collection = required(&body, "collection_name")?;
    let wanted = NewPerson {
        gallery: GalleryRef::Named(collection.to_owned()),
        keeping: keeping(&body)?,
    };
    let subject = wanted
        .enrol(&operations, &settings, &caller, &body, &body)
        .await?;
    Ok(HttpResponse::Ok().json(NamedPersonBody::new(subject, collection)))
}

/// Enrols or updates many people of one collection; each has an answer of its own.
#[utoipa::path(put, path = "/persons", tag = "OpenCV FR (on-prem)", operation_id = "opencv_put_persons", security(("api_key" = [])), request_body = BulkForm,
    responses((status = 200, body = [ErrorBody]), Failures))]
pub async fn put_persons(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let body = JsonBody::read(&request, payload).await?;
    let wanted = NewPerson {
        gallery: GalleryRef::Named(required(&body, "collection_name")?.to_owned()),
        keeping: keeping(&body)?,
    };
    let persons = body.list("persons")?.ok_or_else(|| missing("persons"))?;
    operations.find_gallery(&caller, &wanted.gallery).await?;
    let mut outcomes = Vec::with_capacity(persons.len());
    for person in persons {
        let Some(person) = JsonBody::of(person) else {
            let error = OpencvError::invalid("a person is an object");
            outcomes.push(error.into_failure().body(None));
            continue;
        };
        let enrolled = wanted
            .enrol(&operations, &settings, &caller, &person, &body)
            .await;
        let person_id = person.label("person_id").ok().flatten();
        outcomes.push(match enrolled {
            Ok(subject) => success(subject),
            Err(error) => error.into_failure().body(person_id),
        });
    }
    Ok(HttpResponse::Ok().json(outcomes))
}

/// Takes a person out of a collection; who is in no other is deleted.
#[utoipa::path(delete, path = "/person", tag = "OpenCV FR (on-prem)", operation_id = "opencv_delete_named_person", security(("api_key" = [])), request_body = PersonIdForm,
    responses((status = 200, body = NamedPersonBody), Failures))]
pub async fn delete_person(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let body = JsonBody::read(&request, payload).await?;
    let collection = required(&body, "collection_name")?;
    let person_id = identifier(&body, "person_id")?;
    let gallery = GalleryRef::Named(collection.to_owned());
    let left = operations
        .leave_gallery(&caller, &gallery, &person_id)
        .await?;
    Ok(HttpResponse::Ok().json(NamedPersonBody::new(left, collection)))
}

/// Where people are enrolled, and how much of their pictures is kept.
struct NewPerson {
    gallery: GalleryRef,
    keeping: PictureKeeping,
}

impl NewPerson {
    /// Enrols the person of a body; `checks` says what is checked where that body does not.
    async fn enrol(
        &self,
        operations: &Operations,
        settings: &HttpSettings,
        caller: &Caller,
        person: &JsonBody,
        checks: &JsonBody,
    ) -> Result<Subject, OpencvError> {
        let label = identifier(person, "person_id")?;
        let name = required(person, "person_name")?.to_owned();
        let face = picture(person, "face_base_64", settings)?;
        let asks = |key| flag(if person.has(key) { person } else { checks }, key);
        let duplicates = DuplicateCheck {
            gallery: self.gallery.clone(),
            label: label.clone(),
            min_percentage: duplicate_percentage(person, checks)?,
        };
        let (live, unique) = (asks("check_liveness")?, asks("check_duplicates")?);
        operations.find_gallery(caller, &self.gallery).await?;
        // Before anything looks at the face.
        operations
            .consent_to_enrol(caller, &[&name, &label])
            .await?;
        if live {
            ask_liveness(operations, caller, &face, true).await?;
        }
        if unique {
            operations
                .refuse_duplicates(caller, face.clone(), &duplicates)
                .await?;
        }
        let request = EnrolRequest {
            name,
            keeping: self.keeping,
            when_taken: WhenTaken::Replace,
            ..EnrolRequest::into_gallery(self.gallery.clone(), Some(label))
        };
        let policy = FacePolicy::ONE_FACE;
        let enrolled = operations
            .enrol(caller, request, vec![face], policy)
            .await?;
        Ok(enrolled.subject)
    }
}

fn success(subject: Subject) -> ErrorBody {
    ErrorBody {
        code: "SUCCESS".to_owned(),
        message: "The person was enrolled or updated.".to_owned(),
        metadata: Some(Metadata {
            code: None,
            person_id: Some(subject.label),
        }),
    }
}

/// From which percentage on a face is somebody else's; as given, because a lower one refuses more.
fn duplicate_percentage(person: &JsonBody, checks: &JsonBody) -> Result<f64, OpencvError> {
    let key = "duplicate_check_min_similarity";
    let from = if person.has(key) { person } else { checks };
    Ok(similarity(from, key)? * 100.0)
}
