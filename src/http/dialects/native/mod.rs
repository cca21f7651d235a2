//! The project's own API under `/v1`.

pub mod backtests;
pub mod calls;
pub mod challenges;
pub mod decisions;
pub mod defects;
pub mod embeddings;
pub mod erasures;
pub mod errors;
pub mod holds;
mod moments;
mod names;
pub mod provenance_wire;
pub mod reasons_wire;
pub mod result_wire;
pub mod routes;
pub mod rule_roles;
pub mod rules;
pub mod rules_body;
pub mod rules_wire;
pub mod shadows;
pub mod verdict_table_wire;
pub mod webhooks;
pub mod wire;
