//! The `OpenAPI` description and the page that shows it, assets served from the binary.

use actix_web::web;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::SwaggerUi;

use crate::http::dialects::risetai::mount::TwoAddresses;
use crate::http::dialects::{argos, biometry, fremis, native, risetai};
use crate::http::health;

/// The description of every route.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "likeness",
        description = "Self-hosted video KYC: is the person in the video the person on the document, and acceptable under the project's own rules? Percentages are 0–100; 80 corresponds to a false match rate of 1e-4. Every answer carries `X-Request-Id`."
    ),
    paths(
        argos::routes::compare,
        biometry::routes::start_session,
        biometry::routes::end_session,
        biometry::routes::give_consent,
        biometry::routes::give_storage_consent,
        biometry::routes::process_video,
        biometry::routes::match_faces,
        biometry::routes::enroll_face,
        biometry::routes::enroll_voice,
        biometry::routes::check_document,
        fremis::routes::match_pictures,
        fremis::routes::match_faces,
        fremis::routes::enroll,
        fremis::routes::delete_enrollment,
        fremis::routes::create_keyspace,
        fremis::routes::recognize,
        fremis::routes::healthcheck,
        fremis::routes::limit_usage,
        native::routes::read_models,
        native::embeddings::embed,
        native::calls::list_calls,
        native::calls::read_usage,
        native::routes::open_session,
        native::routes::list_sessions,
        native::routes::read_session,
        native::routes::add_document,
        native::routes::add_video,
        native::routes::give_consent,
        native::routes::end_session,
        native::routes::request_examination,
        native::routes::read_examination,
        native::routes::read_thumbnail,
        risetai::client::register,
        risetai::client::delete,
        risetai::client::counters,
        risetai::galleries::list,
        risetai::galleries::create,
        risetai::galleries::delete,
        risetai::people::enroll,
        risetai::people::enroll_with_card,
        risetai::people::list,
        risetai::people::delete,
        risetai::recognition::verify,
        risetai::recognition::identify,
        risetai::recognition::compare,
        risetai::token::exchange,
        risetai::token::revoke,
        health::healthz,
        health::readyz,
    ),
    modifiers(&Tokens, &TwoAddresses)
)]
struct Description;

struct Tokens;

impl Modify for Tokens {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("bearer", SecurityScheme::Http(scheme));
        for header in ["x-api-key", "Accesstoken"] {
            let key = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(header)));
            openapi
                .components
                .get_or_insert_default()
                .add_security_scheme(header, key);
        }
    }
}

/// Adds `/openapi.json` and the page under `/docs/`.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes.service(SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", Description::openapi()));
}
