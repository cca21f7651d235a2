//! `GET /v1/defects`: every code of what can be wrong with a capture, and what to tell the applicant.

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::session::defect::Defect;

/// One thing that can be wrong with a capture.
#[derive(Serialize, ToSchema)]
#[schema(as = native::DefectBody)]
pub struct DefectBody {
    /// Stable: a code that is out keeps its meaning.
    pub code: &'static str,
    /// What was observed, for officers.
    pub text: &'static str,
    /// What the applicant may do about it.
    pub applicant_text: &'static str,
}

impl From<Defect> for DefectBody {
    fn from(defect: Defect) -> Self {
        Self {
            code: defect.code(),
            text: defect.text(),
            applicant_text: defect.applicant_text(),
        }
    }
}

/// The closed list of what can be wrong with a capture. It is no secret and asks for no token.
#[utoipa::path(get, path = "/v1/defects", tag = "Native",
    responses((status = 200, description = "In the order in which several of one picture are told.", body = [DefectBody])))]
pub async fn list_defects() -> HttpResponse {
    let defects = Defect::ALL.map(DefectBody::from);
    HttpResponse::Ok().json(&defects[..])
}
