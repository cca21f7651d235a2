//! Looks at every listed picture once, on all cores: finds its subject and embeds it.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use thiserror::Error;

use crate::evaluation::measure::Finding;
use crate::vision::detector::Detector;
use crate::vision::embedder::{Embedder, Embedding};
use crate::vision::error::VisionError;
use crate::vision::picture::{Picture, PictureLimits};
use crate::vision::subject::{frame_subject, min_face_for};

/// A photograph of 100 megapixels is the largest that a camera makes today.
const LIMITS: PictureLimits = PictureLimits {
    max_pixels: 100_000_000,
};

/// The two networks that look.
#[derive(Clone, Copy, Debug)]
pub struct Eye<'a> {
    pub detector: &'a Detector,
    pub embedder: &'a Embedder,
}

/// What one picture showed.
#[derive(Clone, Debug)]
pub enum Sighting {
    Face(Embedding),
    NoFace,
    /// The file is no picture; says why.
    Unreadable(String),
}

/// Why the looking stopped; a single broken picture does not stop it.
#[derive(Debug, Error)]
pub enum SubjectsError {
    #[error("{count} of the listed pictures are not there, the first of them {}", path.display())]
    Missing { path: PathBuf, count: usize },
    #[error("a network failed on {}", path.display())]
    Network {
        path: PathBuf,
        #[source]
        source: Box<VisionError>,
    },
}

impl Eye<'_> {
    /// One sighting a picture, in their order; names are relative to `root`. `seen` is told after
    /// each. Whether all the files are there is asked first, because that is cheap to mend.
    pub fn look_at(
        &self,
        root: &Path,
        pictures: &[String],
        seen: &(dyn Fn() + Sync),
    ) -> Result<Vec<Sighting>, SubjectsError> {
        let paths: Vec<PathBuf> = pictures.iter().map(|name| root.join(name)).collect();
        let missing: Vec<&PathBuf> = paths.iter().filter(|path| !path.is_file()).collect();
        if let Some(first) = missing.first() {
            return Err(SubjectsError::Missing {
                path: (*first).clone(),
                count: missing.len(),
            });
        }
        // The networks split their own work over the same threads, so this asks for no more than
        // the cores there are.
        paths
            .par_iter()
            .map(|path| {
                let sighting = self.look(path);
                seen();
                sighting
            })
            .collect()
    }

    /// The subject is the most central large face: a picture of somebody often shows others behind.
    fn look(&self, path: &Path) -> Result<Sighting, SubjectsError> {
        let picture = match Picture::open(path, &LIMITS) {
            Ok(picture) => picture,
            Err(error) => return Ok(Sighting::Unreadable(error.to_string())),
        };
        self.sighting(&picture)
            .map_err(|source| SubjectsError::Network {
                path: path.to_owned(),
                source: Box::new(source),
            })
    }

    fn sighting(&self, picture: &Picture) -> Result<Sighting, VisionError> {
        let faces = self.detector.detect(picture, min_face_for(picture))?;
        match frame_subject(&faces, picture.width(), picture.height()) {
            Some(subject) => Ok(Sighting::Face(
                self.embedder.embed(picture, &faces[subject])?,
            )),
            None => Ok(Sighting::NoFace),
        }
    }
}

impl Sighting {
    /// The face's vector, if there is a face.
    pub fn embedding(&self) -> Option<&Embedding> {
        match self {
            Self::Face(embedding) => Some(embedding),
            Self::NoFace | Self::Unreadable(_) => None,
        }
    }

    /// What is to be reported of it.
    pub fn finding(&self) -> Finding {
        match self {
            Self::Face(_) => Finding::Face,
            Self::NoFace => Finding::NoFace,
            Self::Unreadable(reason) => Finding::Unreadable(reason.clone()),
        }
    }
}

/// The similarity of two sighted pictures. It is asked only where both show a face; elsewhere it
/// is that of strangers, 0.
pub fn similarity(sightings: &[Sighting], a: usize, b: usize) -> f32 {
    let embedding = |place: usize| sightings.get(place).and_then(Sighting::embedding);
    match (embedding(a), embedding(b)) {
        (Some(a), Some(b)) => a.similarity(b),
        (_, None) | (None, Some(_)) => 0.0,
    }
}
