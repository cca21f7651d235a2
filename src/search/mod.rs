//! Exact search among templates that lie one after the other in memory. No database, no picture.

pub mod faces;
mod shortlist;
