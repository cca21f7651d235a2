//! The nouns: identifiers, sessions, projects, evidence, examinations, galleries, templates. No database, no network.

pub mod call;
pub mod evidence;
pub mod examination;
pub mod gallery;
pub mod ids;
pub mod project;
pub mod status;
pub mod template;
pub mod time;
pub mod visit;
