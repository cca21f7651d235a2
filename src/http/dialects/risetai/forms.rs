//! The requests of RisetAI's API, as the API page describes them.

use utoipa::ToSchema;

/// The body of `client/get-counters`.
#[derive(ToSchema)]
#[schema(as = risetai::ReferenceForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct ReferenceForm {
    /// The caller's own number for the call, 120 characters at most.
    trx_id: Option<String>,
}

/// The body of endpoints that are about a facegallery.
#[derive(ToSchema)]
#[schema(as = risetai::GalleryForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct GalleryForm {
    /// 120 characters at most.
    facegallery_id: String,
    /// The caller's own number for the call, 120 characters at most.
    trx_id: Option<String>,
}

/// The body of `facegallery/delete-face`.
#[derive(ToSchema)]
#[schema(as = risetai::UserForm)]
#[expect(
    dead_code,
    clippy::struct_field_names,
    reason = "describes a body to the API page"
)]
pub struct UserForm {
    /// 120 characters at most.
    user_id: String,
    /// 120 characters at most.
    facegallery_id: String,
    /// The caller's own number for the call, 120 characters at most.
    trx_id: Option<String>,
}

/// The body of `facegallery/enroll-face`.
#[derive(ToSchema)]
#[schema(as = risetai::EnrolmentForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct EnrolmentForm {
    /// 120 characters at most.
    user_id: String,
    /// 120 characters at most.
    user_name: String,
    /// 120 characters at most.
    facegallery_id: String,
    /// Enrol a face in spite of its being too small. False without it.
    force_register: Option<bool>,
    /// Base64, with or without the prefix of a data URL: JPEG, PNG, WebP or BMP.
    image: String,
    /// The caller's own number for the call, 120 characters at most.
    trx_id: Option<String>,
}

/// The body of `facegallery/enroll-face-ktp`.
#[derive(ToSchema)]
#[schema(as = risetai::CardEnrolmentForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct CardEnrolmentForm {
    /// 120 characters at most.
    user_id: String,
    /// 120 characters at most.
    user_name: String,
    /// 120 characters at most.
    facegallery_id: String,
    /// A selfie with the identity card in hand; base64, with or without the prefix of a data URL.
    image: String,
    /// The caller's own number for the call, 120 characters at most.
    trx_id: Option<String>,
    /// 0–1. Raises the project's threshold for this call, and never lowers it.
    minimum_similarity: Option<f64>,
}

/// The body of `facegallery/verify-face`.
#[derive(ToSchema)]
#[schema(as = risetai::VerificationForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct VerificationForm {
    /// 120 characters at most.
    user_id: String,
    /// 120 characters at most.
    facegallery_id: String,
    /// Base64, with or without the prefix of a data URL: JPEG, PNG, WebP or BMP.
    image: String,
    /// The caller's own number for the call, 120 characters at most.
    trx_id: Option<String>,
}

/// The body of `facegallery/identify-face`.
#[derive(ToSchema)]
#[schema(as = risetai::IdentificationForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct IdentificationForm {
    /// 120 characters at most.
    facegallery_id: String,
    /// Base64, with or without the prefix of a data URL: JPEG, PNG, WebP or BMP.
    image: String,
    /// The caller's own number for the call, 120 characters at most.
    trx_id: Option<String>,
}

/// The body of `compare-images`.
#[derive(ToSchema)]
#[schema(as = risetai::ComparisonForm)]
#[expect(dead_code, reason = "describes a body to the API page")]
pub struct ComparisonForm {
    /// Base64, with or without the prefix of a data URL: JPEG, PNG, WebP or BMP.
    source_image: String,
    /// Base64, with or without the prefix of a data URL: JPEG, PNG, WebP or BMP.
    target_image: String,
    /// The caller's own number for the call, 120 characters at most.
    trx_id: Option<String>,
}
