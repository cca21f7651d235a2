//! The pictures that are kept of an examination, for officers to judge by: whole, and face beside face.

use crate::pipeline::examiner::KeptPicture;
use crate::pipeline::faces::thumbnail;
use crate::session::picture::PictureKind;
use crate::vision::detector::Face;
use crate::vision::error::VisionError;
use crate::vision::picture::Picture;
use crate::vision::portrait;
use crate::vision::resample::fitted;

/// The longer side of a whole document: its print can be read, and its face be looked at closely.
const DOCUMENT_SIDE: u32 = 1600;
const DOCUMENT_QUALITY: u8 = 85;
/// The longer side of a whole frame: enough to see the room, the hands and the edge of a screen.
const FRAME_SIDE: u32 = 960;
const FRAME_QUALITY: u8 = 80;
/// Of aligned faces, which are compared by eye: what the encoder adds must not look like skin.
const FACE_QUALITY: u8 = 90;

/// The document, turned upright where it has a face, and that face.
pub(super) fn of_document(
    upright: &Picture,
    face: Option<&Face>,
) -> Result<Vec<KeptPicture>, VisionError> {
    let mut kept = vec![KeptPicture {
        what: PictureKind::Document,
        jpeg: fitted(upright, DOCUMENT_SIDE)?.to_jpeg(DOCUMENT_QUALITY)?,
    }];
    if let Some(face) = face {
        kept.push(KeptPicture {
            what: PictureKind::Portrait,
            jpeg: aligned(upright, face)?,
        });
    }
    Ok(kept)
}

/// A frame of that number in the timeline, and its subject where it has one.
pub(super) fn of_frame(
    number: u32,
    picture: &Picture,
    face: Option<&Face>,
) -> Result<Vec<KeptPicture>, VisionError> {
    let mut kept = vec![KeptPicture {
        what: PictureKind::Frame(number),
        jpeg: fitted(picture, FRAME_SIDE)?.to_jpeg(FRAME_QUALITY)?,
    }];
    if let Some(face) = face {
        kept.push(KeptPicture {
            what: PictureKind::AlignedFace(number),
            jpeg: aligned(picture, face)?,
        });
        kept.push(KeptPicture {
            what: PictureKind::Thumbnail(number),
            jpeg: thumbnail(picture, face)?,
        });
    }
    Ok(kept)
}

fn aligned(picture: &Picture, face: &Face) -> Result<Vec<u8>, VisionError> {
    portrait::cut(picture, &face.landmarks)?.to_jpeg(FACE_QUALITY)
}
