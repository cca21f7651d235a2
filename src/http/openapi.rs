//! The `OpenAPI` description and the page that shows it, assets served from the binary.

use actix_web::web;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Required, Response};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::SwaggerUi;

use crate::http::dialects::risetai::mount::TwoAddresses;
use crate::http::dialects::{argos, biometry, fremis, native, opencv_fr, risetai};
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
        biometry::enrolment::enroll_face,
        biometry::enrolment::enroll_voice,
        biometry::enrolment::check_document,
        fremis::routes::match_pictures,
        fremis::routes::match_faces,
        fremis::routes::enroll,
        fremis::routes::delete_enrollment,
        fremis::routes::create_keyspace,
        fremis::routes::recognize,
        fremis::routes::healthcheck,
        fremis::routes::limit_usage,
        native::routes::read_models,
        native::defects::list_defects,
        native::embeddings::embed,
        native::calls::list_calls,
        native::calls::read_usage,
        native::routes::open_session,
        native::routes::list_sessions,
        native::routes::read_session,
        native::routes::add_document,
        native::routes::add_video,
        native::routes::give_consent,
        native::routes::withdraw_consent,
        native::challenges::draw,
        native::routes::end_session,
        native::routes::request_examination,
        native::routes::read_examination,
        native::routes::read_thumbnail,
        native::decisions::decide,
        native::decisions::list_decisions,
        native::holds::hold_session,
        native::holds::release_session,
        native::erasures::erase_session,
        native::erasures::erase_subject,
        native::erasures::read_receipt,
        native::erasures::read_persons_receipt,
        native::erasures::read_key,
        native::rules::read_project,
        native::rules::list_rules,
        native::rules::save_rules,
        native::rules::read_rules,
        native::rules::check,
        native::rules::read_schema,
        native::rules::read_vocabulary,
        native::rule_roles::activate,
        native::rule_roles::shadow,
        native::rule_roles::end_shadow,
        native::rule_roles::list_activations,
        native::shadows::report,
        native::shadows::of_examination,
        native::backtests::backtest,
        native::webhooks::create,
        native::webhooks::list,
        native::webhooks::remove,
        native::webhooks::rotate,
        native::webhooks::enable,
        native::webhooks::test,
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
        opencv_fr::routes::compare,
        opencv_fr::onprem::face_search,
        opencv_fr::onprem::multi_face_search,
        opencv_fr::routes::create_collection,
        opencv_fr::onprem::delete_collection,
        opencv_fr::onprem_people::put_person,
        opencv_fr::onprem_people::delete_person,
        opencv_fr::onprem_people::put_persons,
        opencv_fr::cloud_faces::compare_live_face,
        opencv_fr::cloud_faces::liveness,
        opencv_fr::cloud_faces::search,
        opencv_fr::cloud_faces::search_crops,
        opencv_fr::cloud_faces::search_live_face,
        opencv_fr::cloud_faces::verify,
        opencv_fr::cloud_faces::detect,
        opencv_fr::cloud_collections::change_collection,
        opencv_fr::cloud_collections::list_collections,
        opencv_fr::cloud_collections::read_collection,
        opencv_fr::cloud_collections::delete_collection,
        opencv_fr::cloud_collections::change_members,
        opencv_fr::cloud_people::create_person,
        opencv_fr::cloud_people::change_person,
        opencv_fr::cloud_people::list_people,
        opencv_fr::cloud_people::read_person,
        opencv_fr::cloud_people::delete_person,
        opencv_fr::cloud_people::change_people,
        health::healthz,
        health::readyz,
    ),
    // Answers that many routes share, and lines of an answer, bring no body of their own along.
    components(schemas(
        native::backtests::BacktestLine,
        opencv_fr::failures::ErrorBody,
        opencv_fr::failures::DetailBody,
    )),
    modifiers(&Tokens, &TwoAddresses, &Keys)
)]
struct Description;

struct Tokens;

impl Modify for Tokens {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
        let key = ApiKey::Header(ApiKeyValue::new("x-api-key"));
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(key));
    }
}

/// Every POST may be sent again under a key.
struct Keys;

impl Modify for Keys {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let items = openapi.paths.paths.values_mut();
        for operation in items.filter_map(|item| item.post.as_mut()) {
            let parameter = ParameterBuilder::new()
                .name("Idempotency-Key")
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some("1 to 255 visible ASCII characters. Sent again under the same key within 24 hours, the request is carried out once and answered the same, with `Idempotency-Replayed: true`."))
                .schema(Some(Object::with_type(Type::String)))
                .build();
            operation
                .parameters
                .get_or_insert_default()
                .push(parameter.into());
            for (status, meaning) in [
                (
                    "409",
                    "The request of the same key is still being carried out.",
                ),
                ("422", "Another request came with the same key before."),
            ] {
                let response = Response::new(meaning);
                let responses = &mut operation.responses.responses;
                responses
                    .entry(status.to_owned())
                    .or_insert_with(|| response.into());
            }
        }
    }
}

/// Adds `/openapi.json` and the page under `/docs/`.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes.service(SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", Description::openapi()));
}
