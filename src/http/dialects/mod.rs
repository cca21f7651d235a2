//! One folder a dialect: routes, wire types, errors. They convert, nothing else.

use actix_web::web;

pub mod biometry;
pub mod native;

/// Adds every dialect's routes; a new dialect adds its line here.
pub fn configure(routes: &mut web::ServiceConfig) {
    biometry::routes::configure(routes);
    native::routes::configure(routes);
}
