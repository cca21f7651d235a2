//! The bodies that the cloud API takes, as the API page describes them.

use utoipa::ToSchema;

/// The cloud body of `/compare`.
#[derive(ToSchema)]
#[schema(as = opencv_fr::SetsForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct SetsForm {
    /// One to three images of one person, base64.
    gallery: Vec<String>,
    /// One to three images of one person, base64.
    probe: Vec<String>,
    /// `FAST` or `ACCURATE`; one model serves both.
    search_mode: Option<String>,
}

/// The body of `/compare-live-face`.
#[derive(ToSchema)]
#[schema(as = opencv_fr::LiveCompareForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct LiveCompareForm {
    /// One to three images of one person, base64.
    gallery: Vec<String>,
    /// The face that is to be live.
    probe: String,
    search_mode: Option<String>,
    /// `DESKTOP`, `ANDROID` or `IOS`; changes nothing.
    os: Option<String>,
    /// 0–1; 0.5 without it and at least.
    liveness_min_score: Option<f64>,
}

/// The body of `/liveness`.
#[derive(ToSchema)]
#[schema(as = opencv_fr::LivenessForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct LivenessForm {
    os: Option<String>,
    image: String,
}

/// The body of `/search` and `/search/crops`.
#[derive(ToSchema)]
#[schema(as = opencv_fr::SearchForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct SearchForm {
    /// One to three images of one person, base64.
    images: Vec<String>,
    /// 0–1, 0.7 without it; never below the project's threshold.
    min_score: Option<f64>,
    /// Everybody where it is not given.
    collection_id: Option<String>,
    search_mode: Option<String>,
}

/// The body of `/search-live-face`.
#[derive(ToSchema)]
#[schema(as = opencv_fr::LiveSearchForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct LiveSearchForm {
    image: String,
    collection_id: Option<String>,
    min_score: Option<f64>,
    /// 10 without it, 100 at most.
    max_results: Option<u32>,
    os: Option<String>,
    search_mode: Option<String>,
}

/// The body of `/verify`.
#[derive(ToSchema)]
#[schema(as = opencv_fr::VerifyForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct VerifyForm {
    /// The person's.
    id: String,
    images: Vec<String>,
    min_score: Option<f64>,
    verification_mode: Option<String>,
}

/// Where `/detect` searches.
#[derive(ToSchema)]
#[schema(as = opencv_fr::DetectSearchForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct DetectSearchForm {
    collection_id: Option<String>,
    min_score: Option<f64>,
    search_mode: Option<String>,
}

/// The body of `/detect`.
#[derive(ToSchema)]
#[schema(as = opencv_fr::DetectForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct DetectForm {
    image: String,
    /// Nobody is searched for without it.
    search: Option<DetectSearchForm>,
}

/// A collection to make, the cloud's body.
#[derive(ToSchema)]
#[schema(as = opencv_fr::CollectionForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct CollectionForm {
    name: String,
    description: Option<String>,
}

/// A collection to change; what is not given stays.
#[derive(ToSchema)]
#[schema(as = opencv_fr::CollectionChangeForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct CollectionChangeForm {
    id: String,
    name: Option<String>,
    description: Option<String>,
}

/// Whom a collection takes in and lets go.
#[derive(ToSchema)]
#[schema(as = opencv_fr::MembersForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct MembersForm {
    collection_id: String,
    new_person_ids: Option<Vec<String>>,
    removed_person_ids: Option<Vec<String>>,
}

/// A person to enrol.
#[derive(ToSchema)]
#[schema(as = opencv_fr::PersonForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct PersonForm {
    /// One to three, base64.
    images: Vec<String>,
    /// Made by the service where none is given.
    id: Option<String>,
    name: Option<String>,
    /// `M` or `F`.
    gender: Option<String>,
    /// A date, ISO 8601.
    date_of_birth: Option<String>,
    nationality: Option<String>,
    /// Identifiers.
    collections: Option<Vec<String>>,
    notes: Option<String>,
    /// Changes nothing.
    is_bulk_insert: Option<bool>,
}

/// A person to change; what is not given stays, and null clears.
#[derive(ToSchema)]
#[schema(as = opencv_fr::PersonChangeForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct PersonChangeForm {
    id: String,
    /// They take the place of the earlier ones.
    images: Option<Vec<String>>,
    name: Option<String>,
    gender: Option<String>,
    date_of_birth: Option<String>,
    nationality: Option<String>,
    collections: Option<Vec<String>>,
    notes: Option<String>,
}

/// What is done with people.
#[derive(ToSchema)]
#[schema(as = opencv_fr::PeopleActionForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct PeopleActionForm {
    /// `DELETE`.
    action: String,
    person_ids: Vec<String>,
}
