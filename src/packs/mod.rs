//! Model packs with papers: the manifest, where files come from, how they are checked and converted. Nothing here computes with weights.

pub mod cache;
pub mod convert;
pub mod error;
mod fetch;
pub mod folder;
pub mod hash;
mod install;
pub mod manifest;
mod prepare;
pub mod progress;
pub mod pull;
mod schema;
pub mod verify;
