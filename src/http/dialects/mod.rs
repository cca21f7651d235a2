//! One folder a dialect: routes, wire types, errors. They convert, nothing else. [`door`] tells whose an address is.

use actix_web::web;

pub mod argos;
pub mod biometry;
pub mod door;
pub mod fremis;
pub mod native;
pub mod opencv_fr;
pub mod risetai;

/// Adds every dialect's routes; a new dialect adds its line here.
pub fn configure(routes: &mut web::ServiceConfig) {
    argos::routes::configure(routes);
    biometry::routes::configure(routes);
    // Some of its paths lie below the native API's `/v1`, so it comes first.
    fremis::routes::configure(routes);
    native::routes::configure(routes);
    risetai::routes::configure(routes);
    opencv_fr::routes::configure(routes);
    // What no dialect knows.
    routes.default_service(web::to(native::routes::no_such_route));
}
