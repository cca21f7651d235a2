//! The bodies of ARGOS's API, field for field.

use serde::Serialize;
use utoipa::ToSchema;

use crate::operations::compare_seen::SeenPair;
use crate::pipeline::examiner::Looked;

/// The type of every answer.
pub const API_TYPE: &str = "compare_face";

/// The answer to a comparison; posted to the callback in the same form.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = argos::CompareBody)]
#[serde(rename_all = "camelCase")]
pub struct CompareBody {
    /// 200.
    pub status_code: u16,
    pub api_type: &'static str,
    pub transaction_id: String,
    pub result: CompareResult,
}

/// What was seen, and how alike it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = argos::CompareResult)]
#[serde(rename_all = "camelCase")]
pub struct CompareResult {
    pub face: OriginFace,
    pub face_match: TargetFace,
}

/// The face of `originFace`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = argos::OriginFace)]
#[serde(rename_all = "camelCase")]
pub struct OriginFace {
    /// Whether there is a face of 50 pixels or more.
    pub is_available: bool,
    /// `null` where there is none.
    pub bounding_box: Option<BoundingBox>,
}

/// The face of `targetFace`, and how alike it is to that of `originFace`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = argos::TargetFace)]
#[serde(rename_all = "camelCase")]
pub struct TargetFace {
    pub is_available: bool,
    /// 0–100, the calibrated percentage; 0 where either face is missing.
    pub similarity: f64,
    /// 0–100, how sure the detector is that this is a face; 0 where there is none.
    pub confidence: f64,
    /// `null` where there is none.
    pub bounding_box: Option<BoundingBox>,
}

/// A box as shares of the picture's width and height.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = argos::BoundingBox)]
#[serde(rename_all = "PascalCase")]
pub struct BoundingBox {
    pub width: f64,
    pub height: f64,
    pub left: f64,
    pub top: f64,
}

impl CompareBody {
    pub fn new(transaction_id: String, seen: &SeenPair) -> Self {
        let [origin, target] = seen.usable;
        let confidence = target
            .then(|| seen.other.faces.first())
            .flatten()
            .map_or(0.0, |face| f64::from(face.finding.confidence) * 100.0);
        Self {
            status_code: 200,
            api_type: API_TYPE,
            transaction_id,
            result: CompareResult {
                face: OriginFace {
                    is_available: origin,
                    bounding_box: origin.then(|| bounding_box(&seen.one)).flatten(),
                },
                face_match: TargetFace {
                    is_available: target,
                    similarity: seen.percentage.unwrap_or(0.0),
                    confidence,
                    bounding_box: target.then(|| bounding_box(&seen.other)).flatten(),
                },
            },
        }
    }
}

fn bounding_box(looked: &Looked) -> Option<BoundingBox> {
    let face = looked.faces.first()?.face_box;
    let (width, height) = (f64::from(looked.width), f64::from(looked.height));
    Some(BoundingBox {
        width: f64::from(face.width) / width,
        height: f64::from(face.height) / height,
        left: f64::from(face.left) / width,
        top: f64::from(face.top) / height,
    })
}

/// Every error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = argos::ErrorBody)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// The HTTP status.
    pub status_code: u16,
    pub api_type: &'static str,
    /// 1000–1003, 1010; none where the vendor has no number for it.
    pub error_code: Option<u16>,
    pub message: String,
}

/// The body of a comparison.
#[derive(ToSchema)]
#[schema(as = argos::CompareForm, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct CompareForm {
    /// Base64: JPEG, PNG or BMP, less than 5 MB.
    origin_face: String,
    /// Base64: JPEG, PNG or BMP, less than 5 MB.
    target_face: String,
    /// Where the answer is posted as well; needed where the project is set asynchronous.
    callback_url: Option<String>,
}
