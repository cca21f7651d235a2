//! The answers of RisetAI's API, field for field and in the vendor's order.

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::dialects::risetai::status::Status;
use crate::operations::compare::{Comparison, Side};
use crate::operations::enrol_with_card::Likeness;
use crate::operations::identify::Identified;
use crate::session::call::Usage;
use crate::session::gallery::Subject;

/// An answer with its code, which the log of calls keeps.
pub fn render(status: Status, body: &impl Serialize) -> HttpResponse {
    let mut response = HttpResponse::Ok().json(body);
    response.extensions_mut().insert(status);
    response
}

/// Every refusal, and the success of endpoints that have nothing more to say.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = risetai::StatusBody)]
#[serde(deny_unknown_fields)]
pub struct StatusBody {
    /// A code of the vendor's list, as a string.
    pub status: &'static str,
    pub status_message: String,
}

impl StatusBody {
    pub fn success() -> Self {
        Self {
            status: Status::Success.code(),
            status_message: Status::Success.message().to_owned(),
        }
    }
}

/// One facegallery.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = risetai::GalleryBody)]
pub struct GalleryBody {
    pub status: &'static str,
    pub status_message: &'static str,
    pub facegallery_id: String,
}

impl GalleryBody {
    pub fn new(name: String) -> Self {
        Self {
            status: Status::Success.code(),
            status_message: Status::Success.message(),
            facegallery_id: name,
        }
    }
}

/// Facegalleries, oldest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = risetai::GalleryListBody)]
pub struct GalleryListBody {
    pub status: &'static str,
    pub status_message: &'static str,
    pub facegallery_id: Vec<String>,
}

impl GalleryListBody {
    pub fn new(message: &'static str, names: Vec<String>) -> Self {
        Self {
            status: Status::Success.code(),
            status_message: message,
            facegallery_id: names,
        }
    }
}

/// The answer to `client/get-counters`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = risetai::CountersBody)]
pub struct CountersBody {
    pub status: &'static str,
    pub status_message: &'static str,
    pub remaining_limit: RemainingLimit,
}

/// What is left. No limit is told as 2147483647.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = risetai::RemainingLimit)]
pub struct RemainingLimit {
    pub n_api_hits: u64,
    pub n_face: u64,
    pub n_facegallery: u64,
}

impl From<Usage> for CountersBody {
    fn from(remaining: Usage) -> Self {
        Self {
            status: Status::Success.code(),
            status_message: Status::Success.message(),
            remaining_limit: RemainingLimit {
                n_api_hits: remaining.calls,
                n_face: remaining.faces,
                n_facegallery: remaining.galleries,
            },
        }
    }
}

/// The answer to `facegallery/list-faces`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = risetai::FaceListBody)]
pub struct FaceListBody {
    pub status: &'static str,
    pub status_message: &'static str,
    pub faces: Vec<UserBody>,
}

/// Somebody enrolled.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = risetai::UserBody)]
pub struct UserBody {
    pub user_id: String,
    pub user_name: String,
}

impl From<Vec<Subject>> for FaceListBody {
    fn from(people: Vec<Subject>) -> Self {
        let faces = people.into_iter().map(|person| UserBody {
            user_id: person.label,
            user_name: person.name,
        });
        Self {
            status: Status::Success.code(),
            status_message: Status::Success.message(),
            faces: faces.collect(),
        }
    }
}

/// The answer to `facegallery/enroll-face-ktp`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = risetai::CardBody)]
pub struct CardBody {
    /// 411 where the two faces are not alike enough, and nobody was enrolled.
    pub status: &'static str,
    pub status_message: &'static str,
    /// Whether the larger face wears a mask; null where the project does not have it examined.
    pub masker: Option<bool>,
    /// 0–1, the hundredth part of the calibrated percentage.
    pub similarity: f64,
}

impl CardBody {
    pub fn new(status: Status, likeness: Likeness) -> Self {
        Self {
            status: status.code(),
            status_message: status.message(),
            masker: likeness.masked,
            similarity: likeness.percentage / 100.0,
        }
    }
}

/// The answer to `facegallery/verify-face`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = risetai::VerificationBody)]
pub struct VerificationBody {
    /// 411 where `verified` is false.
    pub status: &'static str,
    pub status_message: &'static str,
    pub user_name: String,
    /// 0–1, the hundredth part of the calibrated percentage.
    pub similarity: f64,
    /// Null where the project does not have masks examined.
    pub masker: Option<bool>,
    /// The similarity reaches the project's threshold.
    pub verified: bool,
}

impl VerificationBody {
    pub fn new(verdict: Verdict, compared: Comparison) -> Self {
        Self {
            status: verdict.status().code(),
            status_message: verdict.message(),
            masker: masked(&compared.one),
            user_name: compared
                .other
                .subject
                .map(|person| person.name)
                .unwrap_or_default(),
            similarity: compared.percentage / 100.0,
            verified: verdict.verified,
        }
    }
}

/// The answer to `compare-images`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = risetai::ComparisonBody)]
pub struct ComparisonBody {
    /// 411 where `verified` is false.
    pub status: &'static str,
    pub status_message: &'static str,
    /// 0–1, the hundredth part of the calibrated percentage.
    pub similarity: f64,
    /// The similarity reaches the project's threshold.
    pub verified: bool,
    /// Of `source_image`; null where the project does not have masks examined.
    pub masker: Option<bool>,
}

impl ComparisonBody {
    pub fn new(verdict: Verdict, compared: &Comparison) -> Self {
        Self {
            status: verdict.status().code(),
            status_message: verdict.message(),
            similarity: compared.percentage / 100.0,
            verified: verdict.verified,
            masker: masked(&compared.one),
        }
    }
}

/// Whether two faces are one person's, and how that is answered.
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    pub verified: bool,
}

impl Verdict {
    pub fn status(self) -> Status {
        if self.verified {
            Status::Success
        } else {
            Status::NotVerified
        }
    }

    fn message(self) -> &'static str {
        if self.verified {
            Status::Success.message()
        } else {
            "Face Not Verified"
        }
    }
}

/// The answer to `facegallery/identify-face`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = risetai::IdentificationBody)]
pub struct IdentificationBody {
    /// 411 where nobody was recognized.
    pub status: &'static str,
    pub status_message: &'static str,
    pub status_description: &'static str,
    /// One person at most.
    #[serde(rename = "return")]
    pub found: Vec<IdentifiedBody>,
}

/// The person in the picture. Strings where one would expect a number and a boolean.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = risetai::IdentifiedBody)]
pub struct IdentifiedBody {
    /// 0–1 with six decimals.
    pub confidence_level: String,
    /// `true` or `false`; null where the project does not have masks examined.
    pub mask: Option<String>,
    pub user_id: String,
    pub user_name: String,
}

impl From<Identified> for IdentificationBody {
    fn from(identified: Identified) -> Self {
        let mask = masked(&identified.probe).map(|worn| worn.to_string());
        let found = identified.candidates.into_iter().take(1);
        let found: Vec<_> = found
            .map(|candidate| IdentifiedBody {
                confidence_level: format!("{:.6}", candidate.percentage / 100.0),
                mask: mask.clone(),
                user_id: candidate.subject.label,
                user_name: candidate.subject.name,
            })
            .collect();
        let (status, description) = if found.is_empty() {
            (Status::NotVerified, "Face Not Recognized")
        } else {
            (Status::Success, "Face Recognition Success")
        };
        Self {
            status: status.code(),
            status_message: status.message(),
            status_description: description,
            found,
        }
    }
}

impl IdentificationBody {
    pub fn outcome(&self) -> Status {
        if self.found.is_empty() {
            Status::NotVerified
        } else {
            Status::Success
        }
    }
}

/// Whether the face of a side's picture wears a mask, where it was asked.
fn masked(side: &Side) -> Option<bool> {
    side.looked.first()?.faces.first()?.masked
}
