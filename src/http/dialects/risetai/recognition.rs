//! The endpoints that recognize: verify a person, identify one, compare two pictures.

use actix_web::HttpRequest;
use actix_web::web::{Data, Payload};

use crate::http::dialects::risetai::errors::RisetError;
use crate::http::dialects::risetai::fields::Call;
use crate::http::dialects::risetai::forms::{ComparisonForm, IdentificationForm, VerificationForm};
use crate::http::dialects::risetai::routes::Answer;
use crate::http::dialects::risetai::status::ImageField;
use crate::http::dialects::risetai::wire::{
    ComparisonBody, IdentificationBody, Verdict, VerificationBody, render,
};
use crate::operations::Operations;
use crate::operations::compare::Probe;
use crate::operations::identify::Identification;
use crate::operations::picture_fault::FacePolicy;

/// Compares a picture with somebody enrolled.
#[utoipa::path(post, path = "/face-api/facegallery/verify-face", tag = "RisetAI", operation_id = "risetai_verify", security(("accesstoken" = [])), request_body = VerificationForm,
    responses((status = 200, body = VerificationBody)))]
pub async fn verify(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let call = Call::open(&request, &operations, payload).await?;
    let enrolled = Probe::Enrolled {
        label: call.user_id()?,
        gallery: call.gallery()?,
    };
    let picture = Probe::Pictures(vec![call.picture(ImageField::Image)?]);
    let (wanted, policy) = (call.wanted(), FacePolicy::ONE_FACE);
    let compared = operations
        .compare(&call.caller, picture, enrolled, wanted, policy)
        .await?;
    let verdict = Verdict {
        verified: compared.percentage >= call.threshold(),
    };
    let body = VerificationBody::new(verdict, compared);
    Ok(render(verdict.status(), &body))
}

/// Searches a facegallery for the person in a picture.
#[utoipa::path(post, path = "/face-api/facegallery/identify-face", tag = "RisetAI", operation_id = "risetai_identify", security(("accesstoken" = [])), request_body = IdentificationForm,
    responses((status = 200, body = IdentificationBody)))]
pub async fn identify(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let call = Call::open(&request, &operations, payload).await?;
    let order = Identification {
        gallery: call.gallery()?,
        probe: Probe::Pictures(vec![call.picture(ImageField::Image)?]),
        candidates: 1,
        min_percentage: call.threshold(),
        wanted: call.wanted(),
        policy: FacePolicy::ONE_FACE,
    };
    let found = operations.identify(&call.caller, order).await?;
    let body = IdentificationBody::from(found);
    Ok(render(body.outcome(), &body))
}

/// Compares the faces of two pictures.
#[utoipa::path(post, path = "/face-api/compare-images", tag = "RisetAI", operation_id = "risetai_compare", security(("accesstoken" = [])), request_body = ComparisonForm,
    responses((status = 200, body = ComparisonBody)))]
pub async fn compare(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let call = Call::open(&request, &operations, payload).await?;
    let fields = [ImageField::Source, ImageField::Target];
    let source = Probe::Pictures(vec![call.picture(ImageField::Source)?]);
    let target = Probe::Pictures(vec![call.picture(ImageField::Target)?]);
    let (wanted, policy) = (call.wanted(), FacePolicy::ONE_FACE);
    let compared = operations
        .compare(&call.caller, source, target, wanted, policy)
        .await
        .map_err(|error| RisetError::about(error, &fields))?;
    let verdict = Verdict {
        verified: compared.percentage >= call.threshold(),
    };
    let body = ComparisonBody::new(verdict, &compared);
    Ok(render(verdict.status(), &body))
}
