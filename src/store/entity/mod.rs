//! The tables as SeaORM sees them.

pub mod consents;
pub mod evidence;
pub mod examinations;
pub mod projects;
pub mod sessions;
pub mod tokens;
