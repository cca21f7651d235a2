//! The answers of the cloud API.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::base64_picture;
use crate::operations::change_person::Portrait;
use crate::operations::detect::Detected;
use crate::session::examination::FaceBox;
use crate::session::gallery::{Gallery, Subject};
use crate::session::time::Timestamp;

/// Stands for a thumbnail where none was kept: a picture of one grey pixel.
const BLANK: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVQIHWOor68HAAL+AX4oABuOAAAAAElFTkSuQmCC";

/// The cloud answer to `/compare`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::ScoreBody)]
pub struct ScoreBody {
    /// 0–1, the hundredth part of the calibrated percentage.
    pub score: f64,
}

/// The answer to `/compare-live-face`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::LiveScoreBody)]
pub struct LiveScoreBody {
    /// 0–1, the hundredth part of the calibrated percentage.
    pub score: f64,
    /// 0–1.
    pub liveness_score: f64,
}

/// The answer to `/liveness`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::LivenessBody)]
pub struct LivenessBody {
    /// 0–1.
    pub liveness_score: f64,
}

/// A collection.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::CollectionBody)]
pub struct CollectionBody {
    pub id: String,
    pub name: String,
    #[schema(required = true)]
    pub description: Option<String>,
    /// Its people.
    pub count: u64,
    /// ISO 8601, UTC.
    pub create_date: String,
    pub modified_date: String,
}

impl CollectionBody {
    pub fn new(gallery: Gallery, count: u64) -> Self {
        Self {
            id: gallery.id.0.to_string(),
            name: gallery.name,
            description: not_empty(gallery.description),
            count,
            create_date: iso_8601(gallery.created_at),
            modified_date: iso_8601(gallery.updated_at),
        }
    }
}

/// A part of the collections.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::CollectionListBody)]
pub struct CollectionListBody {
    /// All that were found, in this part or not.
    pub count: u64,
    pub collections: Vec<CollectionBody>,
}

/// Whom a collection took in and let go.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::MembersBody)]
pub struct MembersBody {
    pub collection_id: String,
    pub new_person_ids: Vec<String>,
    pub removed_person_ids: Vec<String>,
}

/// One picture of a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::ThumbnailBody)]
pub struct ThumbnailBody {
    /// Base64.
    pub thumbnail: String,
}

/// A person; every key is always there.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::PersonBody)]
pub struct PersonBody {
    pub id: String,
    #[schema(required = true)]
    pub name: Option<String>,
    /// `M` or `F`.
    #[schema(required = true)]
    pub gender: Option<String>,
    #[schema(required = true)]
    pub date_of_birth: Option<String>,
    #[schema(required = true)]
    pub nationality: Option<String>,
    #[schema(required = true)]
    pub notes: Option<String>,
    /// ISO 8601, UTC.
    pub create_date: String,
    pub modified_date: String,
    pub collections: Vec<CollectionBody>,
    /// One to three; a grey pixel where none was kept.
    pub thumbnails: Vec<ThumbnailBody>,
}

impl From<Portrait> for PersonBody {
    fn from(portrait: Portrait) -> Self {
        let Portrait {
            subject,
            galleries,
            thumbnails,
        } = portrait;
        let collections = galleries
            .into_iter()
            .map(|(gallery, people)| CollectionBody::new(gallery, people))
            .collect();
        let mut thumbnails: Vec<_> = thumbnails
            .iter()
            .map(|bytes| ThumbnailBody {
                thumbnail: base64_picture::encode(bytes),
            })
            .collect();
        if thumbnails.is_empty() {
            thumbnails.push(ThumbnailBody {
                thumbnail: BLANK.to_owned(),
            });
        }
        Self {
            gender: detail(&subject, "gender"),
            date_of_birth: detail(&subject, "date_of_birth"),
            nationality: detail(&subject, "nationality"),
            notes: detail(&subject, "notes"),
            create_date: iso_8601(subject.created_at),
            modified_date: iso_8601(subject.updated_at),
            id: subject.label,
            name: not_empty(subject.name),
            collections,
            thumbnails,
        }
    }
}

/// A person whom a search found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::ScoredPersonBody)]
pub struct ScoredPersonBody {
    #[serde(flatten)]
    pub person: PersonBody,
    /// 0–1, the hundredth part of the calibrated percentage.
    pub score: f64,
}

/// A part of the people.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::PersonListBody)]
pub struct PersonListBody {
    /// All that were found, in this part or not.
    pub count: u64,
    pub persons: Vec<PersonBody>,
}

/// Somebody or something that was deleted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::IdBody)]
pub struct IdBody {
    pub id: String,
}

/// The answer to `/search-live-face`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::LivePersonsBody)]
pub struct LivePersonsBody {
    pub persons: Vec<ScoredPersonBody>,
    /// 0–1.
    pub liveness_score: f64,
}

/// The answer to `/verify`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::VerifiedBody)]
pub struct VerifiedBody {
    /// Nobody where the score is below the threshold.
    #[schema(required = true)]
    pub r#match: Option<ScoredPersonBody>,
}

/// Where a face lies, in pixels of the picture as it came.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::BoxBody)]
pub struct BoxBody {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

impl From<FaceBox> for BoxBody {
    fn from(face: FaceBox) -> Self {
        Self {
            left: face.left.round() as i32,
            top: face.top.round() as i32,
            right: (face.left + face.width).round() as i32,
            bottom: (face.top + face.height).round() as i32,
        }
    }
}

/// Points of a face: x and y.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::LandmarksBody)]
pub struct LandmarksBody {
    pub left_eye: [i32; 2],
    pub right_eye: [i32; 2],
    pub nose: [i32; 2],
    pub left_mouth: [i32; 2],
    pub right_mouth: [i32; 2],
}

/// A face, and the people it may be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::DetectedBody)]
pub struct DetectedBody {
    pub r#box: BoxBody,
    pub landmarks: LandmarksBody,
    /// Base64.
    pub thumbnail: String,
    /// 0–1.
    pub detection_score: f64,
    pub persons: Vec<ScoredPersonBody>,
}

impl DetectedBody {
    pub fn new(detected: &Detected, persons: Vec<ScoredPersonBody>) -> Self {
        let face = &detected.face;
        let point = |(x, y): (f32, f32)| [x.round() as i32, y.round() as i32];
        let [left_eye, right_eye, nose, left_mouth, right_mouth] = face.landmarks.map(point);
        let thumbnail = if face.thumbnail.is_empty() {
            BLANK.to_owned()
        } else {
            base64_picture::encode(&face.thumbnail)
        };
        Self {
            r#box: face.face_box.into(),
            landmarks: LandmarksBody {
                left_eye,
                right_eye,
                nose,
                left_mouth,
                right_mouth,
            },
            thumbnail,
            detection_score: f64::from(face.finding.confidence),
            persons,
        }
    }
}

fn detail(subject: &Subject, key: &str) -> Option<String> {
    let details = subject.details.as_ref()?;
    details.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn not_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn iso_8601(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map(|at| format!("{at:.3}"))
        .unwrap_or_default()
}
