//! `likeness eval-liveness`: how clips of live people and of attacks come out, and what the sample carries.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;

use crate::app;
use crate::cli::error::CliError;
use crate::cli::eval::{date, machine};
use crate::cli::output;
use crate::config::Config;
use crate::evaluation::presentation::{self, Clip, Listed, Run, refused};
use crate::evaluation::presentation_page::page;
use crate::operations::clock::Clock as _;
use crate::pipeline::examine::FaceExaminer;
use crate::scoring::rules::{Check, Rules};
use crate::scoring::signals::Signals;
use crate::scoring::verdict::judge;
use crate::scoring::vocabulary::{Read, VOCABULARY};

/// The checks that a clip is judged by: there is no document to match.
const CHECKS: [Check; 2] = [Check::Liveness, Check::Quality];

/// Frames that are looked at closely, as an examination has them by default.
const FRAMES: usize = 8;

/// Measures on labelled clips what the liveness signals and rules tell apart.
///
/// FILES.csv has the columns `path` (relative to the list's own folder, or to --root) and `species`:
/// `live` for a person who presents themselves, any other word for a kind of attack. Every clip is
/// examined and judged by the liveness and quality conditions of the rule file. Printed are, a
/// species, the share of attacks that passed (APCER) or of live people who did not (BPCER) with its n
/// and the exact binomial bound of 95 %, and whether the sample carries a claim.
///
/// Nothing printed here is a certificate: those come from laboratories with hundreds of attacks a species.
#[derive(Debug, Args)]
pub struct EvalLivenessArgs {
    /// The list of clips; with --page, the file of a run.
    #[arg(value_name = "FILES.csv")]
    list: PathBuf,

    /// The folder that the list's paths are relative to.
    #[arg(long, value_name = "DIR", conflicts_with = "page")]
    root: Option<PathBuf>,

    /// Judges by this rule file instead of the service's default.
    #[arg(long, value_name = "FILE", conflicts_with = "page")]
    rules: Option<PathBuf>,

    /// Prints the run as JSON, to be kept: every clip with its signals.
    #[arg(long, conflicts_with = "page")]
    json: bool,

    /// Prints the page of a kept run, as docs/liveness.md has it.
    #[arg(long)]
    page: bool,
}

/// Runs the command.
pub fn run(args: &EvalLivenessArgs, config: &Config) -> Result<ExitCode, CliError> {
    let file = File::open(&args.list).map_err(|error| CliError::about(&args.list, error))?;
    if args.page {
        let run: Run = serde_json::from_reader(file)?;
        output::line(page(&run).trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    let listed = presentation::read(file)?;
    let run = examined(args, &listed, config)?;
    if args.json {
        output::json(&run)?;
    } else {
        print(&run)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn examined(args: &EvalLivenessArgs, listed: &[Listed], config: &Config) -> Result<Run, CliError> {
    let file = args.rules.as_ref().unwrap_or(&config.rules);
    let text = app::default_rules(file)?;
    let rules = Rules::parse(&text).map_err(|source| app::AppError::Rules {
        file: file.display().to_string(),
        source,
    })?;
    let (examiner, models) = app::models::trusting_examiner(config)?;
    let beside = args.list.parent().unwrap_or(Path::new(""));
    let root = args.root.as_deref().unwrap_or(beside);
    let bar = output::bar(listed.len() as u64, "clips");
    let mut clips = Vec::with_capacity(listed.len());
    for clip in listed {
        clips.push(look(&examiner, &rules, root, clip));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(Run {
        command: format!("likeness eval-liveness {}", last_part(&args.list)),
        date: date::year_month_day(app::SystemClock.now()),
        machine: machine::describe(),
        software: env!("CARGO_PKG_VERSION").to_owned(),
        packs: models.hashes.into_iter().map(|pack| pack.name).collect(),
        rules: rules.name,
        clips,
    })
}

fn look(examiner: &FaceExaminer, rules: &Rules, root: &Path, clip: &Listed) -> Clip {
    let started = Instant::now();
    let seen = examiner.examine_video(&root.join(&clip.path), FRAMES);
    let took_ms = started.elapsed().as_millis() as u64;
    let (outcome, reasons, signals) = match &seen {
        Ok(examined) => {
            let signals = &examined.signals;
            let verdict = judge(rules, signals, &CHECKS);
            let reasons = verdict
                .reasons
                .iter()
                .map(|reason| reason.code.name().to_owned());
            (
                verdict.outcome.name(),
                reasons.collect(),
                of_liveness(signals),
            )
        }
        Err(error) => ("unreadable", vec![error.to_string()], BTreeMap::new()),
    };
    Clip {
        name: clip.path.clone(),
        species: clip.species.clone(),
        outcome: outcome.to_owned(),
        reasons,
        signals,
        took_ms,
    }
}

/// The signals that the liveness and quality conditions speak about and the video alone gives.
fn of_liveness(signals: &Signals) -> BTreeMap<String, f64> {
    const NAMES: [&str; 11] = [
        "liveness",
        "blink_count",
        "head_relief",
        "expression",
        "sway",
        "fresh_frames",
        "unbroken",
        "screen_free",
        "pulse",
        "same_person",
        "mask",
    ];
    let of_examination = VOCABULARY.iter().filter_map(|signal| match signal.read {
        Read::Examination(read) if NAMES.contains(&signal.name) => {
            Some((signal.name.to_owned(), round(read(signals)?)))
        }
        Read::Examination(_) | Read::Frames { .. } => None,
    });
    of_examination.collect()
}

/// To two decimals: more would only be noise in a file that people compare.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn last_part(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn print(run: &Run) -> Result<(), CliError> {
    output::line("species                  clips  passed  referred  error rate  not above (95 %)")?;
    for tally in run.tallies() {
        output::line(&format!(
            "{:<24} {:>5}  {:>6}  {:>8}  {:>9.1}%  {:>15.1}%  {}",
            tally.species,
            tally.clips,
            tally.passed,
            tally.referred,
            tally.error_rate * 100.0,
            tally.upper_bound * 100.0,
            refused(&tally).unwrap_or_default()
        ))?;
    }
    for clip in &run.clips {
        output::line(&format!(
            "{}: {} {}",
            clip.name,
            clip.outcome,
            clip.reasons.join(" ")
        ))?;
    }
    output::line(
        "Error rate: of attacks those that passed, of live people those that did not. Not a certificate.",
    )
}
