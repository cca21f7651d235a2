//! How much of a test a run does: a seeded cut in `make test`, everything in `make soak`; and where its figures go.

use std::io::{Write as _, stderr};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

/// The seed of every test that draws by chance, so that each run draws the same.
pub(crate) const SEED: u64 = 0x6c69_6b65_6e65_7373;

/// The cut, unless everything was asked for.
pub(crate) fn count(cut: usize, full: usize) -> usize {
    if is_full() { full } else { cut }
}

/// Whether everything was asked for: `LIKENESS_SOAK=full`.
pub(crate) fn is_full() -> bool {
    variable("LIKENESS_SOAK").is_some_and(|asked| asked == "full")
}

/// A variable of the environment by which `make soak` speaks to the tests.
#[expect(
    clippy::disallowed_methods,
    reason = "a test's own settings are none of the service's"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Says what a run found, past the test runner, and leaves it where `scripts/reliability.py` reads it:
/// in `target/soak`, or in the folder `cut` below it.
pub(crate) fn report(part: &str, figures: &Value) {
    let report = json!({
        "part": part,
        "full": is_full(),
        "seed": SEED,
        "date": said("date", &["-u", "+%Y-%m-%d"]),
        "commit": said("git", &["describe", "--always", "--dirty"]),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "memory_gib": memory_gib(),
        "figures": figures,
    });
    let _ = writeln!(stderr(), "soak: {part}: {figures}");
    let folder = folder();
    std::fs::create_dir_all(&folder).unwrap();
    let text = serde_json::to_string_pretty(&report).unwrap();
    std::fs::write(folder.join(format!("{part}.json")), text + "\n").unwrap();
}

fn folder() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let soak = target.join("soak");
    if is_full() { soak } else { soak.join("cut") }
}

fn said(program: &str, arguments: &[&str]) -> String {
    let ran = Command::new(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    ran.map_or_else(
        |_| String::new(),
        |ran| String::from_utf8_lossy(&ran.stdout).trim().to_owned(),
    )
}

fn memory_gib() -> u64 {
    let facts = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = facts.lines().find(|line| line.starts_with("MemTotal:"));
    let kib: Option<u64> = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    kib.unwrap_or(0).div_ceil(1 << 20)
}

/// Numbers that look random and are the same on every run (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// Draws of its own for one case, so that a case is the same whichever ran before it.
    pub(crate) fn of(case: usize) -> Self {
        let mut chance = Self(SEED ^ (case as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        chance.next();
        chance
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below the bound; nought below nought.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next() as u8
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.byte()).collect()
    }

    /// One of them.
    pub(crate) fn of_these<'a, T>(&mut self, these: &'a [T]) -> &'a T {
        &these[self.below(these.len())]
    }
}
