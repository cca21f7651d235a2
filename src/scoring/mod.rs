//! Named numbers and rules in, a verdict with its reasons out. Pure: it knows no picture and no clock.

pub mod condition;
pub mod expression;
pub mod functions;
pub mod handbook;
pub mod interval;
pub mod reading;
pub mod reasons;
pub mod rules;
pub mod schema;
pub mod sentences;
pub mod signals;
pub mod strict_json;
pub mod suggestion;
pub mod templates;
pub mod verdict;
pub mod vocabulary;
