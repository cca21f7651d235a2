//! Model packs with papers: the manifest, where files come from, how they are checked and converted. No network is run here.

pub mod convert;
pub mod manifest;
