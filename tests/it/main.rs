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
mod cli_webhooks;
mod contract;
mod disk;
mod evaluation;
mod examination;
mod faces;
mod forms;
mod ground;
mod helpers;
mod http;
mod media;
mod nodes;
mod packs;
mod passive;
mod postgres;
mod receiver;
mod reliability;
mod replay;
mod restore;
mod rules;
mod s3;
mod samples;
mod sandbox;
mod soak;
mod stop;
mod store;
mod telemetry;
mod vision;
mod weights;
