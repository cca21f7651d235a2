//! Trains the classifier that tells whether a face wears a mask, and reports how well it does.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use likeness::packs::hash::sha256;
use likeness::vision::mask::MaskClassifier;

use crate::error::TrainingError;
use crate::faces;
use crate::mask::data::{Found, Labelled};
use crate::mask::sample::Lesson;
use crate::mask::split::Part;
use crate::say;

mod data;
mod drawn;
mod fit;
mod frame;
mod light;
mod measure;
mod model;
mod report;
mod sample;
mod split;

/// Train the classifier that tells whether a face wears a mask.
#[derive(Args, Debug)]
pub(crate) struct MaskArgs {
    /// A folder with `labels.csv` (`path`, `mask`: 1 or 0) and its pictures.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,

    /// A folder of faces that are all bare, `PERSON_NUMBER.jpg`: half of the people are learnt from, the others count
    /// the false alarms.
    #[arg(long, value_name = "DIR")]
    lfw: PathBuf,

    /// The folder of model packs, for the detector.
    #[arg(long, value_name = "DIR", default_value = "models")]
    models: PathBuf,

    /// Where the weights go.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Where the report goes. Without one nothing that was held out is looked at.
    #[arg(long, value_name = "FILE", requires = "date")]
    report: Option<PathBuf>,

    /// The date that the report bears.
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<String>,

    /// Rounds of 4 096 samples.
    #[arg(long, default_value_t = 40)]
    rounds: u64,
}

/// Trains, writes the weights, and measures them if a report is asked for.
pub(crate) fn run(args: &MaskArgs) -> Result<(), TrainingError> {
    let faces = read(args)?;
    let of = |part: Part| {
        let faces = faces.iter().filter(move |face| face.part == part);
        faces.collect::<Vec<&Labelled>>()
    };
    let lesson = Lesson::of(of(Part::Learning).into_iter());
    if let Some(what) = lesson.lacks() {
        return Err(TrainingError::Nothing(what));
    }
    let started = Instant::now();
    let choosing = of(Part::Choosing);
    let learnt = fit::learn(&lesson, &choosing, args.rounds)?;
    let minutes = started.elapsed().as_secs_f64() / 60.0;

    // The bound is chosen by what is kept: in half precision, and with the service's own arithmetic.
    let classifier = MaskClassifier::from_bytes(model::file(&learnt.tensors, 0.0)?)?;
    let worn = measure::as_they_came(&classifier, &choosing)?;
    let bytes = model::file(&learnt.tensors, -measure::bound(&choosing, &worn))?;
    fs::write(&args.out, &bytes).map_err(|source| TrainingError::io(&args.out, source))?;
    let sha256 = sha256(&bytes);
    let classifier = MaskClassifier::from_bytes(bytes)?;
    let worn = measure::as_they_came(&classifier, &choosing)?;
    let chosen = measure::seen(&choosing, &worn);
    say(&format!(
        "pictures that choose: masked {}, bare {}, bare folder {}",
        chosen.masked, chosen.bare, chosen.folder
    ));
    let (Some(file), Some(date)) = (&args.report, &args.date) else {
        return Ok(());
    };
    let made = report::Made {
        date,
        sha256,
        minutes,
        learnt: &learnt,
        chosen,
    };
    let text = report::write(&classifier, &faces, &made)?;
    fs::write(file, text).map_err(|source| TrainingError::io(file, source))
}

fn read(args: &MaskArgs) -> Result<Vec<Labelled>, TrainingError> {
    let detector = faces::detector(&args.models)?;
    let mut faces = data::labelled(&detector, &args.data)?;
    for masked in [true, false] {
        let of = faces.iter().filter(|face| face.masked == masked);
        let count = |found: Found| of.clone().filter(|face| face.found == found).count();
        say(&format!(
            "{} {} pictures: in {} the face was found with a border only, in {} not at all",
            of.clone().count(),
            if masked { "masked" } else { "bare" },
            count(Found::WithBorder),
            count(Found::Nowhere),
        ));
    }
    let bare = data::bare(&detector, &args.lfw)?;
    say(&format!("{} faces of the bare folder", bare.len()));
    faces.extend(bare);
    Ok(faces)
}
