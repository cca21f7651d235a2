//! Examines with the real instruments: samples the video, finds the faces, compares them with the document's.

use std::ops::ControlFlow;
use std::time::Instant;

use crate::media::frame::Frame;
use crate::media::limits::MediaLimits;
use crate::media::sampling::{self, SamplingReport, Window};
use crate::pipeline::aggregate;
use crate::pipeline::capture;
use crate::pipeline::examiner::{
    ExaminationInput, ExamineError, Examined, Examiner, LookOrder, Looked, Thumbnail,
};
use crate::session::examination::{
    CaptureCode, DocumentFinding, Examination, FaceBox, FaceFinding, FrameFinding, HeadPose,
    VideoFinding,
};
use crate::vision::detector::{Detector, Face};
use crate::vision::embedder::{Embedder, Embedding};
use crate::vision::error::VisionError;
use crate::vision::geometry::{BoundingBox, Point};
use crate::vision::picture::{Picture, PictureLimits};
use crate::vision::quality;
use crate::vision::subject;

/// The longer side of a timeline's pictures, in pixels, and their JPEG quality: enough for an
/// officer's list, little to keep.
const THUMBNAIL_SIDE: u32 = 160;
const THUMBNAIL_QUALITY: u8 = 80;
const THUMBNAIL_MARGIN: f32 = 0.3;

/// The networks and the limits they work within.
pub struct FaceExaminer {
    pub(super) detector: Detector,
    pub(super) embedder: Embedder,
    pub(super) picture_limits: PictureLimits,
    media_limits: MediaLimits,
}

impl std::fmt::Debug for FaceExaminer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FaceExaminer({})", self.embedder.pack())
    }
}

impl FaceExaminer {
    pub fn new(
        detector: Detector,
        embedder: Embedder,
        picture_limits: PictureLimits,
        media_limits: MediaLimits,
    ) -> Self {
        Self {
            detector,
            embedder,
            picture_limits,
            media_limits,
        }
    }

    /// Runs every network once on a blank picture, so that the first caller does not wait for it.
    pub fn warm_up(&self) -> Result<(), VisionError> {
        let blank = Picture::from_rgb(160, 160, vec![127; 160 * 160 * 3])?;
        self.detector.detect(&blank, 40.0)?;
        let point = |x: f32, y: f32| Point { x, y };
        let face = Face {
            bounds: BoundingBox {
                left: 40.0,
                top: 40.0,
                right: 120.0,
                bottom: 120.0,
            },
            confidence: 1.0,
            landmarks: [
                point(60.0, 65.0),
                point(100.0, 65.0),
                point(80.0, 85.0),
                point(65.0, 105.0),
                point(95.0, 105.0),
            ],
        };
        self.embedder.embed(&blank, &face)?;
        Ok(())
    }

    fn look_at_document(
        &self,
        input: ExaminationInput<'_>,
    ) -> Result<(DocumentFinding, Option<Embedding>), ExamineError> {
        let picture =
            Picture::open(input.document, &self.picture_limits).map_err(ExamineError::Document)?;
        let found =
            subject::document_subject(&self.detector, &picture).map_err(ExamineError::Vision)?;
        let Some(found) = found else {
            let finding = DocumentFinding {
                code: CaptureCode::NoUsableFace,
                width: picture.width(),
                height: picture.height(),
                quarter_turns: 0,
                faces: 0,
                face: None,
            };
            return Ok((finding, None));
        };
        let size = (found.upright.width(), found.upright.height());
        let finding = DocumentFinding {
            code: capture::document_code(
                Some(face_box(&found.face)),
                comparable(&found.face, &found.all),
                size,
            ),
            width: size.0,
            height: size.1,
            quarter_turns: found.quarter_turns,
            faces: found.all.len() as u32,
            face: Some(face_finding(&found.upright, &found.face)),
        };
        let embedding = self
            .embedder
            .embed(&found.upright, &found.face)
            .map_err(ExamineError::Vision)?;
        Ok((finding, Some(embedding)))
    }

    /// Looks at a window's candidates from the sharpest on until one holds a usable face. Sharp is
    /// what is sharp where the last face was: a sharp background says nothing of the person.
    fn look_at_window(
        &self,
        window: Window,
        document: Option<&Embedding>,
        last_face: Option<FaceBox>,
    ) -> Result<Option<Row>, VisionError> {
        let mut candidates = pictures(window.candidates, last_face)?;
        candidates.sort_by(|a, b| b.sharpness.total_cmp(&a.sharpness));
        let mut first_without = None;
        for candidate in candidates {
            let faces = self.detector.detect(
                &candidate.picture,
                subject::min_face_for(&candidate.picture),
            )?;
            let (width, height) = (candidate.picture.width(), candidate.picture.height());
            let Some(chosen) = subject::frame_subject(&faces, width, height) else {
                first_without.get_or_insert(Row::without_face(candidate.time_ms, (width, height)));
                continue;
            };
            return self
                .row(&candidate, &faces, &faces[chosen], document)
                .map(Some);
        }
        Ok(first_without)
    }

    fn row(
        &self,
        candidate: &Candidate,
        faces: &[Face],
        face: &Face,
        document: Option<&Embedding>,
    ) -> Result<Row, VisionError> {
        let picture = &candidate.picture;
        let similarity = document
            .map(|document| {
                let embedding = self.embedder.embed(picture, face)?;
                Ok::<_, VisionError>(document.similarity(&embedding))
            })
            .transpose()?;
        let thumbnail = thumbnail(picture, face)?;
        Ok(Row {
            time_ms: candidate.time_ms,
            size: (picture.width(), picture.height()),
            faces: faces.len() as u32,
            comparable: comparable(face, faces),
            face: Some(face_finding(picture, face)),
            similarity,
            percentage: similarity.map(|similarity| self.embedder.percentage(similarity)),
            thumbnail: Some(thumbnail),
        })
    }
}

impl Examiner for FaceExaminer {
    fn look(&self, order: LookOrder<'_>) -> Result<Looked, ExamineError> {
        self.look_at_picture(order)
    }

    fn percentage(&self, similarity: f32) -> f64 {
        self.embedder.percentage(similarity)
    }

    fn examine(
        &self,
        input: ExaminationInput<'_>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Examined, ExamineError> {
        let started = Instant::now();
        let (document, embedding) = self.look_at_document(input)?;
        let mut rows: Vec<Row> = Vec::with_capacity(input.frames);
        let mut failure = None;
        let mut looked_at = 0;
        let report = sampling::sample(
            input.video,
            &self.media_limits,
            input.frames,
            &mut |window| {
                let last_face = rows
                    .iter()
                    .rev()
                    .find_map(|row| row.face.map(|face| face.face_box));
                match self.look_at_window(window, embedding.as_ref(), last_face) {
                    Ok(row) => rows.extend(row),
                    Err(error) => {
                        failure = Some(error);
                        return ControlFlow::Break(());
                    }
                }
                looked_at += 1;
                progress(looked_at, input.frames);
                ControlFlow::Continue(())
            },
        )
        .map_err(ExamineError::Video)?;
        if let Some(error) = failure {
            return Err(ExamineError::Vision(error));
        }
        Ok(self.conclude(input, document, rows, report, started))
    }
}

impl FaceExaminer {
    fn conclude(
        &self,
        input: ExaminationInput<'_>,
        document: DocumentFinding,
        rows: Vec<Row>,
        report: SamplingReport,
        started: Instant,
    ) -> Examined {
        let comparable: Vec<usize> = rows.iter().map(|row| row.comparable).collect();
        let size = rows
            .first()
            .map_or((report.facts.width, report.facts.height), |row| row.size);
        let mut thumbnails = Vec::new();
        let mut frames = Vec::with_capacity(rows.len());
        for (index, row) in rows.into_iter().enumerate() {
            let index = index as u32;
            thumbnails.extend(row.thumbnail.map(|jpeg| Thumbnail { frame: index, jpeg }));
            frames.push(FrameFinding {
                index,
                time_ms: row.time_ms,
                faces: row.faces,
                face: row.face,
                similarity: row.similarity,
                percentage: row.percentage,
            });
        }
        let signals = aggregate::signals(&document, &frames, &comparable, input.frames);
        let video = VideoFinding {
            code: capture::video_code(&frames, &comparable, size),
            container: report.facts.container,
            codec: report.facts.codec,
            width: report.facts.width,
            height: report.facts.height,
            duration_ms: report.facts.duration_ms,
            truncated: report.truncated,
            decoded_frames: report.decoded_frames,
        };
        Examined {
            examination: Examination {
                pack: self.embedder.pack().to_owned(),
                document,
                video,
                frames,
                took_ms: started.elapsed().as_millis() as u64,
            },
            signals,
            thumbnails,
        }
    }
}

/// One sampled frame on its way into the timeline.
struct Row {
    time_ms: u64,
    size: (u32, u32),
    faces: u32,
    comparable: usize,
    face: Option<FaceFinding>,
    similarity: Option<f32>,
    percentage: Option<f64>,
    thumbnail: Option<Vec<u8>>,
}

impl Row {
    fn without_face(time_ms: u64, size: (u32, u32)) -> Self {
        Self {
            time_ms,
            size,
            faces: 0,
            comparable: 0,
            face: None,
            similarity: None,
            percentage: None,
            thumbnail: None,
        }
    }
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

/// A face with a little around it, small.
pub(super) fn thumbnail(picture: &Picture, face: &Face) -> Result<Vec<u8>, VisionError> {
    picture
        .crop(&face.bounds, THUMBNAIL_MARGIN)
        .scaled_to_fit(THUMBNAIL_SIDE)
        .to_jpeg(THUMBNAIL_QUALITY)
}

/// The faces beside which the subject stands, itself among them: a doubtful one is nobody.
pub(super) fn comparable(face: &Face, all: &[Face]) -> usize {
    let people = all
        .iter()
        .filter(|face| face.confidence >= subject::SURE.min(face.confidence));
    capture::comparable_faces(
        face.bounds.height(),
        people.map(|face| face.bounds.height()),
    )
}

pub(super) fn face_box(face: &Face) -> FaceBox {
    FaceBox {
        left: face.bounds.left,
        top: face.bounds.top,
        width: face.bounds.width(),
        height: face.bounds.height(),
    }
}

pub(super) fn face_finding(picture: &Picture, face: &Face) -> FaceFinding {
    let pose = quality::pose(face);
    FaceFinding {
        face_box: face_box(face),
        confidence: face.confidence,
        sharpness: quality::sharpness(picture, face),
        brightness: quality::brightness(picture, face),
        pose: HeadPose {
            yaw: pose.yaw,
            pitch: pose.pitch,
            roll: pose.roll,
        },
    }
}
