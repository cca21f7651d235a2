//! The fuzzer's targets without the fuzzer: every committed seed, and changes of them by chance, go through them.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use serde_json::json;

use crate::reliability::targets::{TARGETS, Target};
use crate::soak::{self, Chance};
use crate::weights::root;

#[test]
fn no_target_panics_at_its_seeds_or_at_changes_of_them() {
    let mut figures = serde_json::Map::new();
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for (path, seed) in &seeds {
            tried(target, seed, &path.display().to_string());
        }
        // What decodes or writes files takes its time.
        let count = match name {
            "media" => soak::count(30, 2_000),
            "multipart" | "weights_openvino" => soak::count(60, 3_000),
            _ => soak::count(400, 20_000),
        };
        for case in 0..count {
            let (path, bytes) = changed(case, &seeds);
            tried(
                target,
                &bytes,
                &format!("{}, change {case}", path.display()),
            );
        }
        figures.insert(
            name.to_owned(),
            json!({ "seeds": seeds.len(), "changes": count }),
        );
    }
    soak::report("changes", &json!(figures));
}

/// Seeds of a target, in the order of their names.
fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = root().join("fuzz/seeds").join(target);
    let mut seeds: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| {
            let path = entry.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            (path.strip_prefix(root()).unwrap().to_owned(), bytes)
        })
        .collect();
    seeds.sort();
    seeds
}

fn tried(target: Target, bytes: &[u8], what: &str) {
    if catch_unwind(AssertUnwindSafe(|| target(bytes))).is_err() {
        let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("panicked");
        fs::write(&kept, bytes).unwrap();
        panic!("{what} makes it panic; the bytes are in {}", kept.display());
    }
}

/// A seed that was changed in a few places.
fn changed(case: usize, seeds: &[(PathBuf, Vec<u8>)]) -> (PathBuf, Vec<u8>) {
    let mut chance = Chance::of(case);
    let (path, seed) = chance.of_these(seeds);
    let (_, other) = chance.of_these(seeds);
    let mut bytes = seed.clone();
    for _ in 0..=chance.below(6) {
        let at = chance.below(bytes.len() + 1);
        match chance.below(7) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, chance.byte()),
            2 if at < bytes.len() => bytes[at] = chance.byte(),
            3 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            4 if at < bytes.len() => {
                bytes.remove(at);
            }
            5 => {
                let from = chance.below(other.len() + 1);
                let to = from + chance.below(other.len() - from + 1);
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            _ => {
                let extremes = [0, 0xff, 0x7f, 0x80];
                let byte = *chance.of_these(&extremes);
                for place in bytes.iter_mut().skip(at).take(4) {
                    *place = byte;
                }
            }
        }
    }
    (path.clone(), bytes)
}
