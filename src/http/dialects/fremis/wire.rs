//! The bodies of FREMIS-N's API, field for field.

use serde::Serialize;
use utoipa::ToSchema;

use crate::operations::identify::Candidate;
use crate::session::call::{Quotas, Usage};
use crate::session::examination::FaceBox;

/// Every JSON error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = fremis::ErrorBody)]
pub struct ErrorBody {
    /// The status as a string: `400`, `401` or `500`.
    pub code: String,
    pub message: String,
    /// What is wrong, in words.
    pub description: String,
}

/// The answer to `/v1/face/match`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = fremis::MatchBody)]
pub struct MatchBody {
    pub face_match: FaceMatch,
}

/// Whether two faces are one person's.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = fremis::FaceMatch)]
pub struct FaceMatch {
    /// The similarity reaches the project's threshold.
    pub r#match: bool,
    /// 0–1, the hundredth part of the calibrated percentage.
    pub similarity: f64,
}

/// The answer to `/v2/face/match`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = fremis::SimilarityBody)]
pub struct SimilarityBody {
    /// 0–1, the hundredth part of the calibrated percentage.
    pub similarity: f64,
}

/// The answer to `/v1/face/enrollment`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = fremis::EnrollmentBody)]
pub struct EnrollmentBody {
    pub face_detected: Vec<DetectedFace>,
    /// Decimal digits where the service chose it.
    pub face_id: String,
    /// Twenty decimal digits that tell this picture of the person from others.
    pub variation: String,
}

/// Where a face was found, in pixels of the picture as it came.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = fremis::DetectedFace)]
pub struct DetectedFace {
    pub top: i32,
    pub left: i32,
    pub width: i32,
    pub height: i32,
}

impl From<FaceBox> for DetectedFace {
    fn from(face: FaceBox) -> Self {
        Self {
            top: face.top.round() as i32,
            left: face.left.round() as i32,
            width: face.width.round() as i32,
            height: face.height.round() as i32,
        }
    }
}

/// The answer to `/v1/face/delete-enrollment`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = fremis::DeletedBody)]
pub struct DeletedBody {
    /// Those of the asked that were there.
    pub deleted_face_ids: Vec<String>,
}

/// The answer to `/v1/face/keyspace`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = fremis::KeyspaceBody)]
pub struct KeyspaceBody {
    pub keyspace: String,
}

/// The answer to `/v1/face/recognition`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = fremis::RecognitionBody)]
pub struct RecognitionBody {
    pub result: RecognitionResult,
}

/// What a recognition found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = fremis::RecognitionResult)]
pub struct RecognitionResult {
    pub face_recognition: Recognition,
}

/// The people who may be the one in the picture, the most similar first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = fremis::Recognition)]
pub struct Recognition {
    pub candidates: Vec<CandidateBody>,
}

/// One of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = fremis::CandidateBody)]
pub struct CandidateBody {
    pub face_id: String,
    /// 0–1, the hundredth part of the calibrated percentage.
    pub similarity: f64,
}

impl From<Vec<Candidate>> for RecognitionBody {
    fn from(candidates: Vec<Candidate>) -> Self {
        let candidates = candidates
            .into_iter()
            .map(|candidate| CandidateBody {
                face_id: candidate.subject.label,
                similarity: candidate.percentage / 100.0,
            })
            .collect();
        Self {
            result: RecognitionResult {
                face_recognition: Recognition { candidates },
            },
        }
    }
}

/// The answer to `/v1/get-limit-usage`. No limit is told as 2147483647.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = fremis::LimitUsageBody)]
pub struct LimitUsageBody {
    pub current_enrollment: u64,
    pub maximum_enrollment: u64,
    pub current_keyspace: u64,
    pub maximum_keyspace: u64,
    /// Nobody is enrolled without being asked to: 0.
    pub current_anonymous_enrollment: u64,
    pub maximum_anonymous_enrollment: u64,
}

impl LimitUsageBody {
    pub fn new(used: Usage, quotas: Quotas) -> Self {
        let most = |limit: Option<u64>| limit.unwrap_or(i32::MAX as u64);
        Self {
            current_enrollment: used.faces,
            maximum_enrollment: most(quotas.faces),
            current_keyspace: used.galleries,
            maximum_keyspace: most(quotas.galleries),
            current_anonymous_enrollment: 0,
            maximum_anonymous_enrollment: 0,
        }
    }
}

/// A picture of `/v1/face/match`.
#[derive(ToSchema)]
#[schema(as = fremis::ImageForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct ImageForm {
    /// Base64: JPEG, PNG, WebP or BMP.
    content: String,
}

/// The body of `/v1/face/match`.
#[derive(ToSchema)]
#[schema(as = fremis::MatchForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct MatchForm {
    image_a: ImageForm,
    image_b: ImageForm,
}

/// One side of `/v2/face/match`: `image`, `embedding`, or `face_id` with `keyspace`.
#[derive(ToSchema)]
#[schema(as = fremis::FaceForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct FaceForm {
    /// Base64: JPEG, PNG, WebP or BMP.
    image: Option<String>,
    /// As `POST /v1/embeddings` answers it.
    embedding: Option<Vec<f32>>,
    face_id: Option<String>,
    keyspace: Option<String>,
}

/// The body of `/v2/face/match`.
#[derive(ToSchema)]
#[schema(as = fremis::FlexibleMatchForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct FlexibleMatchForm {
    face_a: FaceForm,
    face_b: FaceForm,
}

/// The body of `/v1/face/enrollment`.
#[derive(ToSchema)]
#[schema(as = fremis::EnrollmentForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct EnrollmentForm {
    /// Base64: JPEG, PNG, WebP or BMP.
    image: String,
    /// `default` is made when it is first used; any other must be there.
    keyspace: String,
    additional_params: Option<EnrollmentParams>,
}

/// What may be asked of an enrolment.
#[derive(ToSchema)]
#[schema(as = fremis::EnrollmentParams)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct EnrollmentParams {
    /// The person's identifier; a known one gets a variation more.
    face_id: Option<String>,
}

/// The body of `/v1/face/delete-enrollment`.
#[derive(ToSchema)]
#[schema(as = fremis::DeleteForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct DeleteForm {
    keyspace: String,
    face_ids: Vec<String>,
}

/// The body of `/v1/face/keyspace`.
#[derive(ToSchema)]
#[schema(as = fremis::KeyspaceForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct KeyspaceForm {
    keyspace: String,
}

/// The body of `/v1/face/recognition`.
#[derive(ToSchema)]
#[schema(as = fremis::RecognitionForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct RecognitionForm {
    /// Base64: JPEG, PNG, WebP or BMP.
    image: String,
    keyspace: String,
    additional_params: Option<RecognitionParams>,
}

/// What may be asked of a recognition.
#[derive(ToSchema)]
#[schema(as = fremis::RecognitionParams)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct RecognitionParams {
    /// `candidate_count` is understood as well. 1 without it.
    #[schema(rename = "candidateCount")]
    candidate_count: Option<u32>,
}
