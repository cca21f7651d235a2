//! `likeness models list`: every pack with its files, licences and figures.

use std::io::Write;
use std::process::ExitCode;

use serde::Serialize;

use crate::cli::models::{ListArgs, ModelsError, say};
use crate::packs::cache::{Cache, FileState};
use crate::packs::error::PackError;
use crate::packs::manifest::{Accuracy, Manifest, Origin, Pack, PackKind};

/// A pack as `--json` prints it: the manifest's entry and how the cache stands to it.
#[derive(Serialize)]
struct Listed<'a> {
    state: State,
    #[serde(flatten)]
    pack: &'a Pack,
}

/// How the cache stands to a pack.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ready,
    Missing,
    Wrong,
}

pub(super) fn run(
    manifest: &Manifest,
    cache: &Cache,
    args: &ListArgs,
    out: &mut dyn Write,
) -> Result<ExitCode, ModelsError> {
    let mut packs = Vec::new();
    for pack in &manifest.packs {
        let state = state(cache, pack)?;
        packs.push(Listed { state, pack });
    }
    if args.json {
        let json = serde_json::to_string_pretty(&packs)
            .map_err(|error| ModelsError::Output(error.into()))?;
        say(out, &json)?;
    } else {
        for listed in &packs {
            entry(out, listed)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The worst of the states of a pack's files.
fn state(cache: &Cache, pack: &Pack) -> Result<State, PackError> {
    let mut worst = State::Ready;
    for file in &pack.files {
        worst = worst.max(match cache.state(file)? {
            FileState::Right => State::Ready,
            FileState::Missing => State::Missing,
            FileState::Wrong(_) => State::Wrong,
        });
    }
    Ok(worst)
}

fn entry(out: &mut dyn Write, Listed { state, pack }: &Listed<'_>) -> Result<(), ModelsError> {
    let state = match state {
        State::Ready => "ready",
        State::Missing => "missing",
        State::Wrong => "WRONG",
    };
    say(out, &format!("{} {}: {state}", pack.kind, pack.name))?;
    say(out, &format!("  {}", pack.description))?;
    for file in &pack.files {
        let sources: Vec<String> = file.sources.iter().map(ToString::to_string).collect();
        let (name, bytes, licence) = (&file.name, file.bytes, &file.licence);
        let sources = sources.join(", then ");
        say(
            out,
            &format!("  {name}: {bytes} bytes, {licence}, from {sources}"),
        )?;
    }
    if pack.kind == PackKind::Embedder {
        let calibrated = match &pack.calibration {
            Some(calibration) => format!("{} on {}", calibration.run.date, calibration.run.data),
            None => "not yet".to_owned(),
        };
        say(out, &format!("  calibrated: {calibrated}"))?;
    }
    for accuracy in &pack.accuracy {
        say(out, &format!("  {}", figure(accuracy)))?;
    }
    Ok(())
}

fn figure(accuracy: &Accuracy) -> String {
    let origin = match accuracy.origin {
        Origin::Published => "published",
        Origin::Preliminary => "preliminary",
        Origin::Measured => "measured",
    };
    let from = match (&accuracy.command, &accuracy.source) {
        (Some(command), _) => format!("`{command}`"),
        (None, Some(source)) => source.clone(),
        (None, None) => "nowhere".to_owned(),
    };
    let (metric, data, n) = (&accuracy.metric, &accuracy.data, accuracy.n);
    let value = accuracy.value * 100.0;
    format!("{origin}: {metric} {value:.2} % on {data}, {n} pairs, by {from}")
}
