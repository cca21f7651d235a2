//! The endpoints about a facegallery's people: enrol, enrol with an identity card, list, delete.

use actix_web::HttpRequest;
use actix_web::web::{Data, Payload};

use crate::http::dialects::risetai::errors::RisetError;
use crate::http::dialects::risetai::fields::Call;
use crate::http::dialects::risetai::forms::{
    CardEnrolmentForm, EnrolmentForm, GalleryForm, UserForm,
};
use crate::http::dialects::risetai::routes::Answer;
use crate::http::dialects::risetai::status::{ImageField, Status};
use crate::http::dialects::risetai::wire::{CardBody, FaceListBody, StatusBody, render};
use crate::operations::Operations;
use crate::operations::enrol::EnrolRequest;
use crate::operations::enrol_with_card::{CardEnrolment, CardEnrolmentOrder};
use crate::operations::picture_fault::FacePolicy;

/// The vendor's list of faces has no pages.
const EVERYBODY: u64 = i64::MAX as u64;

/// What `force_register` asks of a face: that it is the only one.
const FORCED: FacePolicy = FacePolicy {
    smallest: 0.0,
    ..FacePolicy::ONE_FACE
};

/// Enrols a face; a known `user_id` gets a face more and its name anew.
#[utoipa::path(post, path = "/face-api/facegallery/enroll-face", tag = "RisetAI", operation_id = "risetai_enroll", security(("accesstoken" = [])), request_body = EnrolmentForm,
    responses((status = 200, body = StatusBody)))]
pub async fn enroll(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let call = Call::open(&request, &operations, payload).await?;
    let person = person(&call)?;
    let policy = if call.force_register()? {
        FORCED
    } else {
        FacePolicy::ONE_FACE
    };
    let pictures = vec![call.picture(ImageField::Image)?];
    operations
        .enrol(&call.caller, person, pictures, policy)
        .await?;
    Ok(render(Status::Success, &StatusBody::success()))
}

/// Enrols a face that is alike the one on the identity card in the same picture.
#[utoipa::path(post, path = "/face-api/facegallery/enroll-face-ktp", tag = "RisetAI", operation_id = "risetai_enroll_ktp", security(("accesstoken" = [])), request_body = CardEnrolmentForm,
    responses((status = 200, body = CardBody)))]
pub async fn enroll_with_card(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let call = Call::open(&request, &operations, payload).await?;
    let order = CardEnrolmentOrder {
        person: person(&call)?,
        picture: call.picture(ImageField::Image)?,
        threshold: call.threshold(),
        asked: call.minimum_percentage()?,
        mask: call.wanted().mask,
    };
    let (status, likeness) = match operations.enrol_with_card(&call.caller, order).await? {
        CardEnrolment::OneFaceOnly => {
            let reason = "image: a face and an identity card with a face are wanted";
            return Err(RisetError::because(Status::NoFace, reason));
        }
        CardEnrolment::Unlike(likeness) => (Status::NotVerified, likeness),
        CardEnrolment::Enrolled(likeness, _) => (Status::Success, likeness),
    };
    Ok(render(status, &CardBody::new(status, likeness)))
}

/// Everybody in a facegallery, in the order of their enrolment.
#[utoipa::path(get, path = "/face-api/facegallery/list-faces", tag = "RisetAI", operation_id = "risetai_faces", security(("accesstoken" = [])), request_body = GalleryForm,
    responses((status = 200, body = FaceListBody)))]
pub async fn list(request: HttpRequest, operations: Data<Operations>, payload: Payload) -> Answer {
    let call = Call::open(&request, &operations, payload).await?;
    let gallery = call.gallery()?;
    let people = operations
        .list_people(&call.caller, &gallery, 0, EVERYBODY)
        .await?;
    Ok(render(Status::Success, &FaceListBody::from(people)))
}

/// Takes somebody out of a facegallery.
#[utoipa::path(delete, path = "/face-api/facegallery/delete-face", tag = "RisetAI", operation_id = "risetai_delete_face", security(("accesstoken" = [])), request_body = UserForm,
    responses((status = 200, body = StatusBody)))]
pub async fn delete(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let call = Call::open(&request, &operations, payload).await?;
    let (user_id, gallery) = (call.user_id()?, call.gallery()?);
    operations
        .leave_gallery(&call.caller, &gallery, &user_id)
        .await?;
    Ok(render(Status::Success, &StatusBody::success()))
}

/// Who is to be enrolled.
fn person(call: &Call) -> Result<EnrolRequest, RisetError> {
    let (user_id, name) = (call.user_id()?, call.user_name()?);
    Ok(EnrolRequest {
        name,
        ..EnrolRequest::into_gallery(call.gallery()?, Some(user_id))
    })
}
