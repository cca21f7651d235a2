//! Posts results and events to addresses that callers name, and to none inside the operator's own network.

pub mod guard;
pub mod post;
pub mod receiver;
pub mod retry;
pub mod signature;
