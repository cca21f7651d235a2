//! The house's walls: which room may name which, who may name an outside crate, and how a file opens.

use std::fs;
use std::path::{Path, PathBuf};

/// Every room and the rooms it may name.
const ROOMS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    (
        "cli",
        &[
            "app",
            "config",
            "evaluation",
            "media",
            "operations",
            "packs",
            "pipeline",
            "sandbox",
            "scoring",
            "session",
            "telemetry",
            "vision",
        ],
    ),
    (
        "app",
        &[
            "config",
            "http",
            "media",
            "operations",
            "packs",
            "pipeline",
            "sandbox",
            "scoring",
            "scratch",
            "session",
            "store",
            "vision",
            "worker",
        ],
    ),
    ("worker", &["operations"]),
    (
        "http",
        &[
            "metrics",
            "operations",
            "pipeline",
            "scoring",
            "session",
            "store",
            "traces",
        ],
    ),
    (
        "operations",
        &[
            "media", "metrics", "notify", "pipeline", "sandbox", "scoring", "search", "session",
            "store", "traces", "vision",
        ],
    ),
    ("metrics", &["scoring"]),
    ("traces", &[]),
    ("notify", &[]),
    ("search", &["session"]),
    (
        "pipeline",
        &["media", "sandbox", "scoring", "session", "vision"],
    ),
    ("sandbox", &["media", "vision"]),
    ("evaluation", &["packs", "session", "vision"]),
    ("store", &["scoring", "session"]),
    ("session", &["scoring"]),
    ("vision", &["packs"]),
    ("telemetry", &["config", "traces"]),
    ("config", &[]),
    ("scratch", &[]),
    ("media", &[]),
    ("packs", &[]),
    ("scoring", &[]),
];

/// An outside crate and the rooms that may name it.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("ffmpeg_next", &["media"]),
    ("candle_core", &["vision"]),
    ("candle_nn", &["vision"]),
    ("kernels", &["vision", "search", "cli"]),
    ("image", &["vision"]),
    ("cel", &["scoring"]),
    ("jsonschema", &["scoring", "packs"]),
    ("sea_orm", &["store"]),
    ("object_store", &["store"]),
    ("rustls", &["store", "http"]),
    ("chacha20poly1305", &["store"]),
    ("ed25519_dalek", &["store"]),
    ("hkdf", &["store"]),
    ("zeroize", &["store"]),
    ("migrations", &["store"]),
    ("actix_web", &["http", "app"]),
    ("actix_multipart", &["http"]),
    ("utoipa", &["http"]),
    ("utoipa_swagger_ui", &["http"]),
    ("rustls_pki_types", &["http"]),
    ("memchr", &["http"]),
    ("landlock", &["sandbox"]),
    ("seccompiler", &["sandbox"]),
    ("libc", &["sandbox"]),
    ("nix", &["sandbox"]),
    ("ureq", &["notify", "packs", "traces"]),
    ("url", &["notify", "packs"]),
    ("prometheus_client", &["metrics"]),
    ("opentelemetry", &["traces"]),
    ("opentelemetry_sdk", &["traces"]),
    ("opentelemetry_otlp", &["traces"]),
    ("tracing_opentelemetry", &["traces"]),
    ("tracing_subscriber", &["telemetry", "traces"]),
    ("zip", &["packs"]),
    ("tar", &["packs"]),
    ("flate2", &["packs"]),
    ("clap", &["cli", "main"]),
    ("maud", &["http"]),
    ("qrcode", &["http"]),
    ("csv", &["http", "evaluation"]),
    ("argon2", &["operations"]),
    ("totp_rs", &["operations"]),
];

struct Source {
    room: String,
    path: PathBuf,
    text: String,
}

#[test]
fn rooms_name_only_the_rooms_below_them() {
    let mut wrong = Vec::new();
    for source in sources() {
        let allowed = ROOMS
            .iter()
            .find(|(room, _)| *room == source.room)
            .unwrap_or_else(|| panic!("the room {} is not in the table", source.room))
            .1;
        for (number, line) in code_lines(&source.text) {
            for (room, _) in ROOMS {
                let names = line.contains(&format!("crate::{room}::"))
                    || (source.room == "main" && line.contains(&format!("likeness::{room}::")));
                if names && *room != source.room && !allowed.contains(room) {
                    wrong.push(format!("{}:{number} names {room}", source.path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_crossing_is_spelt_out() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (number, line) in code_lines(&source.text) {
            let grouped = line.contains("use crate::{") || line.contains("use crate::*");
            let re_exported = line.trim_start().starts_with("pub use ");
            if grouped || re_exported {
                wrong.push(format!("{}:{number} {line}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_outside_crate_stays_in_its_room() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (number, line) in code_lines(&source.text) {
            for (outside, rooms) in OUTSIDE {
                if names_crate(line, outside) && !rooms.contains(&source.room.as_str()) {
                    wrong.push(format!(
                        "{}:{number} names {outside}",
                        source.path.display()
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_room_that_runs_networks_has_no_clock_and_no_network() {
    for source in sources().iter().filter(|source| source.room == "vision") {
        for forbidden in ["SystemTime", "Instant::now", "std::net", "tokio::"] {
            let found = code_lines(&source.text).any(|(_, line)| line.contains(forbidden));
            assert!(!found, "{} names {forbidden}", source.path.display());
        }
    }
}

#[test]
fn every_file_opens_by_saying_what_it_is_for() {
    for source in sources() {
        let first = source.text.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("//! ") && first.len() > 20,
            "{} opens with {first:?}",
            source.path.display()
        );
    }
}

/// Whether the walls' own test would notice: it reads what is really there.
#[test]
fn the_tables_are_about_this_house() {
    let sources = sources();
    assert!(sources.len() > 50, "only {} files were read", sources.len());
    for (room, _) in ROOMS {
        assert!(
            sources.iter().any(|source| source.room == *room),
            "{room} is gone"
        );
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files
        .into_iter()
        .filter(|path| path.file_name().is_some_and(|name| name != "lib.rs"))
        .map(|path| {
            let below = path.strip_prefix(&root).unwrap();
            let first = below.components().next().unwrap();
            Source {
                room: first.as_os_str().to_str().unwrap().replace(".rs", ""),
                text: fs::read_to_string(&path).unwrap(),
                path: below.to_owned(),
            }
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The lines that are no comment, up to the file's own tests, with their numbers.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(index, line)| (index + 1, line))
}

fn names_crate(line: &str, outside: &str) -> bool {
    let wanted = format!("{outside}::");
    line.match_indices(&wanted).any(|(at, _)| {
        line[..at]
            .chars()
            .next_back()
            .is_none_or(|before| !before.is_alphanumeric() && before != '_' && before != ':')
    })
}
