//! Examines with the real instruments: samples the video, finds the faces, compares them with the document's.

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use crate::media::error::MediaError;
use crate::media::limits::MediaLimits;
use crate::media::sampling::{self, SampleOrder, SamplingReport};
use crate::pipeline::aggregate;
use crate::pipeline::capture;
use crate::pipeline::cores::{Cores, Share};
use crate::pipeline::document::DocumentSeen;
use crate::pipeline::examiner::{
    ExaminationInput, ExamineError, Examined, Examiner, LookOrder, Looked, Thumbnail,
};
use crate::pipeline::timeline::{Course, Document, Row, Started};
use crate::session::defect::Defect;
use crate::session::examination::{Examination, FrameFinding, VideoFinding};
use crate::vision::detector::{Detector, Face};
use crate::vision::embedder::Embedder;
use crate::vision::error::VisionError;
use crate::vision::geometry::{BoundingBox, Point};
use crate::vision::mask::MaskClassifier;
use crate::vision::picture::{Picture, PictureLimits};

/// Windows that the decoder may be ahead of who looks at them, beside the one that it is making.
const AHEAD: usize = 1;

/// The networks that an examination asks.
#[derive(Debug)]
pub struct Networks {
    pub detector: Detector,
    pub embedder: Embedder,
    pub mask: MaskClassifier,
}

/// The networks and the limits they work within.
pub struct FaceExaminer {
    pub(super) detector: Detector,
    pub(super) embedder: Embedder,
    pub(super) mask: MaskClassifier,
    pub(super) picture_limits: PictureLimits,
    media_limits: MediaLimits,
    cores: Cores,
}

impl std::fmt::Debug for FaceExaminer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FaceExaminer({})", self.embedder.pack())
    }
}

impl FaceExaminer {
    pub fn new(
        networks: Networks,
        picture_limits: PictureLimits,
        media_limits: MediaLimits,
    ) -> Self {
        let Networks {
            detector,
            embedder,
            mask,
        } = networks;
        Self {
            detector,
            embedder,
            mask,
            picture_limits,
            media_limits,
            cores: Cores::default(),
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
        self.mask.worn(&blank, &face)?;
        Ok(())
    }
}

impl Examiner for FaceExaminer {
    fn look(&self, order: LookOrder<'_>) -> Result<Looked, ExamineError> {
        let share = self.cores.share();
        let pool = share.pool().map_err(ExamineError::Threads)?;
        pool.install(|| self.look_at_picture(order))
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
        let share = self.cores.share();
        let document = Document::new();
        let (report, rows) = self.watch(input, &share, &document, &mut |done| {
            progress(done, input.frames);
        })?;
        let document = match document.into_inner() {
            Some(seen) => seen?,
            None => self.look_at_document(input)?,
        };
        let report = report.map_err(ExamineError::Video)?;
        let rows = rows.map_err(ExamineError::Vision)?;
        Ok(self.conclude(input, document, rows, report, started))
    }
}

impl FaceExaminer {
    /// Decodes on one thread, finds faces and compares them on those of the share, all at once; the
    /// document comes first. What each found or broke on stands for itself, so that which of two
    /// faults is told does not depend on which was faster.
    fn watch(
        &self,
        input: ExaminationInput<'_>,
        share: &Share<'_>,
        document: &Document,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Watched, ExamineError> {
        let pool = share.pool().map_err(ExamineError::Threads)?;
        let order = SampleOrder {
            windows: input.frames,
            threads: share.threads,
        };
        let (deliver, windows) = mpsc::sync_channel(AHEAD);
        Ok(thread::scope(|threads| {
            let sampling =
                threads.spawn(move || {
                    sampling::sample(input.video, &self.media_limits, order, &mut |window| {
                        match deliver.send(window) {
                            Ok(()) => ControlFlow::Continue(()),
                            Err(_) => ControlFlow::Break(()),
                        }
                    })
                });
            let started = pool.in_place_scope(|scope| {
                scope.spawn(|_| {
                    let _ = document.set(self.look_at_document(input));
                });
                let course = Course {
                    document,
                    pool: &pool,
                    scope,
                    progress,
                };
                self.look_at_windows(windows, course)
            });
            let report = sampling.join().unwrap_or_else(|panic| resume_unwind(panic));
            (report, started.and_then(Started::finish))
        }))
    }

    fn conclude(
        &self,
        input: ExaminationInput<'_>,
        (document, embedding): DocumentSeen,
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
            let seen = row
                .closer
                .as_ref()
                .and_then(|closer| closer.embedding.as_ref());
            let pair = embedding.as_ref().zip(seen);
            let similarity = pair.map(|(document, seen)| document.similarity(seen));
            frames.push(FrameFinding {
                index,
                time_ms: row.time_ms,
                faces: row.faces,
                face: row.closer.as_ref().map(|closer| closer.face),
                similarity,
                percentage: similarity.map(|similarity| self.embedder.percentage(similarity)),
                defects: row
                    .closer
                    .as_ref()
                    .map_or_else(|| vec![Defect::NoFace], |closer| closer.defects.clone()),
            });
            thumbnails.extend(row.closer.map(|closer| Thumbnail {
                frame: index,
                jpeg: closer.thumbnail,
            }));
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

/// What came of the decoding, and of the looking.
type Watched = (
    Result<SamplingReport, MediaError>,
    Result<Vec<Row>, VisionError>,
);
