//! `likeness match`: the whole job without a server.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;
use crate::pipeline::examiner::{ExaminationInput, Examined, Examiner as _, ModelFacts};
use crate::scoring::rules::{Check, Rules};
use crate::scoring::signals::Signals;
use crate::scoring::verdict::{Outcome, Reason, Verdict, judge};
use crate::session::examination::Examination;

/// Examines one document photo and one video, and judges them by every check of a rule file.
///
/// Prints the result as JSON on stdout and a progress bar on stderr. The exit status is the
/// verdict: 0 pass, 10 refer, 20 fail, 1 error. With the default rules the best verdict is refer,
/// because nothing examines liveness yet; `--rules scoring-rules/match-only.json` judges the match
/// alone.
#[derive(Debug, Args)]
pub struct MatchArgs {
    /// The document photo: JPEG, PNG, WebP or BMP.
    #[arg(long, value_name = "FILE")]
    image: PathBuf,

    /// The video: mp4, mov, webm, mkv or avi.
    #[arg(long, value_name = "FILE")]
    video: PathBuf,

    /// The rule file; the service's default rules without it.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,

    /// Frames of the video to look at, spread over it.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=64))]
    frames: u8,
}

#[derive(Serialize)]
struct Report<'a> {
    verdict: &'static str,
    score: f64,
    percentages: &'a [f64],
    failed_conditions: &'a [String],
    failed_refer_conditions: &'a [String],
    reasons: &'a [Reason],
    liveness: &'static str,
    rules: &'a str,
    embedder: &'a str,
    weaker_embedder: bool,
    signals: &'a Signals,
    examination: &'a Examination,
}

/// Runs the command.
pub fn run(args: &MatchArgs, config: &Config) -> Result<ExitCode, CliError> {
    let file = args.rules.as_ref().unwrap_or(&config.rules);
    let text = app::default_rules(file)?;
    let rules = Rules::parse(&text).map_err(|source| app::AppError::Rules {
        file: file.display().to_string(),
        source,
    })?;
    let (examiner, models) = app::models::examiner(config)?;
    let bar = output::bar(u64::from(args.frames), "frames");
    let examined = examiner.examine(
        ExaminationInput {
            document: &args.image,
            video: &args.video,
            frames: usize::from(args.frames),
            liveness: true,
            challenge: None,
            pictures: false,
        },
        &mut |done, _| bar.set_position(done as u64),
    )?;
    bar.finish_and_clear();
    let verdict = judge(&rules, &examined.signals, &Check::ALL);
    print(&rules, &models, &examined, &verdict)?;
    Ok(ExitCode::from(match verdict.outcome {
        Outcome::Pass => 0,
        Outcome::Refer => 10,
        Outcome::Fail => 20,
    }))
}

fn print(
    rules: &Rules,
    models: &ModelFacts,
    examined: &Examined,
    verdict: &Verdict,
) -> Result<(), CliError> {
    let signals = &examined.signals;
    output::json(&Report {
        verdict: verdict.outcome.name(),
        score: signals.score(),
        percentages: &signals.percentages,
        failed_conditions: &verdict.failed_conditions,
        failed_refer_conditions: &verdict.failed_refer_conditions,
        reasons: &verdict.reasons,
        liveness: if signals.liveness.is_some() {
            "examined"
        } else {
            "not examined"
        },
        rules: &rules.name,
        embedder: &models.embedder,
        weaker_embedder: models.weaker,
        signals,
        examination: &examined.examination,
    })
}
