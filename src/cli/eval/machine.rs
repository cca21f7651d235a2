//! What kind of machine a measurement ran on, in a few words and without its name.

use std::fs;
use std::thread;

/// Cores, processor and memory, as far as the system tells.
pub(in crate::cli) fn describe() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    in_words(cores, &processor, &memory)
}

fn in_words(cores: usize, processor: &str, memory: &str) -> String {
    let mut words = format!("{cores} {}", if cores == 1 { "core" } else { "cores" });
    if let Some(model) = value(processor, "model name") {
        words = format!("{words} {model}");
    }
    let kibibytes = value(memory, "MemTotal")
        .and_then(|total| total.split(' ').next())
        .and_then(|number| number.parse::<u64>().ok());
    if let Some(kibibytes) = kibibytes {
        // The system keeps a little for itself before it counts.
        words = format!("{words}, {} GiB", kibibytes.div_ceil(1024 * 1024));
    }
    words
}

/// What stands behind the colon in the first line that begins with `key`.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(key))?;
    let (_, value) = line.split_once(':')?;
    Some(value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_hold_what_is_known() {
        let processor = "processor\t: 0\nmodel name\t: A Processor\nflags\t: x\n";
        let memory = "MemTotal:       24575000 kB\nMemFree: 1 kB\n";
        let words = in_words(2, processor, memory);
        assert_eq!(words, "2 cores A Processor, 24 GiB");
        assert_eq!(in_words(1, "", "MemTotal: many kB\n"), "1 core");
    }
}
