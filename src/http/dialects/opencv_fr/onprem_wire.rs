//! The bodies of the on-prem API.

use serde::Serialize;
use utoipa::ToSchema;

use crate::http::dialects::opencv_fr::cloud_forms::{CollectionForm, SetsForm};
use crate::http::dialects::opencv_fr::cloud_wire::ScoreBody;
use crate::operations::identify::Candidate;
use crate::session::gallery::{Gallery, Subject};

/// The on-prem answer to `/compare`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::IsMatchBody)]
pub struct IsMatchBody {
    pub is_match: bool,
}

/// `is_match` to an on-prem body, `score` to a cloud body.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = opencv_fr::CompareBody)]
pub enum CompareBody {
    OnPrem(IsMatchBody),
    Cloud(ScoreBody),
}

/// A collection as the on-prem API answers it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::NamedCollectionBody)]
pub struct NamedCollectionBody {
    pub name: String,
    pub num_persons: u64,
}

impl NamedCollectionBody {
    pub fn new(gallery: Gallery, people: u64) -> Self {
        Self {
            name: gallery.name,
            num_persons: people,
        }
    }
}

/// A person of a collection.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::NamedPersonBody)]
pub struct NamedPersonBody {
    pub person_id: String,
    pub person_name: String,
    pub collection_name: String,
}

impl NamedPersonBody {
    pub fn new(subject: Subject, collection_name: &str) -> Self {
        Self {
            person_id: subject.label,
            person_name: subject.name,
            collection_name: collection_name.to_owned(),
        }
    }
}

/// Somebody whom a search found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = opencv_fr::FoundPersonBody)]
pub struct FoundPersonBody {
    pub person_id: String,
    pub person_name: String,
    pub collection_name: String,
    /// 0–1, the hundredth part of the calibrated percentage.
    pub score: f64,
}

impl FoundPersonBody {
    pub fn new(candidate: Candidate, collection_name: &str) -> Self {
        Self {
            person_id: candidate.subject.label,
            person_name: candidate.subject.name,
            collection_name: collection_name.to_owned(),
            score: candidate.percentage / 100.0,
        }
    }
}

/// The on-prem body of `/compare`.
#[derive(ToSchema)]
#[schema(as = opencv_fr::FacesForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct FacesForm {
    /// `false` without it. Asks the liveness of `face_base_64` alone.
    check_liveness: Option<bool>,
    face_base_64: String,
    ref_face_base_64: String,
    /// 0–1, 0.7 without it; never below the project's threshold.
    min_similarity_score: Option<f64>,
}

/// An on-prem body, or a cloud body, which has `gallery` and `probe`.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = opencv_fr::CompareForm)]
pub enum CompareForm {
    OnPrem(FacesForm),
    Cloud(SetsForm),
}

/// The name of a collection.
#[derive(ToSchema)]
#[schema(as = opencv_fr::CollectionNameForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct CollectionNameForm {
    /// Letters, digits, underscores, hyphens and periods.
    name: String,
}

/// An on-prem body, or a cloud body, which has `description`.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = opencv_fr::NewCollectionForm)]
pub enum NewCollectionForm {
    OnPrem(CollectionNameForm),
    Cloud(CollectionForm),
}

/// A person to enrol or to update.
#[derive(ToSchema)]
#[schema(as = opencv_fr::NamedPersonForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct NamedPersonForm {
    person_id: String,
    person_name: String,
    collection_name: String,
    face_base_64: String,
    /// `NoStorage`, `StoreThumbnails` or `StoreFullImage`.
    face_storage_type: String,
    check_duplicates: Option<bool>,
    /// 0–1, 0.7 without it.
    duplicate_check_min_similarity: Option<f64>,
    check_liveness: Option<bool>,
}

/// One person of a bulk enrolment; the three checks may stand here or beside `persons`.
#[derive(ToSchema)]
#[schema(as = opencv_fr::BulkPersonForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct BulkPersonForm {
    person_id: String,
    person_name: String,
    face_base_64: String,
    check_duplicates: Option<bool>,
    duplicate_check_min_similarity: Option<f64>,
    check_liveness: Option<bool>,
}

/// The body of `PUT /persons`.
#[derive(ToSchema)]
#[schema(as = opencv_fr::BulkForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct BulkForm {
    collection_name: String,
    /// `NoStorage`, `StoreThumbnails` or `StoreFullImage`.
    face_storage_type: String,
    persons: Vec<BulkPersonForm>,
}

/// Who is to be deleted.
#[derive(ToSchema)]
#[schema(as = opencv_fr::PersonIdForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct PersonIdForm {
    person_id: String,
    collection_name: String,
}

/// The body of `/face-search`.
#[derive(ToSchema)]
#[schema(as = opencv_fr::FaceSearchForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct FaceSearchForm {
    collection_name: String,
    face_base_64: String,
    check_liveness: Option<bool>,
    /// 0–1, 0.7 without it; never below the project's threshold.
    min_similarity_score: Option<f64>,
    /// 1 without it, 1000 at most.
    max_results: Option<u32>,
}
