//! Posts results to addresses that callers name, and to none inside the operator's own network.

pub mod guard;
pub mod post;
