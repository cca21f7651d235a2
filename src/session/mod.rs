//! The nouns: identifiers, the session and its states, projects, evidence, examinations. No database, no network.

pub mod evidence;
pub mod examination;
pub mod ids;
pub mod project;
pub mod status;
pub mod time;
pub mod visit;
