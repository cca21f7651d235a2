//! `likeness recall` over real pictures and videos, as a user types it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::weights;

fn recall(paths: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_likeness"))
        .args(["recall", "--json"])
        .args(paths)
        .current_dir(weights::root())
        .env_remove("LIKENESS_EMBEDDER")
        .output()
        .unwrap()
}

#[test]
fn faces_of_pictures_and_videos_are_counted_and_what_is_no_picture_is_named() {
    if !weights::are_here(
        "faces_of_pictures_and_videos_are_counted_and_what_is_no_picture_is_named",
    ) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let samples = weights::root().join("samples");
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    std::fs::copy(samples.join("poor/video.mp4"), inner.join("video.MP4")).unwrap();
    let card = samples.join("genuine/document.jpg");
    std::fs::copy(card, folder.path().join("card.jpg")).unwrap();
    std::fs::write(folder.path().join("torn.png"), b"no picture").unwrap();
    std::fs::write(folder.path().join("notes.txt"), b"not looked at").unwrap();
    let output = recall(&[folder.path()]);
    assert!(output.status.success(), "{output:?}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    // The card and three candidates of each of eight windows.
    assert_eq!(found["pictures"], 25, "{found}");
    assert_eq!(found["subjects"]["faces"], 25, "{found}");
    assert_eq!(found["subjects"]["lost"], 0, "{found}");
    assert_eq!(found["company"]["lost"], 0, "{found}");
    assert_eq!(found["changed"], Value::Array(Vec::new()), "{found}");
    let unreadable = found["unreadable"].as_array().unwrap();
    assert_eq!(unreadable.len(), 1, "{found}");
    assert!(unreadable[0].as_str().unwrap().contains("torn.png"));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    if !weights::are_here("a_folder_that_is_not_there_is_named") {
        return;
    }
    let output = recall(&[Path::new("/no/such/folder")]);
    assert!(!output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("/no/such/folder"), "{told}");
}
