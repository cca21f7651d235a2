//! The routes of RisetAI's API: thirteen endpoints at two addresses, and two for tokens.

use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, web};

use crate::http::dialects::risetai::errors::RisetError;
use crate::http::dialects::risetai::mount::{FLAT, WRAPPED, in_envelope, with_outcome};
use crate::http::dialects::risetai::status::Status;
use crate::http::dialects::risetai::{client, galleries, people, recognition, token};

/// What every handler of the thirteen answers.
pub type Answer = Result<HttpResponse, RisetError>;

/// Adds the dialect's routes.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes
        .service(
            web::scope(FLAT)
                .wrap(from_fn(with_outcome))
                .configure(endpoints),
        )
        .service(
            web::scope(WRAPPED)
                .wrap(from_fn(in_envelope))
                .wrap(from_fn(with_outcome))
                .configure(endpoints),
        )
        .route("/oauth/client/token", web::post().to(token::exchange))
        .route("/oauth/token/revoke", web::post().to(token::revoke));
}

fn endpoints(routes: &mut web::ServiceConfig) {
    routes
        .service(
            web::scope("/client")
                .route("/register", web::post().to(client::register))
                .route("/delete", web::delete().to(client::delete))
                .route("/get-counters", web::get().to(client::counters))
                .default_service(web::to(no_such_route)),
        )
        .service(
            web::scope("/facegallery")
                .route("/my-facegalleries", web::get().to(galleries::list))
                .route("/create-facegallery", web::post().to(galleries::create))
                .route("/delete-facegallery", web::delete().to(galleries::delete))
                .route("/enroll-face", web::post().to(people::enroll))
                .route("/enroll-face-ktp", web::post().to(people::enroll_with_card))
                .route("/list-faces", web::get().to(people::list))
                .route("/delete-face", web::delete().to(people::delete))
                .route("/verify-face", web::post().to(recognition::verify))
                .route("/identify-face", web::post().to(recognition::identify))
                .default_service(web::to(no_such_route)),
        )
        .route("/compare-images", web::post().to(recognition::compare))
        .default_service(web::to(no_such_route));
}

async fn no_such_route() -> Answer {
    Err(RisetError::new(Status::NoEndpoint))
}
