//! `likeness models` as it is typed: what it prints, what it fetches, how it ends.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use likeness::cli::models::{ModelsArgs, ModelsError, ModelsSettings, run};
use likeness::packs::folder::ModelsFolder;
use likeness::packs::manifest::{Format, Manifest, ModelFile, PackKind};
use serde_json::Value;

use crate::packs::helpers::{file, nowhere, pack, url};

#[derive(Parser)]
struct Typed {
    #[command(flatten)]
    models: ModelsArgs,
}

/// Runs the command on a models folder; the status and what it printed.
fn typed(
    dir: &Path,
    mirror: Option<&Path>,
    words: &[&str],
) -> (Result<ExitCode, ModelsError>, String) {
    let args = Typed::try_parse_from([&["models"], words].concat()).unwrap();
    let settings = ModelsSettings {
        dir: dir.to_path_buf(),
        mirror: mirror.map(Path::to_path_buf),
    };
    let mut out = Vec::new();
    let status = run(&args.models, &settings, &mut out);
    (status, String::from_utf8(out).unwrap())
}

/// A models folder with a detector and an embedder that no source gives, and a mirror with both.
fn folder_and_mirror(dir: &Path) -> std::path::PathBuf {
    let mirror = dir.join("mirror");
    fs::create_dir(&mirror).unwrap();
    let weights = |name: &str, mark: u8| {
        let mut bytes = vec![0; 2_213_628];
        bytes[0] = mark;
        fs::write(mirror.join(format!("{mark}")), &bytes).unwrap();
        ModelFile {
            format: Format::OpenvinoBin,
            ..file(name, &bytes, vec![url(&nowhere())])
        }
    };
    let manifest = Manifest {
        packs: vec![
            pack("faces", PackKind::Detector, vec![weights("f", 1)]),
            pack("same", PackKind::Embedder, vec![weights("s", 2)]),
        ],
    };
    manifest
        .save(&ModelsFolder::new(dir).manifest_path())
        .unwrap();
    mirror
}

#[test]
fn pull_verify_and_list_agree() {
    let dir = tempfile::tempdir().unwrap();
    let mirror = folder_and_mirror(dir.path());
    let (status, out) = typed(dir.path(), None, &["verify"]);
    assert_eq!(status.unwrap(), ExitCode::FAILURE);
    assert!(
        out.contains("no embedder is complete: run `likeness models pull`"),
        "{out}"
    );

    let (status, out) = typed(dir.path(), Some(&mirror), &["pull"]);
    assert_eq!(status.unwrap(), ExitCode::SUCCESS);
    assert_eq!(
        out,
        "detector faces: ready (fetched)\nembedder same: ready (fetched)\n"
    );
    assert!(dir.path().join("cache/same.safetensors").exists());
    let (_, out) = typed(dir.path(), None, &["pull"]);
    assert_eq!(
        out,
        "detector faces: ready (was there)\nembedder same: ready (was there)\n"
    );

    let (status, out) = typed(dir.path(), None, &["verify"]);
    assert_eq!(status.unwrap(), ExitCode::SUCCESS);
    assert_eq!(out.matches(": right\n").count(), 4, "{out}");
    let (_, out) = typed(dir.path(), None, &["list", "--json"]);
    let listed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(listed[1]["name"], "same");
    assert_eq!(listed[1]["state"], "ready");
    assert_eq!(listed[1]["files"][0]["licence"], "CC0-1.0");

    let embedder = dir.path().join("cache/s.bin");
    fs::write(&embedder, b"something else").unwrap();
    let (status, out) = typed(dir.path(), None, &["verify"]);
    assert_eq!(status.unwrap(), ExitCode::FAILURE);
    assert!(
        out.contains("s: WRONG, it has 14 of 2213628 bytes"),
        "{out}"
    );
    let (_, out) = typed(dir.path(), None, &["list"]);
    assert!(out.contains("embedder same: WRONG"), "{out}");
}

#[test]
fn the_folder_and_the_mirror_on_the_command_line_win() {
    let dir = tempfile::tempdir().unwrap();
    let mirror = folder_and_mirror(dir.path());
    let words = [
        "pull",
        "--mirror",
        mirror.to_str().unwrap(),
        "--dir",
        dir.path().to_str().unwrap(),
    ];
    let absent = dir.path().join("absent");
    let (status, out) = typed(&absent, Some(&absent), &words);
    assert_eq!(status.unwrap(), ExitCode::SUCCESS);
    assert!(out.contains("embedder same: ready"), "{out}");
}

#[test]
fn what_cannot_be_had_is_one_line_that_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    folder_and_mirror(dir.path());
    let error = typed(dir.path(), None, &["pull"])
        .0
        .unwrap_err()
        .to_string();
    assert!(error.contains("f could not be had"), "{error}");
    assert!(error.contains("--mirror DIR"), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn the_shipped_packs_are_listed_with_their_papers() {
    let dir = tempfile::tempdir().unwrap();
    let (status, out) = typed(dir.path(), None, &["list"]);
    assert_eq!(status.unwrap(), ExitCode::SUCCESS);
    for part in [
        "detector mtcnn: missing",
        "embedder retail-0095: missing",
        "Apache-2.0",
        "package face_recognition_models 0.3.0",
        "published: accuracy 99.47 % on LFW pairs, 6000 pairs",
    ] {
        assert!(out.contains(part), "{part} is not in:\n{out}");
    }
}

#[test]
fn all_and_one_pack_exclude_each_other() {
    assert!(Typed::try_parse_from(["models", "pull", "--all", "--pack", "dlib"]).is_err());
    assert!(Typed::try_parse_from(["models", "pull", "--pack", "dlib", "--pack", "mtcnn"]).is_ok());
}
