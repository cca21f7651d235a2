//! Looks at the windows of a video one after the other, while the decoder makes the next ones, and
//! closer at the face in each while the next one is searched.

use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver};

use rayon::{Scope, ThreadPool};

use crate::media::frame::Frame;
use crate::media::sampling::Window;
use crate::pipeline::defects::Bounds;
use crate::pipeline::document::DocumentSeen;
use crate::pipeline::examine::FaceExaminer;
use crate::pipeline::examiner::ExamineError;
use crate::pipeline::faces::{comparable, defects_of, face_box, face_finding, thumbnail};
use crate::session::defect::Defect;
use crate::session::examination::{FaceBox, FaceFinding};
use crate::vision::detector::Face;
use crate::vision::embedder::Embedding;
use crate::vision::error::VisionError;
use crate::vision::geometry::BoundingBox;
use crate::vision::picture::Picture;
use crate::vision::quality;
use crate::vision::subject;

/// The document, as soon as somebody has looked at it.
pub(super) type Document = OnceLock<Result<DocumentSeen, ExamineError>>;

/// One sampled frame on its way into the timeline.
pub(super) struct Row {
    pub(super) time_ms: u64,
    pub(super) size: (u32, u32),
    pub(super) faces: u32,
    pub(super) comparable: usize,
    /// The subject, if there is one.
    pub(super) closer: Option<Closer>,
}

/// What a closer look at a frame's subject gives.
pub(super) struct Closer {
    pub(super) face: FaceFinding,
    pub(super) defects: Vec<Defect>,
    /// None where nothing follows from it: the document cannot be read.
    pub(super) embedding: Option<Embedding>,
    /// 0–100, where a pack tells it.
    pub(super) liveness: Option<f64>,
    pub(super) thumbnail: Vec<u8>,
}

/// What goes on while a timeline is made.
pub(super) struct Course<'scope, 'a> {
    pub(super) document: &'scope Document,
    /// Whether faces are asked if they look live.
    pub(super) liveness: bool,
    /// Where the networks run.
    pub(super) pool: &'a ThreadPool,
    /// Whose end waits for every closer look.
    pub(super) scope: &'a Scope<'scope>,
    /// Told after every window how many are done.
    pub(super) progress: &'a mut dyn FnMut(usize),
}

/// Rows whose closer looks are still under way.
pub(super) struct Started {
    rows: Vec<Row>,
    looks: Receiver<(usize, Result<Closer, VisionError>)>,
}

impl Started {
    /// The rows, once every closer look has come to its end.
    pub(super) fn finish(mut self) -> Result<Vec<Row>, VisionError> {
        for (index, closer) in self.looks.try_iter() {
            if let Some(row) = self.rows.get_mut(index) {
                row.closer = Some(closer?);
            }
        }
        Ok(self.rows)
    }
}

impl FaceExaminer {
    /// Goes on until the windows end, or the document turns out to be none.
    pub(super) fn look_at_windows<'scope>(
        &'scope self,
        windows: Receiver<Window>,
        Course {
            document,
            liveness,
            pool,
            scope,
            progress,
        }: Course<'scope, '_>,
    ) -> Result<Started, VisionError> {
        let (done, looks) = mpsc::channel();
        let mut rows = Vec::new();
        let mut last_face = None;
        for (count, window) in windows.into_iter().enumerate() {
            if matches!(document.get(), Some(Err(_))) {
                break;
            }
            let sight = pool.install(|| self.look_at_window(window, last_face))?;
            progress(count + 1);
            let Some((row, subject)) = sight else {
                continue;
            };
            if let Some((picture, face)) = subject {
                last_face = Some(face_box(&face));
                let (index, done) = (rows.len(), done.clone());
                let comparable = row.comparable;
                scope.spawn(move |_| {
                    let subject = (&face, comparable);
                    let closer = self.look_closer(&picture, subject, document, liveness);
                    // Nobody listens any more where another look has failed.
                    let _ = done.send((index, closer));
                });
            }
            rows.push(row);
        }
        Ok(Started { rows, looks })
    }

    /// Looks at a window's candidates from the sharpest on until one holds a usable face. Sharp is
    /// what is sharp where the last face was: a sharp background says nothing of the person.
    fn look_at_window(
        &self,
        window: Window,
        last_face: Option<FaceBox>,
    ) -> Result<Option<Sight>, VisionError> {
        let mut candidates = pictures(window.candidates, last_face)?;
        candidates.sort_by(|a, b| b.sharpness.total_cmp(&a.sharpness));
        let mut first_without = None;
        for candidate in candidates {
            let picture = candidate.picture;
            let faces = self
                .networks
                .detector
                .detect(&picture, subject::min_face_for(&picture))?;
            let size = (picture.width(), picture.height());
            let mut row = Row {
                time_ms: candidate.time_ms,
                size,
                faces: 0,
                comparable: 0,
                closer: None,
            };
            let Some(chosen) = subject::frame_subject(&faces, size.0, size.1) else {
                first_without.get_or_insert((row, None));
                continue;
            };
            let face = faces[chosen].clone();
            row.faces = faces.len() as u32;
            row.comparable = comparable(&face, &faces);
            return Ok(Some((row, Some((picture, face)))));
        }
        Ok(first_without)
    }

    fn look_closer(
        &self,
        picture: &Picture,
        (face, comparable): (&Face, usize),
        document: &Document,
        liveness: bool,
    ) -> Result<Closer, VisionError> {
        // Without a face on the document the frames are still compared with each other.
        let nothing_follows = matches!(document.get(), Some(Err(_)));
        let embedding = if nothing_follows {
            None
        } else {
            Some(self.networks.embedder.embed(picture, face)?)
        };
        let live = if liveness {
            self.liveness(picture, face)?
        } else {
            None
        };
        let size = (picture.width(), picture.height());
        let finding = face_finding(picture, face, Some(self.networks.mask.worn(picture, face)?));
        Ok(Closer {
            face: finding,
            defects: defects_of(&finding, (face, comparable), size, &Bounds::FRAME),
            embedding,
            liveness: live.map(|live| live * 100.0),
            thumbnail: thumbnail(picture, face)?,
        })
    }
}

/// A frame, and its subject if it has one.
type Sight = (Row, Option<(Picture, Face)>);

struct Candidate {
    time_ms: u64,
    picture: Picture,
    sharpness: f32,
}

fn pictures(frames: Vec<Frame>, last_face: Option<FaceBox>) -> Result<Vec<Candidate>, VisionError> {
    frames
        .into_iter()
        .map(|frame| {
            let picture = Picture::from_rgb(frame.width, frame.height, frame.rgb)?;
            Ok(Candidate {
                time_ms: frame.time_ms,
                sharpness: quality::sharpness_within(&picture, &focus(&picture, last_face)),
                picture,
            })
        })
        .collect()
}

/// Where the person probably is: at the last face, or in the middle half before there was one.
fn focus(picture: &Picture, last_face: Option<FaceBox>) -> BoundingBox {
    if let Some(face) = last_face {
        return BoundingBox {
            left: face.left,
            top: face.top,
            right: face.left + face.width,
            bottom: face.top + face.height,
        };
    }
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    BoundingBox {
        left: width / 4.0,
        top: height / 4.0,
        right: width * 0.75,
        bottom: height * 0.75,
    }
}
