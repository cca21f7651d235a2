//! `likeness eval` refuses what it cannot measure, naming the place.

use std::error::Error;
use std::fs;
use std::path::Path;

use clap::Parser;
use likeness::cli::eval::{EvalArgs, EvalSettings, run};
use likeness::session::time::Timestamp;

#[derive(Parser)]
struct Eval {
    #[command(flatten)]
    args: EvalArgs,
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
