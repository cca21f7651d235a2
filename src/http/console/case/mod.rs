//! One session as an officer sees it: the pictures, the video, the timeline, the verdict, what was done, and the decision.

mod chart;
mod compare;
mod conditions;
mod decide;
mod evidence;
mod frames;
mod history;
mod page;
mod panel;

use actix_web::web;

/// Adds the routes.
pub(super) fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/sessions/{id}", web::get().to(page::show))
        .route("/sessions/{id}/take", web::post().to(decide::take))
        .route("/sessions/{id}/renew", web::post().to(decide::renew))
        .route(
            "/sessions/{id}/give-back",
            web::post().to(decide::give_back),
        )
        .route("/sessions/{id}/decide", web::post().to(decide::decide))
        .route("/sessions/{id}/undo", web::post().to(decide::undo))
        .route(
            "/evidence/{session}/video",
            web::get().to(evidence::show_video),
        )
        .route(
            "/evidence/{session}/{examination}/{picture}",
            web::get().to(evidence::show_picture),
        );
}
