//! The nouns: identifiers, sessions, projects, rules, decisions, evidence, galleries, the audit log. No database, no network.

pub mod account;
pub mod actor;
pub mod audit;
pub mod call;
pub mod challenge;
pub mod checklist;
pub mod decision;
pub mod defect;
pub mod delivery;
pub mod estimate;
pub mod evidence;
pub mod examination;
pub mod gallery;
pub mod histogram;
pub mod ids;
pub mod known_answer;
pub mod picture;
pub mod project;
pub mod review;
pub mod rule_version;
pub mod status;
pub mod template;
pub mod time;
pub mod verdict_table;
pub mod visit;
