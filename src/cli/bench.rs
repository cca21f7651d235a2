//! `likeness bench`: how long one step takes on this machine.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, Subcommand, ValueEnum};
use kernels::machine::Machine;
use serde::Serialize;

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;
use crate::media::decode::Pace;
use crate::media::sampling::{self, SampleOrder};
use crate::media::whole;
use crate::pipeline::examiner::{ExaminationInput, Examiner as _, LookOrder};
use crate::vision::picture::Picture;
use crate::vision::subject;

/// Frames that a video is sampled for.
const FRAMES: usize = 8;

/// A frame of `samples/genuine/video.mp4` as a phone would have filmed it, 720×1280.
const FRAME: &[u8] = include_bytes!("../../benches/frame.jpg");

/// Times one step: after three runs that do not count, the median of the others.
///
/// The figures are for comparing machines, packs and versions. Let nothing else run meanwhile.
#[derive(Debug, Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    step: Step,

    /// Threads that the networks may use.
    #[arg(long, value_name = "N", default_value_t = 1, global = true, value_parser = clap::value_parser!(u8).range(1..))]
    threads: u8,

    /// Runs that count.
    #[arg(long, value_name = "N", default_value_t = 20, global = true, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// Prints one JSON object.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Step {
    /// The deciding embedder's network, once forward.
    Embed {
        /// Faces that go through it together.
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
        batch: u8,
    },
    /// Finding the faces of a picture.
    Detect {
        /// The picture [default: a frame of 720×1280 with a face]
        #[arg(long, value_name = "FILE")]
        image: Option<PathBuf>,
    },
    /// Decoding a video: as an examination samples it, or whole.
    Decode {
        /// The video.
        #[arg(long, value_name = "FILE")]
        video: PathBuf,
        /// Which of its pictures.
        #[arg(long, value_enum, default_value_t = Pictures::Sampled)]
        pictures: Pictures,
    },
    /// A single picture from its file to the template of its subject, as an examination looks at a document.
    Look {
        /// The picture.
        #[arg(long, value_name = "FILE")]
        image: PathBuf,
    },
    /// A whole examination of a document and a video, with models that are warm.
    Match {
        /// The document.
        #[arg(long, value_name = "FILE")]
        image: PathBuf,
        /// The video.
        #[arg(long, value_name = "FILE")]
        video: PathBuf,
        /// Draws the signals of liveness as well.
        #[arg(long)]
        liveness: bool,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Pictures {
    /// What an examination of eight frames looks at, made ready to be looked at.
    Sampled,
    /// Every picture.
    Every,
    /// Those that others are built on.
    References,
    /// Those that are built on no other.
    Keys,
}

#[derive(Serialize)]
struct Figures {
    step: &'static str,
    pack: String,
    /// The instruction set of the kernels.
    machine: &'static str,
    threads: u8,
    runs: u32,
    median_ms: f64,
    min_ms: f64,
    max_ms: f64,
    /// What the network made of the pattern that it was timed with, for comparing with other programs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vector: Vec<f32>,
}

/// Runs the command.
pub fn run(args: &BenchArgs, config: &Config) -> Result<ExitCode, CliError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(usize::from(args.threads))
        .build_global()?;
    let mut vector = Vec::new();
    let (step, pack, mut times) = match &args.step {
        Step::Embed { batch } => embed(args, config, usize::from(*batch), &mut vector)?,
        Step::Detect { image } => detect(args, config, image.as_deref())?,
        Step::Look { image } => look(args, config, image)?,
        Step::Decode { video, pictures } => decode(args, config, video, *pictures)?,
        Step::Match {
            image,
            video,
            liveness,
        } => examine(args, config, (image, video), *liveness)?,
    };
    times.sort_by(f64::total_cmp);
    let at = |index: usize| times.get(index).copied().unwrap_or_default();
    let figures = Figures {
        step,
        pack,
        machine: Machine::best().name(),
        threads: args.threads,
        runs: args.runs,
        median_ms: f64::midpoint(at((times.len() - 1) / 2), at(times.len() / 2)),
        min_ms: at(0),
        max_ms: at(times.len() - 1),
        vector,
    };
    if args.json {
        output::json_line(&figures)?;
    } else {
        output::line(&format!(
            "{} {}: median {:.2} ms, {:.2} to {:.2} ms, {} runs, threads {}, {}",
            figures.step,
            figures.pack,
            figures.median_ms,
            figures.min_ms,
            figures.max_ms,
            figures.runs,
            figures.threads,
            figures.machine,
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

type Timed = (&'static str, String, Vec<f64>);

fn embed(
    args: &BenchArgs,
    config: &Config,
    batch: usize,
    vector: &mut Vec<f32>,
) -> Result<Timed, CliError> {
    let (_, embedder, facts) = app::models::networks(config)?;
    let blank = embedder.blank_chip()?;
    let chips = vec![pattern(blank.width(), blank.height())?; batch];
    let times = timed(args.runs, || {
        *vector = embedder.raw(&chips)?.swap_remove(0);
        Ok(())
    })?;
    Ok(("embed", facts.embedder, times))
}

/// A picture that another program can make as well: benches/harness/weights.py does.
fn pattern(width: u32, height: u32) -> Result<Picture, CliError> {
    let mut pixels = Vec::with_capacity((width * height * 3) as usize);
    for y in 0..height {
        for x in 0..width {
            let value = x * 7 + y * 13 + x * y / 8;
            pixels.extend([0, 29, 58].map(|channel| (value + channel) as u8));
        }
    }
    Ok(Picture::from_rgb(width, height, pixels)?)
}

fn detect(args: &BenchArgs, config: &Config, image: Option<&Path>) -> Result<Timed, CliError> {
    let (detector, _, facts) = app::models::networks(config)?;
    let limits = app::decoding::picture_limits(config);
    let picture = match image {
        Some(file) => Picture::open(file, &limits)?,
        None => Picture::decode(FRAME, &limits)?,
    };
    let smallest = subject::min_face_for(&picture);
    let times = timed(args.runs, || {
        Ok(detector.detect(&picture, smallest).map(drop)?)
    })?;
    Ok(("detect", facts.detector, times))
}

fn look(args: &BenchArgs, config: &Config, image: &Path) -> Result<Timed, CliError> {
    let (examiner, facts) = app::models::trusting_examiner(config)?;
    let picture = std::fs::read(image)?;
    let order = LookOrder {
        picture: &picture,
        templates: 1,
        mask: false,
        liveness: false,
    };
    let times = timed(args.runs, || Ok(examiner.look(order).map(drop)?))?;
    Ok(("look", facts.embedder, times))
}

fn decode(
    args: &BenchArgs,
    config: &Config,
    video: &Path,
    pictures: Pictures,
) -> Result<Timed, CliError> {
    let limits = app::decoding::media_limits(config);
    let threads = usize::from(args.threads);
    let order = SampleOrder {
        windows: FRAMES,
        threads,
    };
    let pace = match pictures {
        Pictures::Sampled => None,
        Pictures::Every => Some(Pace::EveryPicture),
        Pictures::References => Some(Pace::ReferencesOnly),
        Pictures::Keys => Some(Pace::KeysOnly),
    };
    let times = timed(args.runs, || {
        if let Some(pace) = pace {
            whole::count(video, &limits, pace, threads)?;
        } else {
            sampling::sample(video, &limits, order, &mut |_| ControlFlow::Continue(()))?;
        }
        Ok(())
    })?;
    Ok(("decode", "ffmpeg".to_owned(), times))
}

fn examine(
    args: &BenchArgs,
    config: &Config,
    (document, video): (&Path, &Path),
    liveness: bool,
) -> Result<Timed, CliError> {
    let (examiner, facts) = app::models::trusting_examiner(config)?;
    let times = timed(args.runs, || {
        let input = ExaminationInput {
            document,
            video,
            frames: FRAMES,
            liveness,
            challenge: None,
            pictures: false,
        };
        Ok(examiner.examine(input, &mut |_, _| ()).map(drop)?)
    })?;
    Ok(("match", facts.embedder, times))
}

/// The milliseconds of each run that counts.
fn timed(runs: u32, mut step: impl FnMut() -> Result<(), CliError>) -> Result<Vec<f64>, CliError> {
    for _ in 0..3 {
        step()?;
    }
    (0..runs)
        .map(|_| {
            let start = Instant::now();
            step()?;
            Ok(start.elapsed().as_secs_f64() * 1000.0)
        })
        .collect()
}
