//! `likeness eval` refuses what it cannot measure, naming the place.

use std::error::Error;
use std::fs;
use std::path::Path;

use clap::Parser;
use likeness::cli::eval::{EvalArgs, EvalSettings, run};
use likeness::session::time::Timestamp;
use likeness::vision::picture::Picture;
use serde_json::Value;

use crate::weights;

#[derive(Parser)]
struct Eval {
    #[command(flatten)]
    args: EvalArgs,
}

#[test]
fn real_pictures_are_judged_and_one_without_a_face_is_named() {
    if !weights::are_here("real_pictures_are_judged_and_one_without_a_face_is_named") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let samples = weights::root().join("samples");
    for sample in ["genuine", "exif-document", "another-card"] {
        let name = folder.path().join(format!("{sample}.jpg"));
        fs::copy(samples.join(sample).join("document.jpg"), name).unwrap();
    }
    let blank = Picture::from_rgb(320, 240, vec![128; 320 * 240 * 3]).unwrap();
    fs::write(folder.path().join("blank.jpg"), blank.to_jpeg(90).unwrap()).unwrap();
    fs::write(folder.path().join("torn.jpg"), b"no picture").unwrap();
    let pairs = folder.path().join("pairs.csv");
    let list = "a,b,same\n\
        genuine.jpg,exif-document.jpg,1\n\
        genuine.jpg,another-card.jpg,0\n\
        genuine.jpg,blank.jpg,0\n\
        genuine.jpg,torn.jpg,0\n";
    fs::write(&pairs, list).unwrap();
    let args = Eval::parse_from([Path::new("eval"), &pairs, Path::new("--json")]).args;
    let settings = EvalSettings {
        models: weights::root().join("models"),
        now: Timestamp(0),
    };
    let mut out = Vec::new();
    run(&args, &settings, &mut out).unwrap();
    let report: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(report["accuracy"], 0.5, "{report}");
    assert_eq!(report["accuracy_detail"]["over_compared"], 1.0);
    assert_eq!(report["pictures"]["without_face"][0], "blank.jpg");
    assert_eq!(report["pictures"]["unreadable"][0]["picture"], "torn.jpg");
    assert_eq!(report["impostors"]["source"], "listed_pairs");
    assert!(report["rates"][0]["refused"].is_string());
}

/// The refusal of a run in `folder` over `list`, with every cause.
fn refusal(folder: &Path, list: &str) -> String {
    let pairs = folder.join("pairs.csv");
    fs::write(&pairs, list).unwrap();
    let args = Eval::parse_from([Path::new("eval"), &pairs]).args;
    let settings = EvalSettings {
        models: folder.join("models"),
        now: Timestamp(0),
    };
    let mut out = Vec::new();
    let error = run(&args, &settings, &mut out).unwrap_err();
    assert!(out.is_empty());
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

#[test]
fn a_bad_line_is_named_before_anything_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let words = refusal(
        folder.path(),
        "a,b,same\nx.jpg,y.jpg,1\nx.jpg,z.jpg,perhaps\n",
    );
    assert!(
        words.contains("pairs.csv: line 3: `same` is `perhaps`"),
        "{words}"
    );
}

#[test]
fn a_list_that_is_not_there_is_named() {
    let args = Eval::parse_from(["eval", "nowhere/pairs.csv"]).args;
    let settings = EvalSettings {
        models: "models".into(),
        now: Timestamp(0),
    };
    let error = run(&args, &settings, &mut Vec::new()).unwrap_err();
    assert!(
        error.to_string().starts_with("nowhere/pairs.csv: "),
        "{error}"
    );
}

#[test]
fn without_weights_the_refusal_says_how_to_get_them() {
    let folder = tempfile::tempdir().unwrap();
    let words = refusal(folder.path(), "a,b,same\nx.jpg,y.jpg,1\n");
    assert!(words.contains("likeness models pull"), "{words}");
}
