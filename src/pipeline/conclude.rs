//! Draws everything together that was found of a document and a video: one examination, and its signals.

use std::time::Instant;

use crate::media::sampling::SamplingReport;
use crate::pipeline::aggregate::{self, Found};
use crate::pipeline::capture;
use crate::pipeline::document::DocumentSeen;
use crate::pipeline::examine::FaceExaminer;
use crate::pipeline::examiner::{Examined, KeptPicture, Spent};
use crate::pipeline::liveness::glimpse::Glimpse;
use crate::pipeline::liveness::motion::Motion;
use crate::pipeline::liveness::whose::Sampled;
use crate::pipeline::liveness::{challenge, one_person, whose};
use crate::pipeline::timeline::Row;
use crate::pipeline::watching::Watching;
use crate::session::challenge::{ChallengeOrder, StepFinding};
use crate::session::defect::Defect;
use crate::session::examination::{Examination, FrameFinding, VideoFinding, Watched};
use crate::vision::embedder::Embedding;

/// What was found, each part by itself.
pub(super) struct Evidence<'a> {
    pub(super) frames_asked: usize,
    pub(super) challenge: Option<&'a ChallengeOrder>,
    pub(super) document: DocumentSeen,
    pub(super) rows: Vec<Row>,
    pub(super) report: SamplingReport,
    /// None where nothing could watch.
    pub(super) watching: Option<Watching>,
    pub(super) started: Instant,
    pub(super) spent: Spent,
}

impl FaceExaminer {
    pub(super) fn conclude(&self, evidence: Evidence<'_>) -> Examined {
        let Evidence {
            frames_asked,
            challenge,
            document:
                DocumentSeen {
                    finding: document,
                    embedding,
                    mut pictures,
                },
            rows,
            report,
            watching,
            started,
            spent,
        } = evidence;
        let (mut glimpses, watched) = watching.map_or_else(Default::default, |watching| {
            (watching.glimpses, Some(watching.watched))
        });
        whose::keep_to(&sampled(&rows), &mut glimpses);
        let comparable: Vec<usize> = rows.iter().map(|row| row.comparable).collect();
        let size = rows
            .first()
            .map_or((report.facts.width, report.facts.height), |row| row.size);
        let same_person = self.one_person(&rows);
        let (frames, of_frames) = self.timeline(rows, embedding.as_ref());
        pictures.extend(of_frames);
        let steps = challenge.map_or_else(Vec::new, |order| met(order, &glimpses));
        let signals = aggregate::signals(Found {
            document: &document,
            frames: &frames,
            comparable: &comparable,
            frames_asked,
            motion: motion(&glimpses, watched),
            challenge: challenge::percent(&steps),
            same_person,
        });
        let video = VideoFinding {
            code: capture::video_code(&frames, &comparable, size),
            container: report.facts.container,
            codec: report.facts.codec,
            width: report.facts.width,
            height: report.facts.height,
            duration_ms: report.facts.duration_ms,
            truncated: report.truncated,
            decoded_frames: report.decoded_frames,
            upright: Some(size),
            watched,
        };
        Examined {
            examination: Examination {
                pack: self.networks.embedder.pack().to_owned(),
                document,
                video,
                frames,
                steps,
                took_ms: started.elapsed().as_millis() as u64,
            },
            signals,
            pictures,
            spent,
        }
    }

    /// The rows with what they are to the document's face.
    fn timeline(
        &self,
        rows: Vec<Row>,
        document: Option<&Embedding>,
    ) -> (Vec<FrameFinding>, Vec<KeptPicture>) {
        let mut pictures = Vec::new();
        let mut frames = Vec::with_capacity(rows.len());
        for (index, row) in rows.into_iter().enumerate() {
            let index = index as u32;
            let closer = row.closer.as_ref();
            let seen = closer.and_then(|closer| closer.embedding.as_ref());
            let similarity = document.zip(seen).map(|(one, other)| one.similarity(other));
            frames.push(FrameFinding {
                index,
                time_ms: row.time_ms,
                faces: row.faces,
                face: closer.map(|closer| closer.face),
                similarity,
                percentage: similarity
                    .map(|similarity| self.networks.embedder.percentage(similarity)),
                liveness: closer.and_then(|closer| closer.liveness),
                defects: closer
                    .map_or_else(|| vec![Defect::NoFace], |closer| closer.defects.clone()),
            });
            pictures.extend(row.pictures);
        }
        (frames, pictures)
    }

    fn one_person(&self, rows: &[Row]) -> Option<f64> {
        let faces: Vec<&Embedding> = rows
            .iter()
            .filter_map(|row| row.closer.as_ref()?.embedding.as_ref())
            .collect();
        one_person::share(&faces, |similarity| {
            self.networks.embedder.percentage(similarity)
        })
    }
}

fn motion(glimpses: &[Glimpse], watched: Option<Watched>) -> Motion {
    match Motion::of(glimpses) {
        part if watched.is_some_and(|watched| watched.cut_short) => part.of_a_part(),
        whole => whole,
    }
}

/// Where the rows' faces are.
fn sampled(rows: &[Row]) -> Vec<Sampled> {
    let place = |row: &Row| {
        let at = row.closer.as_ref()?.face.face_box;
        let (width, height) = (row.size.0 as f32, row.size.1 as f32);
        Some(Sampled {
            time_ms: row.time_ms,
            bounds: [
                at.left / width,
                at.top / height,
                (at.left + at.width) / width,
                (at.top + at.height) / height,
            ],
        })
    };
    rows.iter().filter_map(place).collect()
}

/// A video that came too early or too late shows no step, whatever is in it.
fn met(order: &ChallengeOrder, glimpses: &[Glimpse]) -> Vec<StepFinding> {
    if order.in_time {
        challenge::follow(&order.steps, glimpses)
    } else {
        challenge::unmet(&order.steps)
    }
}
