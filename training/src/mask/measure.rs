//! What the classifier says of faces that it never learnt from: as they came, spoilt, and with things drawn over them.

use likeness::vision::error::VisionError;
use likeness::vision::mask::{MaskClassifier, WORN};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rayon::prelude::*;

use crate::canvas::Canvas;
use crate::interval::Share;
use crate::mask::data::{Found, Labelled};
use crate::mask::drawn::Drawn;
use crate::mask::frame::Frame;
use crate::mask::light::Spoilt;
use crate::mask::sample::View;

/// Faces of one kind that were seen as masked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// Of those with a mask.
    pub(crate) masked: Share,
    /// Of the bare ones among the labelled pictures.
    pub(crate) bare: Share,
    /// Of the bare folder's.
    pub(crate) folder: Share,
}

impl Seen {
    /// Of faces, and for each whether it was seen as masked.
    fn count(faces: &[&Labelled], masked: &[bool]) -> Self {
        let share = |wanted: fn(&Labelled) -> bool| {
            let faces = faces.iter().zip(masked);
            Share::count(
                faces
                    .filter(|(face, _)| wanted(face))
                    .map(|(_, masked)| *masked),
            )
        };
        Self {
            masked: share(|face| face.masked),
            bare: share(|face| !face.masked && !face.bare_folder),
            folder: share(|face| face.bare_folder),
        }
    }

    /// The mean of the masked that are seen and of the labelled bare ones that are left alone.
    pub(crate) fn balanced(&self) -> f64 {
        f64::midpoint(self.masked.value(), 1.0 - self.bare.value())
    }

    /// The mean of both intervals' ends.
    pub(crate) fn balanced_interval(&self) -> (f64, f64) {
        let (masked, bare) = (self.masked.interval(), self.bare.interval());
        (
            f64::midpoint(masked.0, 1.0 - bare.1),
            f64::midpoint(masked.1, 1.0 - bare.0),
        )
    }
}

/// The faces as the service sees them.
pub(crate) fn as_they_came(
    classifier: &MaskClassifier,
    faces: &[&Labelled],
) -> Result<Vec<f64>, VisionError> {
    let faces = faces.par_iter();
    faces
        .map(|face| classifier.worn_on_chip(&face.chip))
        .collect()
}

/// How many are seen as masked, given what was said of each.
pub(crate) fn seen(faces: &[&Labelled], worn: &[f64]) -> Seen {
    let masked: Vec<bool> = worn.iter().map(|worn| *worn >= WORN).collect();
    Seen::count(faces, &masked)
}

/// The same faces, each spoilt in one way.
pub(crate) fn spoilt(
    classifier: &MaskClassifier,
    faces: &[&Labelled],
    ways: &[Spoilt],
) -> Result<Seen, VisionError> {
    let worn: Vec<f64> = faces
        .par_iter()
        .enumerate()
        .map(|(number, face)| {
            let random = &mut StdRng::seed_from_u64(number as u64);
            let mut chip = Canvas::of(&face.chip);
            for way in ways {
                way.apply(&mut chip, random)?;
            }
            classifier.worn_on_chip(&chip.to_picture()?)
        })
        .collect::<Result<_, VisionError>>()?;
    Ok(seen(faces, &worn))
}

/// The bare faces among them that are seen as masked once something is drawn over them.
pub(crate) fn drawn(
    classifier: &MaskClassifier,
    faces: &[&Labelled],
    what: Drawn,
) -> Result<Share, VisionError> {
    let bare: Vec<&&Labelled> = faces
        .iter()
        .filter(|face| !face.masked && face.found == Found::AsItIs)
        .collect();
    let worn: Vec<bool> = bare
        .par_iter()
        .enumerate()
        .map(|(number, face)| {
            let random = &mut StdRng::seed_from_u64(number as u64 + 1_000_000);
            let mut wide = face.wide.clone();
            what.draw(&mut wide, &Frame::of(&face.points), random);
            let chip = View::AS_IT_IS.cut(&wide).to_picture()?;
            Ok(classifier.worn_on_chip(&chip)? >= WORN)
        })
        .collect::<Result<_, VisionError>>()?;
    Ok(Share::count(worn))
}

/// By how much the answer is to be shifted so that [`WORN`] divides the masked from the bare best. The
/// labelled bare ones and the bare folder's count as much as each other; of several bounds that do
/// as well, it is the middle one.
pub(crate) fn bound(faces: &[&Labelled], worn: &[f64]) -> f64 {
    let answers: Vec<f64> = worn.iter().map(|worn| (worn / (1.0 - worn)).ln()).collect();
    let worth = |bound: f64| {
        let masked: Vec<bool> = answers.iter().map(|answer| *answer >= bound).collect();
        let seen = Seen::count(faces, &masked);
        2.0 * seen.masked.value() - seen.bare.value() - seen.folder.value()
    };
    let mut bounds: Vec<f64> = (-600..=600).map(|step| f64::from(step) / 100.0).collect();
    let best = bounds
        .iter()
        .map(|bound| worth(*bound))
        .fold(f64::MIN, f64::max);
    bounds.retain(|bound| best - worth(*bound) < 1e-9);
    bounds.get(bounds.len() / 2).copied().unwrap_or_default()
}
