//! Model packs with papers: the manifest, where files come from, how they are checked and converted. No network is run here.

pub mod convert;
pub mod error;
pub mod hash;
mod install;
pub mod manifest;
mod schema;
