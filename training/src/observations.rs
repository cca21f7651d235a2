//! What the measurements behind the quality observations are on a folder of ordinary faces.

use std::path::PathBuf;

use clap::Args;
use likeness::vision::quality;
use rayon::prelude::*;

use crate::error::TrainingError;
use crate::{faces, say};

/// Tell how sharp, bright, unevenly lit and turned the faces of a folder are.
#[derive(Args, Debug)]
pub(crate) struct ObservationsArgs {
    /// A folder of pictures, one face each.
    #[arg(long, value_name = "DIR")]
    pictures: PathBuf,

    /// The folder of model packs, for the detector.
    #[arg(long, value_name = "DIR", default_value = "models")]
    models: PathBuf,
}

const QUANTILES: [f64; 11] = [
    0.001, 0.005, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.995, 0.999,
];

/// Prints a table of quantiles.
pub(crate) fn run(args: &ObservationsArgs) -> Result<(), TrainingError> {
    let detector = faces::detector(&args.models)?;
    let files = faces::pictures_in(&args.pictures)?;
    let rows: Vec<Option<[f32; 7]>> = files
        .par_iter()
        .map(|file| {
            let (picture, face) = faces::in_frame(&detector, file)?;
            Ok(face.map(|face| {
                let pose = quality::pose(&face);
                [
                    face.bounds.width().min(face.bounds.height()),
                    quality::sharpness(&picture, &face),
                    quality::brightness(&picture, &face),
                    quality::unevenness(&picture, &face),
                    pose.yaw.abs(),
                    pose.pitch.abs(),
                    pose.roll.abs(),
                ]
            }))
        })
        .collect::<Result<_, TrainingError>>()?;
    let rows: Vec<[f32; 7]> = rows.into_iter().flatten().collect();
    say(&format!("{} faces in {} pictures", rows.len(), files.len()));
    let names = [
        "pixels",
        "sharpness",
        "brightness",
        "unevenness",
        "yaw",
        "pitch",
        "roll",
    ];
    say(&format!(
        "quantile   {}",
        names.map(|name| format!("{name:>10}")).concat()
    ));
    for quantile in QUANTILES {
        let cells = (0..names.len()).map(|measure| {
            let mut values: Vec<f32> = rows.iter().map(|row| row[measure]).collect();
            values.sort_by(f32::total_cmp);
            let at = (quantile * values.len().saturating_sub(1) as f64).round() as usize;
            format!("{:>10.3}", values.get(at).copied().unwrap_or_default())
        });
        say(&format!("{quantile:<11}{}", cells.collect::<String>()));
    }
    Ok(())
}
