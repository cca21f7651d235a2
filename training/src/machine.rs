//! What kind of machine a training ran on, without its name.

use std::fs;
use std::thread;

/// Cores and processor, as far as the system tells.
pub(crate) fn describe() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor
        .lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split_once(':'))
        .map_or("a processor that says no name", |(_, name)| name.trim());
    format!("{cores} cores, {model}")
}
