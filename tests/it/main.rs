//! The tests that cross rooms, in one binary.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops at the first surprise"
)]

mod architecture;
mod attacks;
mod browser;
mod cli;
mod cli_rules;
mod contract;
mod evaluation;
mod examination;
mod faces;
mod forms;
mod helpers;
mod http;
mod media;
mod packs;
mod passive;
mod replay;
mod rules;
mod samples;
mod soak;
mod stop;
mod store;
mod vision;
mod weights;
