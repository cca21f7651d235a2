//! What an examination found, as the native API writes it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::scoring::signals::Signals;
use crate::session::defect::Defect;
use crate::session::examination::{
    CaptureCode, Examination, ExaminationRecord, FaceFinding, FrameFinding, Watched,
};

/// What an examination found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::ResultBody)]
pub struct ResultBody {
    /// The pack whose embeddings were compared.
    pub pack: String,
    /// Mean of the percentages, 0–100.
    pub score: f64,
    pub document: DocumentBody,
    pub video: VideoBody,
    /// One row a sampled frame, in the order of time.
    pub timeline: Vec<FrameBody>,
    /// Whether a pack looked at single frames for liveness; `signals` says more.
    pub liveness_examined: bool,
    /// What was drawn from the whole video, as rules read it (docs/rules.md).
    pub signals: SignalsBody,
    /// What became of the challenge; null where none was drawn.
    pub challenge: Option<MetChallengeBody>,
    pub took_ms: u64,
}

/// The document photo, turned upright.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::DocumentBody)]
pub struct DocumentBody {
    /// `ok`, `no_usable_face`, `several_faces` or `not_centred`.
    pub code: &'static str,
    pub width: u32,
    pub height: u32,
    /// Quarter turns clockwise that put the face upright.
    pub quarter_turns: u8,
    pub faces: u32,
    pub face: Option<FaceBody>,
    /// What is wrong with it: codes of the closed list of `/v1/defects`.
    pub defects: Vec<&'static str>,
}

/// The video as it was read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::VideoBody)]
pub struct VideoBody {
    pub code: &'static str,
    pub container: String,
    pub codec: String,
    pub width: u32,
    pub height: u32,
    pub duration_ms: Option<u64>,
    /// The stream broke off; what decoded was used.
    pub truncated: bool,
    /// How much of it was watched for what moves in it; null where nothing could.
    pub watched: Option<WatchedBody>,
}

/// The part of the video that was watched.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::WatchedBody)]
pub struct WatchedBody {
    /// Pictures that were looked at, at most 15 a second.
    pub frames: u64,
    pub until_ms: u64,
    /// The video goes on after that.
    pub cut_short: bool,
}

impl From<Watched> for WatchedBody {
    fn from(watched: Watched) -> Self {
        Self {
            frames: watched.frames,
            until_ms: watched.until_ms,
            cut_short: watched.cut_short,
        }
    }
}

/// Signals of liveness and of a mask. Each is null where nothing could measure it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::SignalsBody)]
pub struct SignalsBody {
    /// Single frames look live, 0–100: the median.
    pub liveness: Option<f64>,
    pub blink_count: Option<f64>,
    /// The face moves as a head and not as a plane, 0–100.
    pub head_relief: Option<f64>,
    /// The mouth speaks or smiles, 0–100.
    pub expression: Option<f64>,
    /// How much the face moves about, percent of the distance between the eyes.
    pub sway: Option<f64>,
    /// Pictures that were not shown before in the video, percent.
    pub fresh_frames: Option<f64>,
    /// The video has no cut, 0–100.
    pub unbroken: Option<f64>,
    /// No bands of a filmed screen, 0–100.
    pub screen_free: Option<f64>,
    /// A heart beat in the skin's colour, 0–100; a weak hint.
    pub pulse: Option<f64>,
    /// Frames with the same person, percent.
    pub same_person: Option<f64>,
    /// Steps of the challenge that were met, percent.
    pub challenge: Option<f64>,
    /// A mask is worn, 0–100: the median.
    pub mask: Option<f64>,
}

impl From<&Signals> for SignalsBody {
    fn from(signals: &Signals) -> Self {
        Self {
            liveness: signals.liveness,
            blink_count: signals.blink_count,
            head_relief: signals.head_relief,
            expression: signals.expression,
            sway: signals.sway,
            fresh_frames: signals.fresh_frames,
            unbroken: signals.unbroken,
            screen_free: signals.screen_free,
            pulse: signals.pulse,
            same_person: signals.same_person,
            challenge: signals.challenge,
            mask: signals.mask,
        }
    }
}

/// A challenge and what the video shows of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::MetChallengeBody)]
pub struct MetChallengeBody {
    pub id: String,
    /// False where the video was received before the drawing or after the end, or where an earlier examination has used
    /// the challenge up: then no step counts.
    pub in_time: bool,
    pub steps: Vec<MetStepBody>,
}

/// One step and whether the video shows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::MetStepBody)]
pub struct MetStepBody {
    pub action: &'static str,
    pub met: bool,
    /// When in the video it begins.
    pub at_ms: Option<u64>,
}

fn challenge(report: &Examination, record: &ExaminationRecord) -> Option<MetChallengeBody> {
    let order = record.order.challenge.as_ref()?;
    let steps = report.steps.iter().map(|step| MetStepBody {
        action: step.action.name(),
        met: step.met,
        at_ms: step.at_ms,
    });
    Some(MetChallengeBody {
        id: order.id.to_string(),
        in_time: order.in_time,
        steps: steps.collect(),
    })
}

/// The face that was judged.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::FaceBody)]
pub struct FaceBody {
    /// Pixels in the upright picture.
    #[serde(rename = "box")]
    pub bounds: BoxBody,
    /// The detector's, 0–1.
    pub confidence: f32,
    /// Variance of the Laplacian; higher is sharper.
    pub sharpness: f32,
    /// Mean grey level, 0–255.
    pub brightness: f32,
    /// By how much one half is brighter than the other, relative to the mean of both, 0–2; null in
    /// examinations of older versions.
    pub unevenness: Option<f32>,
    pub pose: PoseBody,
    /// How sure it is that a mask is worn, 0–1, from 0.5 on; null where it was not asked.
    pub mask: Option<f64>,
    /// Pixels in the upright picture; null in examinations of older versions.
    pub landmarks: Option<LandmarksBody>,
}

/// A box in pixels.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::BoxBody)]
pub struct BoxBody {
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
}

/// Degrees.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::PoseBody)]
pub struct PoseBody {
    pub yaw: f32,
    pub pitch: f32,
    pub roll: f32,
}

/// Places in pixels, from the left and from the top. Left and right are as they are seen.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::LandmarksBody)]
pub struct LandmarksBody {
    pub left_eye: [f32; 2],
    pub right_eye: [f32; 2],
    pub nose: [f32; 2],
    pub mouth_left: [f32; 2],
    pub mouth_right: [f32; 2],
}

impl From<[[f32; 2]; 5]> for LandmarksBody {
    fn from([left_eye, right_eye, nose, mouth_left, mouth_right]: [[f32; 2]; 5]) -> Self {
        Self {
            left_eye,
            right_eye,
            nose,
            mouth_left,
            mouth_right,
        }
    }
}

impl From<FaceFinding> for FaceBody {
    fn from(face: FaceFinding) -> Self {
        Self {
            bounds: BoxBody {
                left: face.face_box.left,
                top: face.face_box.top,
                width: face.face_box.width,
                height: face.face_box.height,
            },
            confidence: face.confidence,
            sharpness: face.sharpness,
            brightness: face.brightness,
            unevenness: face.unevenness,
            mask: face.mask,
            landmarks: face.landmarks.map(LandmarksBody::from),
            pose: PoseBody {
                yaw: face.pose.yaw,
                pitch: face.pose.pitch,
                roll: face.pose.roll,
            },
        }
    }
}

/// One row of the timeline.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::FrameBody)]
pub struct FrameBody {
    pub index: u32,
    /// Milliseconds from the start of the clip.
    pub time_ms: u64,
    /// Faces seen in the frame.
    pub faces: u32,
    /// Null when the frame has no usable face.
    pub face: Option<FaceBody>,
    /// Cosine of the two embeddings, −1 to 1.
    pub similarity: Option<f32>,
    /// 0–100.
    pub percentage: Option<f64>,
    /// How live the face looks, 0–100; null without a pack that tells it.
    pub liveness: Option<f64>,
    /// How surely it wears a mask, 0–100.
    pub mask: Option<f64>,
    /// Where the frame's face can be fetched.
    pub thumbnail: Option<String>,
    /// What is wrong with it: codes of the closed list of `/v1/defects`.
    pub defects: Vec<&'static str>,
}

impl ResultBody {
    pub(super) fn new(report: &Examination, signals: &Signals, record: &ExaminationRecord) -> Self {
        let Examination {
            document, video, ..
        } = report;
        Self {
            pack: report.pack.clone(),
            score: signals.score(),
            document: DocumentBody {
                code: code_name(document.code),
                width: document.width,
                height: document.height,
                quarter_turns: document.quarter_turns,
                faces: document.faces,
                face: document.face.map(FaceBody::from),
                defects: codes(&document.defects),
            },
            video: VideoBody {
                code: code_name(video.code),
                container: video.container.clone(),
                codec: video.codec.clone(),
                width: video.width,
                height: video.height,
                duration_ms: video.duration_ms,
                truncated: video.truncated,
                watched: video.watched.map(WatchedBody::from),
            },
            timeline: report
                .frames
                .iter()
                .map(|frame| FrameBody::new(frame, record))
                .collect(),
            liveness_examined: signals.liveness.is_some(),
            signals: SignalsBody::from(signals),
            challenge: challenge(report, record),
            took_ms: report.took_ms,
        }
    }
}

impl FrameBody {
    fn new(frame: &FrameFinding, record: &ExaminationRecord) -> Self {
        Self {
            index: frame.index,
            time_ms: frame.time_ms,
            faces: frame.faces,
            face: frame.face.map(FaceBody::from),
            similarity: frame.similarity,
            percentage: frame.percentage,
            liveness: frame.liveness,
            mask: frame
                .face
                .and_then(|face| face.mask)
                .map(|worn| worn * 100.0),
            thumbnail: frame.face.map(|_| {
                format!(
                    "/v1/sessions/{}/examinations/{}/frames/{}/thumbnail",
                    record.session, record.id, frame.index
                )
            }),
            defects: codes(&frame.defects),
        }
    }
}

fn code_name(code: CaptureCode) -> &'static str {
    match code {
        CaptureCode::Ok => "ok",
        CaptureCode::NoUsableFace => "no_usable_face",
        CaptureCode::SeveralFaces => "several_faces",
        CaptureCode::NotCentred => "not_centred",
    }
}

fn codes(defects: &[Defect]) -> Vec<&'static str> {
    defects.iter().map(|defect| defect.code()).collect()
}
