//! The tables as SeaORM sees them.

pub mod audit;
pub mod audit_head;
pub mod callbacks;
pub mod calls;
pub mod challenges;
pub mod consents;
pub mod decisions;
pub mod doomed_blobs;
pub mod evidence;
pub mod examinations;
pub mod galleries;
pub mod gallery_changes;
pub mod memberships;
pub mod officers;
pub mod projects;
pub mod rule_activations;
pub mod rule_versions;
pub mod session_keys;
pub mod sessions;
pub mod shadow_verdicts;
pub mod subjects;
pub mod templates;
pub mod tokens;
pub mod usage;
