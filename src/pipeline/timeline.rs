//! Looks at the windows of a video one after the other, while the decoder makes the next ones, and
//! closer at the face in each while the next one is searched.

use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rayon::{Scope, ThreadPool};

use crate::media::frame::Frame;
use crate::media::sampling::Window;
use crate::pipeline::defects::Bounds;
use crate::pipeline::document::DocumentSeen;
use crate::pipeline::examine::FaceExaminer;
use crate::pipeline::examiner::{ExamineError, KeptPicture};
use crate::pipeline::faces::{comparable, defects_of, face_box, face_finding};
use crate::pipeline::pictures;
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
    /// None where none were asked for.
    pub(super) pictures: Vec<KeptPicture>,
}

/// What a closer look at a frame's subject gives.
pub(super) struct Closer {
    pub(super) face: FaceFinding,
    pub(super) defects: Vec<Defect>,
    /// None where nothing follows from it: the document cannot be read.
    pub(super) embedding: Option<Embedding>,
    /// 0–100, where a pack tells it.
    pub(super) liveness: Option<f64>,
}

/// What goes on while a timeline is made.
pub(super) struct Course<'scope, 'a> {
    pub(super) document: &'scope Document,
    /// Whether faces are asked if they look live.
    pub(super) liveness: bool,
    /// Whether pictures are made of every frame.
    pub(super) pictures: bool,
    /// Where the networks run.
    pub(super) pool: &'a ThreadPool,
    /// Whose end waits for every closer look.
    pub(super) scope: &'a Scope<'scope>,
    /// Told after every window how many are done.
    pub(super) progress: &'a mut dyn FnMut(usize),
}

/// What a row is waited for with.
type Look = (Option<Closer>, Vec<KeptPicture>);

/// Rows whose closer looks are still under way.
pub(super) struct Started {
    rows: Vec<Row>,
    looks: Receiver<(usize, Result<Look, VisionError>)>,
    looking: Duration,
}

impl Started {
    /// For how long windows were looked at, without the time that waited for them.
    pub(super) fn looking(&self) -> Duration {
        self.looking
    }

    /// The rows, once every closer look has come to its end.
    pub(super) fn finish(mut self) -> Result<Vec<Row>, VisionError> {
        for (index, look) in self.looks.try_iter() {
            if let Some(row) = self.rows.get_mut(index) {
                (row.closer, row.pictures) = look?;
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
            pictures,
            pool,
            scope,
            progress,
        }: Course<'scope, '_>,
    ) -> Result<Started, VisionError> {
        let (done, looks) = mpsc::channel();
        let mut rows = Vec::new();
        let mut last_face = None;
        let mut looking = Duration::ZERO;
        for (count, window) in windows.into_iter().enumerate() {
            if matches!(document.get(), Some(Err(_))) {
                break;
            }
            let began = Instant::now();
            let sight = pool.install(|| self.look_at_window(window, last_face))?;
            looking += began.elapsed();
            progress(count + 1);
            let Some(Sight { row, picture, face }) = sight else {
                continue;
            };
            if let Some(face) = &face {
                last_face = Some(face_box(face));
            }
            if face.is_some() || pictures {
                let (index, done) = (rows.len(), done.clone());
                let order = FrameOrder {
                    index,
                    comparable: row.comparable,
                    liveness,
                    pictures,
                };
                scope.spawn(move |_| {
                    let look = self.look_closer(&picture, face.as_ref(), document, order);
                    // Nobody listens any more where another look has failed.
                    let _ = done.send((index, look));
                });
            }
            rows.push(row);
        }
        Ok(Started {
            rows,
            looks,
            looking,
        })
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
                pictures: Vec::new(),
            };
            let Some(chosen) = subject::frame_subject(&faces, size.0, size.1) else {
                first_without.get_or_insert(Sight {
                    row,
                    picture,
                    face: None,
                });
                continue;
            };
            let face = faces[chosen].clone();
            row.faces = faces.len() as u32;
            row.comparable = comparable(&face, &faces);
            return Ok(Some(Sight {
                row,
                picture,
                face: Some(face),
            }));
        }
        Ok(first_without)
    }

    /// What is seen of the face, and the pictures, each beside the other.
    fn look_closer(
        &self,
        picture: &Picture,
        face: Option<&Face>,
        document: &Document,
        order: FrameOrder,
    ) -> Result<Look, VisionError> {
        let (closer, pictures) = rayon::join(
            || face.map(|face| self.look_at_face(picture, face, document, order)),
            || {
                if order.pictures {
                    pictures::of_frame(order.index as u32, picture, face)
                } else {
                    Ok(Vec::new())
                }
            },
        );
        Ok((closer.transpose()?, pictures?))
    }

    fn look_at_face(
        &self,
        picture: &Picture,
        face: &Face,
        document: &Document,
        order: FrameOrder,
    ) -> Result<Closer, VisionError> {
        // Without a face on the document the frames are still compared with each other.
        let nothing_follows = matches!(document.get(), Some(Err(_)));
        let embedding = if nothing_follows {
            None
        } else {
            Some(self.networks.embedder.embed(picture, face)?)
        };
        let live = if order.liveness {
            self.liveness(picture, face)?
        } else {
            None
        };
        let size = (picture.width(), picture.height());
        let finding = face_finding(picture, face, Some(self.networks.mask.worn(picture, face)?));
        let about = (face, order.comparable);
        Ok(Closer {
            face: finding,
            defects: defects_of(&finding, about, size, &Bounds::FRAME),
            embedding,
            liveness: live.map(|live| live * 100.0),
        })
    }
}

/// A frame, and its subject if it has one.
struct Sight {
    row: Row,
    picture: Picture,
    face: Option<Face>,
}

/// How a frame is to be looked at closer.
#[derive(Clone, Copy)]
struct FrameOrder {
    /// The row's place in the timeline.
    index: usize,
    /// Faces beside which the subject stands, itself among them.
    comparable: usize,
    liveness: bool,
    pictures: bool,
}

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
