//! The labelled faces: found by the service's own detector, cut out with room around them, and divided.

use std::path::{Path, PathBuf};

use likeness::vision::detector::{Detector, Face};
use likeness::vision::error::VisionError;
use likeness::vision::geometry::{BoundingBox, Point};
use likeness::vision::level::LevelSquare;
use likeness::vision::mask::REACH;
use likeness::vision::nets::mask_net::SIDE;
use likeness::vision::picture::Picture;
use rayon::prelude::*;
use serde::Deserialize;

use crate::canvas::Canvas;
use crate::error::TrainingError;
use crate::faces::{in_frame, name_of, pictures_in, subject_of};
use crate::mask::split::{Part, Shares, originals, print_of};

/// A face is kept with so much more around it than the network sees, to be moved, turned and scaled within.
pub(crate) const ROOM: f32 = 1.5;
/// Pixels of what is kept, of which the network sees the middle two thirds.
pub(crate) const WIDE: usize = SIDE * 2;

/// Labelled pictures, by their originals' names.
const LABELLED: Shares = Shares {
    learning: 70,
    choosing: 10,
};
/// Faces without a label, all bare, by the person's name: half are held out, to count false alarms.
const BARE_FACES: Shares = Shares {
    learning: 40,
    choosing: 10,
};

/// In a picture without a face that can be found, the face is taken to fill so much of the shorter side.
const MIDDLE: f32 = 0.7;

/// Who fills a picture to its edges may be found once so much of its longer side is put around it.
const BORDER: f32 = 0.35;

/// How a face came by its box and its points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// As the service finds it.
    AsItIs,
    /// Only with a grey border around the picture.
    WithBorder,
    /// Not at all: it is the picture's middle.
    Nowhere,
}

/// One face.
pub(crate) struct Labelled {
    pub(crate) part: Part,
    pub(crate) masked: bool,
    /// It comes from the folder of bare faces.
    pub(crate) bare_folder: bool,
    pub(crate) found: Found,
    pub(crate) wide: Canvas,
    /// Left eye, right eye, nose tip, left and right corner of the mouth, in the wide chip.
    pub(crate) points: [Point; 5],
    /// What the service would cut out, at its own side.
    pub(crate) chip: Picture,
}

#[derive(Deserialize)]
struct Label {
    path: PathBuf,
    mask: u8,
}

/// The pictures of `labels.csv`.
pub(crate) fn labelled(detector: &Detector, folder: &Path) -> Result<Vec<Labelled>, TrainingError> {
    let file = folder.join("labels.csv");
    let about = |source| TrainingError::Labels {
        path: file.clone(),
        source,
    };
    let labels: Vec<Label> = csv::Reader::from_path(&file)
        .and_then(|mut reader| reader.deserialize().collect())
        .map_err(about)?;
    let looked: Vec<(Picture, Face, Found)> = labels
        .par_iter()
        .map(|label| {
            let (picture, face) = in_frame(detector, &folder.join(&label.path))?;
            let (face, found) = match face {
                Some(face) => (face, Found::AsItIs),
                None => look_harder(detector, &picture)?,
            };
            Ok((picture, face, found))
        })
        .collect::<Result<_, TrainingError>>()?;
    let prints: Vec<u64> = looked
        .par_iter()
        .map(|(picture, ..)| print_of(picture))
        .collect();
    let originals = originals(&prints);
    labels
        .par_iter()
        .zip(looked)
        .zip(originals)
        .map(|((label, (picture, face, found)), original)| {
            let part = LABELLED.part(&name_of(&labels[original].path));
            let labelled = cut_out(&picture, &face, part)?;
            Ok(Labelled {
                masked: label.mask == 1,
                found,
                ..labelled
            })
        })
        .collect()
}

/// Every picture of the folder of bare faces in which a face is found.
pub(crate) fn bare(detector: &Detector, folder: &Path) -> Result<Vec<Labelled>, TrainingError> {
    let files = pictures_in(folder)?;
    let faces: Vec<Option<Labelled>> = files
        .par_iter()
        .map(|file| {
            let (picture, Some(face)) = in_frame(detector, file)? else {
                return Ok(None);
            };
            let name = name_of(file);
            // `Ann_Lee_0003.jpg` is Ann Lee.
            let person = name.rsplit_once('_').map_or(&*name, |(person, _)| person);
            let labelled = cut_out(&picture, &face, BARE_FACES.part(person))?;
            Ok(Some(Labelled {
                bare_folder: true,
                ..labelled
            }))
        })
        .collect::<Result<_, TrainingError>>()?;
    Ok(faces.into_iter().flatten().collect())
}

/// A bare face, found as the service finds it.
fn cut_out(picture: &Picture, face: &Face, part: Part) -> Result<Labelled, VisionError> {
    let wide = LevelSquare::about(face, REACH * ROOM, WIDE as u32);
    Ok(Labelled {
        part,
        masked: false,
        bare_folder: false,
        found: Found::AsItIs,
        wide: Canvas::of(&wide.cut(picture)?),
        points: face.landmarks.map(|point| wide.place(point)),
        chip: LevelSquare::about(face, REACH, SIDE as u32).cut(picture)?,
    })
}

/// The face of a picture in which the service finds none.
fn look_harder(detector: &Detector, picture: &Picture) -> Result<(Face, Found), VisionError> {
    let border = (picture.width().max(picture.height()) as f32 * BORDER) as u32;
    let Some(mut face) = subject_of(detector, &bordered(picture, border)?)? else {
        return Ok((middle(picture), Found::Nowhere));
    };
    let border = border as f32;
    let bounds = &mut face.bounds;
    for edge in [
        &mut bounds.left,
        &mut bounds.top,
        &mut bounds.right,
        &mut bounds.bottom,
    ] {
        *edge -= border;
    }
    for point in &mut face.landmarks {
        point.x -= border;
        point.y -= border;
    }
    Ok((face, Found::WithBorder))
}

/// The picture on a grey ground.
fn bordered(picture: &Picture, border: u32) -> Result<Picture, VisionError> {
    let (width, height) = (picture.width() + 2 * border, picture.height() + 2 * border);
    let mut rgb = vec![127; width as usize * height as usize * 3];
    let row = picture.width() as usize * 3;
    for (y, line) in picture.rgb().chunks_exact(row).enumerate() {
        let at = ((y + border as usize) * width as usize + border as usize) * 3;
        rgb[at..at + row].copy_from_slice(line);
    }
    Picture::from_rgb(width, height, rgb)
}

/// The face that a picture's middle would be.
fn middle(picture: &Picture) -> Face {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let side = width.min(height) * MIDDLE;
    let (left, top) = ((width - side) / 2.0, (height - side) / 2.0);
    let at = |x: f32, y: f32| Point {
        x: left + side * x,
        y: top + side * y,
    };
    Face {
        bounds: BoundingBox {
            left,
            top,
            right: left + side,
            bottom: top + side,
        },
        confidence: 0.0,
        landmarks: [
            at(0.3, 0.4),
            at(0.7, 0.4),
            at(0.5, 0.6),
            at(0.33, 0.8),
            at(0.67, 0.8),
        ],
    }
}
