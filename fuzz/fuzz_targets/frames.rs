//! Feeds `frames` of the targets that the tests know, too.

#![no_main]
#![expect(dead_code, reason = "each program calls one of the targets")]

#[path = "../../tests/it/reliability/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::frames(bytes));
