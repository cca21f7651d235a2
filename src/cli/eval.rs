//! `likeness eval`: measures a pack on anybody's labelled pairs, and calibrates it if asked.

pub(super) mod date;
pub(super) mod machine;
mod progress;

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use thiserror::Error;

use crate::cli::eval::progress::PictureProgress;
use crate::evaluation::calibrate::{self, CalibrateError};
use crate::evaluation::distribution::Distribution;
use crate::evaluation::measure::{Finding, Measured, Sample};
use crate::evaluation::pairs::{self, PairList, PairsError};
use crate::evaluation::record;
use crate::evaluation::report::Report;
use crate::evaluation::subjects::{Eye, Sighting, SubjectsError, similarity};
use crate::packs::cache::{OpenPacks, open, open_with};
use crate::packs::error::PackError;
use crate::packs::folder::ModelsFolder;
use crate::packs::manifest::{Calibration, CalibrationRun, Precision};
use crate::session::time::Timestamp;
use crate::vision::calibration::{CalibrationError, Scale};
use crate::vision::detector::Detector;
use crate::vision::embedder::Embedder;
use crate::vision::error::VisionError;

/// Measure a pack on labelled pairs of pictures
///
/// PAIRS.csv names two pictures a line and says whether they show one person. Its first line names
/// the columns: `a` and `b` (picture files, relative to --root), `same` (1 or 0) and, if wanted,
/// `fold` (a whole number). In each picture the most central large face is taken.
///
/// What it prints:
///
/// Accuracy: the share of the listed pairs that a threshold judges rightly. With two folds or more,
/// the pairs of a fold are judged by the threshold that is best on all other folds; without, by the
/// best threshold on the same pairs, which flatters. A pair with a picture without a face counts as
/// wrong.
///
/// True accepts at a false-match rate (FMR) of 1e-2, 1e-3, 1e-4 and 1e-5: the share of the listed
/// pairs of one person that reach the threshold which only that share of pairs of two people
/// reaches. When the names of the files tell people apart (`Some_Name_0001.jpg`, or one folder a
/// person) and contradict no label, every picture is compared with every picture of every other
/// person; otherwise the listed pairs of two people are taken.
///
/// Intervals are of 95 %. A rate is stated only when 30 false matches can be expected at it (the
/// rule of 30), and on 30 pairs of one person at least; else the reason is printed in its place.
#[derive(Args, Clone, Debug)]
pub struct EvalArgs {
    /// The list of pairs: a CSV file with the columns a, b, same and, if wanted, fold
    #[arg(value_name = "PAIRS.csv")]
    pub pairs: PathBuf,
    /// The folder that the names in the list are relative to [default: the list's own folder]
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// The embedder pack to measure [default: the first one that is complete]
    #[arg(long, value_name = "NAME")]
    pub pack: Option<String>,
    /// What the embedder computes with: f32, or bf16 where the pack and the processor have it
    #[arg(
        long,
        value_name = "NAME",
        default_value = "f32",
        conflicts_with = "calibrate"
    )]
    pub precision: Precision,
    /// The models folder: `manifest.json`, if it is not to be the built-in one, and `cache/`
    #[arg(long, value_name = "DIR")]
    pub models: Option<PathBuf>,
    /// Print JSON rather than a table; the accuracy is the key `accuracy`, 0 to 1
    #[arg(long)]
    pub json: bool,
    /// Fit the scale from similarity to percentage and write it into the models folder's manifest
    ///
    /// 0 % is the median of pairs of two people, 50 % stands for an FMR of 1e-2, 65 % for 1e-3, 80 %
    /// for 1e-4, 90 % for 1e-5, 95 % for 1e-6, and 100 % is the same vector. It takes 300 000 pairs
    /// of two people at least; what is rarer than the data carry comes from a fitted tail and is
    /// marked so. The run's command, data, date, machine and numbers are written with it, and its
    /// figures take the place of those measured before.
    #[arg(long)]
    pub calibrate: bool,
    /// With --calibrate: what the data are, for the record [default: the list's file name]
    #[arg(long, value_name = "TEXT", requires = "calibrate")]
    pub data_name: Option<String>,
}

/// What the surroundings say where the command line is silent.
#[derive(Clone, Debug)]
pub struct EvalSettings {
    pub models: PathBuf,
    /// This moment, for the record of a calibration.
    pub now: Timestamp,
}

/// Why nothing was measured.
#[derive(Debug, Error)]
pub enum EvalError {
    #[error("{}: {source}", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{}: {source}", path.display())]
    Pairs {
        path: PathBuf,
        #[source]
        source: PairsError,
    },
    #[error(transparent)]
    Packs(#[from] PackError),
    #[error(transparent)]
    Vision(#[from] VisionError),
    #[error(transparent)]
    Subjects(#[from] SubjectsError),
    #[error("no calibration was written: {0}")]
    Calibrate(#[from] CalibrateError),
    #[error("no calibration was written: {0}")]
    Scale(#[from] CalibrationError),
    #[error("writing the result: {0}")]
    Output(#[source] io::Error),
}

/// Runs the command: the result on `out`, progress on stderr.
pub fn run(
    args: &EvalArgs,
    settings: &EvalSettings,
    out: &mut dyn Write,
) -> Result<ExitCode, EvalError> {
    let list = read_list(&args.pairs)?;
    let folder = ModelsFolder::new(args.models.as_ref().unwrap_or(&settings.models));
    let mut manifest = folder.manifest()?;
    let mut packs = match &args.pack {
        Some(name) => open_with(&manifest, &folder.cache(), name)?,
        None => open(&manifest, &folder.cache())?,
    };
    packs.embedder = packs.embedder.at(args.precision)?;
    let sightings = look(args, &list, &packs)?;
    let findings: Vec<Finding> = sightings.iter().map(Sighting::finding).collect();
    let alike = |a: usize, b: usize| similarity(&sightings, a, b);
    let calibration = packs.embedder.pack.calibration.as_ref();
    let scale = calibration.map(Scale::new).transpose()?;
    let percentage = scale.map(|scale| move |value: f32| scale.percentage(f64::from(value)));
    let sample = Sample {
        pack: &packs.embedder.pack.name,
        list: &list,
        findings: &findings,
        similarity: &alike,
        percentage: percentage.as_ref().map(|percentage| percentage as _),
    };
    let Measured {
        mut report,
        impostors,
    } = sample.measure();
    if args.calibrate {
        let calibration = calibrated(args, settings, &report, &impostors)?;
        let scale = Scale::new(&calibration)?;
        // The percentages of the report are those of the new scale.
        let spread = sample.percentages(&|value| scale.percentage(f64::from(value)));
        report.percentages = Some(spread);
        for pack in &mut manifest.packs {
            if pack.name == report.pack {
                record::write(pack, calibration.clone(), &report);
            }
        }
        manifest.save(&folder.manifest_path())?;
    }
    if packs.weaker && args.pack.is_none() {
        let note =
            "A pack that the manifest prefers is not complete here: run `likeness models pull`.";
        report.notes.push(note.to_owned());
    }
    print(args.json, &report, out)?;
    Ok(ExitCode::SUCCESS)
}

fn read_list(path: &Path) -> Result<PairList, EvalError> {
    let file = File::open(path).map_err(|source| EvalError::Open {
        path: path.to_owned(),
        source,
    })?;
    pairs::read(file).map_err(|source| EvalError::Pairs {
        path: path.to_owned(),
        source,
    })
}

fn look(args: &EvalArgs, list: &PairList, packs: &OpenPacks) -> Result<Vec<Sighting>, EvalError> {
    let detector = Detector::load(&packs.detector.weights)?;
    let embedder = Embedder::load(&packs.embedder)?;
    let beside = args.pairs.parent().unwrap_or(Path::new(""));
    let root = args.root.as_deref().unwrap_or(beside);
    let eye = Eye {
        detector: &detector,
        embedder: &embedder,
    };
    let progress = PictureProgress::new(list.pictures.len());
    let sightings = eye.look_at(root, &list.pictures, &|| progress.seen())?;
    progress.finish();
    Ok(sightings)
}

fn calibrated(
    args: &EvalArgs,
    settings: &EvalSettings,
    report: &Report,
    impostors: &Distribution,
) -> Result<Calibration, EvalError> {
    let name = match &args.data_name {
        Some(name) => name.clone(),
        None => last_part(&args.pairs),
    };
    Ok(Calibration {
        points: calibrate::fit(impostors)?,
        run: CalibrationRun {
            command: command(args, &report.pack),
            data: format!("{name} ({} pairs)", report.pairs.listed),
            date: date::year_month_day(settings.now),
            machine: machine::describe(),
            pictures: report.pictures.with_face as u64,
            impostor_pairs: report.impostors.pairs,
        },
    })
}

/// The command as somebody would repeat it; of paths only the last part, since where the data lie
/// is this machine's own affair.
fn command(args: &EvalArgs, pack: &str) -> String {
    let pairs = last_part(&args.pairs);
    let root = args.root.as_ref();
    let root = root.map_or_else(String::new, |root| format!(" --root {}", last_part(root)));
    format!("likeness eval {pairs}{root} --pack {pack} --calibrate")
}

fn last_part(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn print(json: bool, report: &Report, out: &mut dyn Write) -> Result<(), EvalError> {
    let written = if json {
        serde_json::to_writer_pretty(&mut *out, report)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(out))
    } else {
        write!(out, "{report}")
    };
    written.map_err(EvalError::Output)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Parser)]
    struct Eval {
        #[command(flatten)]
        args: EvalArgs,
    }

    #[test]
    fn the_arguments_are_well_formed_and_the_record_names_no_folder_above() {
        Eval::command().debug_assert();
        let line = [
            "eval",
            "/home/me/p.csv",
            "--root",
            "/home/me/faces",
            "--calibrate",
        ];
        let args = Eval::try_parse_from(line).unwrap().args;
        let expected = "likeness eval p.csv --root faces --pack dlib --calibrate";
        assert_eq!(command(&args, "dlib"), expected);
        assert!(Eval::try_parse_from(["eval", "p.csv", "--data-name", "x"]).is_err());
    }
}
