//! Examines with the real instruments: samples the video, finds the faces, compares them with the document's.

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::media::error::MediaError;
use crate::media::limits::MediaLimits;
use crate::media::sampling::{SampleOrder, SamplingReport};
use crate::pipeline::conclude::Evidence;
use crate::pipeline::cores::{Cores, Share};
use crate::pipeline::document::DocumentSeen;
use crate::pipeline::examiner::{
    ExaminationInput, ExamineError, Examined, Examiner, LookOrder, Looked, Spent,
};
use crate::pipeline::timeline::{Course, Document, Row, Started};
use crate::pipeline::watching::Watching;
use crate::sandbox::decoding::Decoding;
use crate::vision::detector::{Detector, Face};
use crate::vision::embedder::Embedder;
use crate::vision::error::VisionError;
use crate::vision::geometry::{BoundingBox, Point};
use crate::vision::landmarks::{Landmarker, MeshCrop};
use crate::vision::liveness::PassiveLiveness;
use crate::vision::mask::MaskClassifier;
use crate::vision::picture::{Picture, PictureLimits};

/// Windows that the decoder may be ahead of who looks at them, beside the one that it is making.
const AHEAD: usize = 1;

/// The networks that look; some a service can do without.
pub struct Networks {
    pub detector: Detector,
    pub embedder: Embedder,
    /// Tells whether a face is live.
    pub passive: Option<PassiveLiveness>,
    /// Places the points of a face.
    pub landmarker: Option<Landmarker>,
    /// Tells whether it wears a mask.
    pub mask: MaskClassifier,
}

/// The networks and the limits they work within.
pub struct FaceExaminer {
    pub(super) networks: Networks,
    pub(super) picture_limits: PictureLimits,
    pub(super) media_limits: MediaLimits,
    pub(super) decoding: Decoding,
    cores: Cores,
}

impl std::fmt::Debug for FaceExaminer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FaceExaminer({})", self.networks.embedder.pack())
    }
}

impl FaceExaminer {
    pub fn new(
        networks: Networks,
        picture_limits: PictureLimits,
        media_limits: MediaLimits,
        decoding: Decoding,
    ) -> Self {
        Self {
            networks,
            picture_limits,
            media_limits,
            decoding,
            cores: Cores::default(),
        }
    }

    /// Runs every network once on a blank picture, so that the first caller does not wait for it.
    pub fn warm_up(&self) -> Result<(), VisionError> {
        let blank = Picture::from_rgb(160, 160, vec![127; 160 * 160 * 3])?;
        let Networks {
            detector,
            embedder,
            passive,
            landmarker,
            mask,
        } = &self.networks;
        detector.detect(&blank, 40.0)?;
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
        embedder.embed(&blank, &face)?;
        if let Some(passive) = passive {
            passive.score(&blank, &face)?;
        }
        if let Some(landmarker) = landmarker {
            landmarker.find(&blank, &MeshCrop::of_face(&face))?;
        }
        mask.worn(&blank, &face)?;
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
        self.networks.embedder.percentage(similarity)
    }

    fn examine(
        &self,
        input: ExaminationInput<'_>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Examined, ExamineError> {
        let document = Document::new();
        self.examine_beside(document, input, progress)
    }
}

impl FaceExaminer {
    /// A video by itself, as if beside a document that shows nobody.
    pub fn examine_video(&self, video: &Path, frames: usize) -> Result<Examined, ExamineError> {
        let document = Document::new();
        let _ = document.set(Ok(DocumentSeen::nobody()));
        let input = ExaminationInput {
            document: Path::new(""),
            video,
            frames,
            liveness: true,
            challenge: None,
            pictures: false,
        };
        self.examine_beside(document, input, &mut |_, _| {})
    }

    /// The document is looked at where that was not done yet.
    fn examine_beside(
        &self,
        document: Document,
        input: ExaminationInput<'_>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Examined, ExamineError> {
        let started = Instant::now();
        let share = self.cores.share();
        let seen = self.watch(input, &share, &document, &mut |done| {
            progress(done, input.frames);
        })?;
        let document = match document.into_inner() {
            Some(seen) => seen?,
            None => self.look_at_document(input)?,
        };
        let report = seen.report.map_err(ExamineError::Video)?;
        let rows = seen.rows.map_err(ExamineError::Vision)?;
        // Sampling is broken off for a fault alone, which was told by now.
        let report = report.ok_or(ExamineError::Video(MediaError::NoFrames))?;
        Ok(self.conclude(Evidence {
            frames_asked: input.frames,
            challenge: input.challenge,
            document,
            report,
            rows,
            watching: seen.watching?,
            started,
            spent: seen.spent,
        }))
    }

    /// Decodes on one thread, finds faces and compares them on those of the share, all at once; the
    /// document comes first. What each found or broke on stands for itself, so that which of two
    /// faults is told does not depend on which was faster.
    fn watch(
        &self,
        input: ExaminationInput<'_>,
        share: &Share<'_>,
        document: &Document,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Seen, ExamineError> {
        let pools = (
            share.pool().map_err(ExamineError::Threads)?,
            Share::one().map_err(ExamineError::Threads)?,
        );
        let (pool, aside) = (&pools.0, &pools.1);
        let order = SampleOrder {
            windows: input.frames,
            threads: share.threads,
        };
        let (deliver, windows) = mpsc::sync_channel(AHEAD);
        Ok(thread::scope(|threads| {
            let sampling = threads.spawn(move || {
                let (began, mut waited) = (Instant::now(), Duration::ZERO);
                let mut on_window = |window| {
                    let full = Instant::now();
                    let delivered = deliver.send(window);
                    waited += full.elapsed();
                    match delivered {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(_) => ControlFlow::Break(()),
                    }
                };
                let limits = &self.media_limits;
                let report = self
                    .decoding
                    .sample(input.video, limits, order, &mut on_window);
                (report, began.elapsed().saturating_sub(waited))
            });
            let watching = threads.spawn(move || {
                if input.liveness {
                    aside.install(|| self.watch_motion(input.video, document))
                } else {
                    Ok(None)
                }
            });
            let started = pool.in_place_scope(|scope| {
                if document.get().is_none() {
                    scope.spawn(|_| {
                        let _ = document.set(self.look_at_document(input));
                    });
                }
                let course = Course {
                    document,
                    liveness: input.liveness,
                    pictures: input.pictures,
                    pool,
                    scope,
                    progress,
                };
                self.look_at_windows(windows, course)
            });
            let (report, decoding) = sampling.join().unwrap_or_else(|panic| resume_unwind(panic));
            let looking = started.as_ref().map_or(Duration::ZERO, Started::looking);
            Seen {
                report,
                spent: Spent {
                    decode_seconds: decoding.as_secs_f64(),
                    look_seconds: looking.as_secs_f64(),
                },
                rows: started.and_then(Started::finish),
                watching: watching.join().unwrap_or_else(|panic| resume_unwind(panic)),
            }
        }))
    }
}

/// What came of the decoding, of the looking and of the watching.
struct Seen {
    /// Nothing where the looking broke it off.
    report: Result<Option<SamplingReport>, MediaError>,
    spent: Spent,
    rows: Result<Vec<Row>, VisionError>,
    watching: Result<Option<Watching>, ExamineError>,
}
