//! `likeness recall`: which faces the service does not see because it does not look for them.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use rayon::prelude::*;
use serde::Serialize;

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;
use crate::evaluation::recall::{Count, Recall, TwoLooks};
use crate::media::sampling::{self, SampleOrder};
use crate::pipeline::capture::COMPARABLE;
use crate::vision::detector::Detector;
use crate::vision::error::VisionError;
use crate::vision::picture::Picture;
use crate::vision::subject;

/// Frames that a video is sampled for, as an examination does.
const FRAMES: usize = 8;
/// So many lost faces are named in the table; the JSON names them all.
const NAMED: usize = 20;

const PICTURES: [&str; 5] = ["jpg", "jpeg", "png", "webp", "bmp"];
const VIDEOS: [&str; 6] = ["mp4", "mov", "m4v", "webm", "mkv", "avi"];

/// Counts the faces that the service does not see because it looks for large ones only.
///
/// In every picture, and in the frames of every video that an examination would choose from, faces
/// are found twice: from 20 pixels on, which is all that the networks can see, and from the size on
/// that the service looks for. Faces are told apart by whose they are: the subject's, company (those
/// that an examination counts beside the subject) and background. Intervals are Wilson's, of 95 %.
#[derive(Debug, Args)]
pub struct RecallArgs {
    /// Pictures, videos, and folders to search for them.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    recall: Recall,
    unreadable: Vec<String>,
}

/// Runs the command.
pub fn run(args: &RecallArgs, config: &Config) -> Result<ExitCode, CliError> {
    let (detector, _, _) = app::models::networks(config)?;
    let mut files = Vec::new();
    for path in &args.paths {
        collect(path, &mut files)?;
    }
    let bar = output::bar(files.len() as u64, "looking twice");
    let looked: Vec<(&PathBuf, Result<Vec<Look>, CliError>)> = files
        .par_iter()
        .map(|file| {
            let looks = looks(file, config, &detector);
            bar.inc(1);
            (file, looks)
        })
        .collect();
    bar.finish_and_clear();
    let mut answer = Answer {
        recall: Recall::default(),
        unreadable: Vec::new(),
    };
    for (file, looks) in looked {
        match looks {
            Ok(looks) => {
                for look in looks {
                    answer.recall.add(&look.name, &look.found, COMPARABLE);
                }
            }
            Err(error) => {
                let reason = format!("{}: {error}", file.display());
                answer.unreadable.push(reason);
            }
        }
    }
    if args.json {
        output::json(&answer)?;
    } else {
        print(&answer)?;
    }
    Ok(ExitCode::SUCCESS)
}

struct Look {
    name: String,
    found: TwoLooks,
}

/// Every picture and video under a path, in order of name.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), CliError> {
    let about = |error| CliError::about(path, error);
    if !fs::metadata(path).map_err(about)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(about)? {
        entries.push(entry.map_err(about)?.path());
    }
    entries.sort();
    for entry in entries {
        if entry.is_dir() || is_one_of(&entry, &PICTURES) || is_one_of(&entry, &VIDEOS) {
            collect(&entry, files)?;
        }
    }
    Ok(())
}

fn is_one_of(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.contains(&ending.to_lowercase().as_str()))
}

fn looks(file: &Path, config: &Config, detector: &Detector) -> Result<Vec<Look>, CliError> {
    let name = file.display().to_string();
    if !is_one_of(file, &VIDEOS) {
        let picture = Picture::open(file, &app::decoding::picture_limits(config))?;
        let found = twice(&picture, detector)?;
        return Ok(vec![Look { name, found }]);
    }
    let mut looks: Vec<Result<Look, VisionError>> = Vec::new();
    let limits = app::decoding::media_limits(config);
    let order = SampleOrder {
        windows: FRAMES,
        threads: 1,
    };
    sampling::sample(file, &limits, order, &mut |window| {
        for frame in window.candidates {
            let found = Picture::from_rgb(frame.width, frame.height, frame.rgb)
                .and_then(|picture| twice(&picture, detector));
            let name = format!("{name} at {} ms", frame.time_ms);
            looks.push(found.map(|found| Look { name, found }));
        }
        ControlFlow::Continue(())
    })?;
    Ok(looks.into_iter().collect::<Result<_, _>>()?)
}

fn twice(picture: &Picture, detector: &Detector) -> Result<TwoLooks, VisionError> {
    Ok(TwoLooks {
        width: picture.width(),
        height: picture.height(),
        everything: detector.detect(picture, subject::SMALLEST_FACE)?,
        what_matters: detector.detect(picture, subject::min_face_for(picture))?,
    })
}

fn print(answer: &Answer) -> Result<(), CliError> {
    let recall = &answer.recall;
    output::line(&format!(
        "{} pictures, {} of them without a face; faces from {} pixels on",
        recall.pictures,
        recall.without_face,
        subject::SMALLEST_FACE
    ))?;
    output::line(&format!(
        "{:<12}{:>8}{:>8}  {}",
        "", "faces", "lost", "share lost"
    ))?;
    for (whose, count) in [
        ("subjects", recall.subjects),
        ("company", recall.company),
        ("background", recall.background),
    ] {
        let Count { faces, lost } = count;
        output::line(&format!("{whose:<12}{faces:>8}{lost:>8}  {}", share(count)))?;
    }
    output::line(&format!(
        "gained {}; another face taken for the subject in {} pictures",
        recall.gained,
        recall.changed.len()
    ))?;
    for lost in recall.lost.iter().take(NAMED) {
        output::line(&format!(
            "lost: {:?}, {:.0} pixels, {:.3} of the shorter side, sure to {:.4}: {}",
            lost.whose, lost.pixels, lost.share, lost.confidence, lost.picture
        ))?;
    }
    if recall.lost.len() > NAMED {
        output::line(&format!("and {} more", recall.lost.len() - NAMED))?;
    }
    for reason in &answer.unreadable {
        output::line(&format!("not read: {reason}"))?;
    }
    Ok(())
}

fn share(count: Count) -> String {
    count.interval().map_or_else(String::new, |interval| {
        format!(
            "{:.2} % ({:.2}–{:.2})",
            100.0 * count.lost as f64 / count.faces as f64,
            100.0 * interval.low,
            100.0 * interval.high
        )
    })
}
