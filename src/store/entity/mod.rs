//! The tables as SeaORM sees them.

pub mod callbacks;
pub mod calls;
pub mod consents;
pub mod doomed_blobs;
pub mod evidence;
pub mod examinations;
pub mod galleries;
pub mod gallery_changes;
pub mod memberships;
pub mod projects;
pub mod sessions;
pub mod subjects;
pub mod templates;
pub mod tokens;
pub mod usage;
