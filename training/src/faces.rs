//! Finds faces as the service does, and brings the pictures of a folder.

use std::path::{Path, PathBuf};

use likeness::packs::cache;
use likeness::packs::folder::ModelsFolder;
use likeness::vision::detector::{Detector, Face};
use likeness::vision::error::VisionError;
use likeness::vision::picture::{Picture, PictureLimits};
use likeness::vision::subject;

use crate::error::TrainingError;

const LIMITS: PictureLimits = PictureLimits {
    max_pixels: 50_000_000,
};

/// The detector of a folder of model packs.
pub(crate) fn detector(models: &Path) -> Result<Detector, TrainingError> {
    let folder = ModelsFolder::new(models);
    let packs = cache::open(&folder.manifest()?, &folder.cache())?;
    Ok(Detector::load(&packs.detector.weights)?)
}

/// A picture, and the box and points of the face in it that a frame of a video would be judged by.
pub(crate) fn in_frame(
    detector: &Detector,
    path: &Path,
) -> Result<(Picture, Option<Face>), TrainingError> {
    let about = |source| TrainingError::Picture {
        path: path.to_owned(),
        source: Box::new(source),
    };
    let picture = Picture::open(path, &LIMITS).map_err(about)?;
    let face = subject_of(detector, &picture).map_err(about)?;
    Ok((picture, face))
}

/// The face by which a picture would be judged as a frame of a video.
pub(crate) fn subject_of(
    detector: &Detector,
    picture: &Picture,
) -> Result<Option<Face>, VisionError> {
    let faces = detector.detect(picture, subject::min_face_for(picture))?;
    let chosen = subject::frame_subject(&faces, picture.width(), picture.height());
    Ok(chosen.map(|chosen| faces[chosen].clone()))
}

/// The JPEG and PNG files of a folder, by name.
pub(crate) fn pictures_in(folder: &Path) -> Result<Vec<PathBuf>, TrainingError> {
    let mut files = Vec::new();
    let about = |source| TrainingError::io(folder, source);
    for entry in std::fs::read_dir(folder).map_err(about)? {
        let path = entry.map_err(about)?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if extension.is_some_and(|extension| ["jpg", "jpeg", "png"].contains(&extension)) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The name of a file, without its folder.
pub(crate) fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
