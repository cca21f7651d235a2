//! Watches a clip for what moves in it: follows the subject's landmarks from picture to picture.

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use crate::media::error::MediaError;
use crate::media::frame::Frame;
use crate::media::watch::WatchOrder;
use crate::pipeline::examine::FaceExaminer;
use crate::pipeline::examiner::ExamineError;
use crate::pipeline::liveness::glimpse::{Glimpse, Sketch, WatchedFace};
use crate::pipeline::timeline::Document;
use crate::session::examination::{HeadPose, Watched};
use crate::vision::detector::Detector;
use crate::vision::error::VisionError;
use crate::vision::eyes;
use crate::vision::grey::grey;
use crate::vision::landmarks::{Landmarker, Mesh, MeshCrop};
use crate::vision::picture::Picture;
use crate::vision::resample::Region;
use crate::vision::subject;

/// A blink lasts a tenth to four tenths of a second: at this pace none is missed and few are caught once only.
const RATE: u32 = 15;
/// What is watched of a long clip; its sampled frames lie all over it.
const MOST_MS: u64 = 60_000;
/// A face of a third of this is still larger than what the landmarks are placed in.
const SHORTER_SIDE: u32 = 400;
/// Pictures that the decoder may be ahead of who looks at them.
const AHEAD: usize = 4;
/// The landmarks' network says that it sees a face.
pub(super) const PRESENT: f32 = 0.5;
/// Where there is no face, one is searched for in every so many pictures.
const SEARCH_EVERY: usize = 5;

/// Landmarks that bones hold in place, whatever the face says: forehead, temples, the bridge and wings
/// of the nose, the corners of the eyes, the cheekbones.
const BONES: [usize; 46] = [
    10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1, 19, 98, 327, 33, 133, 362, 263, 50, 280, 117, 346,
    101, 330, 205, 425, 127, 356, 234, 454, 93, 323, 109, 338, 67, 297, 103, 332, 54, 284, 21, 251,
    123, 352, 147, 376,
];
/// Middles of the forehead and of the cheeks, where skin is bare and blood shows.
const SKIN: [usize; 5] = [151, 50, 280, 205, 425];
/// Half the side of a patch of skin, in distances between the eyes.
const PATCH: f32 = 0.1;
const OUTER_CORNERS: [usize; 2] = [33, 263];
/// The middles of the upper lip's upper and of the lower lip's lower edge.
const LIPS: [usize; 2] = [0, 17];

/// What came of watching a clip.
pub(super) struct Watching {
    pub(super) watched: Watched,
    pub(super) glimpses: Vec<Glimpse>,
}

impl FaceExaminer {
    /// Watches the clip, on a thread for decoding and this one. Nothing where no pack places landmarks, or where the
    /// clip cannot be decoded, which the sampling tells; but a decoder that gave up here alone is told here.
    pub(super) fn watch_motion(
        &self,
        video: &Path,
        document: &Document,
    ) -> Result<Option<Watching>, ExamineError> {
        let Some(landmarker) = &self.networks.landmarker else {
            return Ok(None);
        };
        let order = WatchOrder {
            rate: RATE,
            most_ms: MOST_MS,
            shorter_side: SHORTER_SIDE,
            threads: 1,
        };
        let (deliver, frames) = mpsc::sync_channel(AHEAD);
        thread::scope(|threads| {
            let decoding = threads.spawn(move || {
                let mut on_frame = |frame| match deliver.send(frame) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                };
                self.decoding
                    .watch(video, &self.media_limits, order, &mut on_frame)
            });
            let follower = Follower {
                landmarker,
                detector: &self.networks.detector,
                crop: None,
                idle: 0,
            };
            let glimpses = follower.glimpses(frames, document);
            let report = decoding.join().unwrap_or_else(|panic| resume_unwind(panic));
            let glimpses = glimpses.map_err(ExamineError::Vision)?;
            let report = match report {
                Err(
                    error @ (MediaError::GaveUp { .. }
                    | MediaError::NoDecoder(_)
                    | MediaError::Io(_)),
                ) => return Err(ExamineError::Video(error)),
                told => told.ok(),
            };
            Ok(report.map(|report| Watching {
                watched: Watched {
                    frames: report.frames,
                    until_ms: glimpses.last().map_or(0, |glimpse| glimpse.time_ms),
                    cut_short: report.cut_short,
                },
                glimpses,
            }))
        })
    }
}

/// Follows one face.
struct Follower<'a> {
    landmarker: &'a Landmarker,
    detector: &'a Detector,
    /// Where the face was last.
    crop: Option<MeshCrop>,
    /// Pictures without a face, one after the other.
    idle: usize,
}

impl Follower<'_> {
    /// Goes on until the frames end, or the document turns out to be none.
    fn glimpses(
        mut self,
        frames: Receiver<Frame>,
        document: &Document,
    ) -> Result<Vec<Glimpse>, VisionError> {
        let mut glimpses = Vec::new();
        for frame in frames {
            if matches!(document.get(), Some(Err(_))) {
                break;
            }
            let time_ms = frame.time_ms;
            let picture = Picture::from_rgb(frame.width, frame.height, frame.rgb)?;
            let Some(sketch) = sketch(&picture) else {
                continue;
            };
            let mesh = self.follow(&picture)?;
            glimpses.push(Glimpse {
                time_ms,
                sketch,
                face: mesh.map(|mesh| watched_face(&picture, &mesh)),
            });
        }
        Ok(glimpses)
    }

    /// The face where it was last, or else wherever it is found.
    fn follow(&mut self, picture: &Picture) -> Result<Option<Mesh>, VisionError> {
        if let Some(crop) = self.crop.take()
            && let Some(mesh) = self.mesh(picture, &crop)?
        {
            return Ok(Some(mesh));
        }
        let search = self.idle.is_multiple_of(SEARCH_EVERY);
        self.idle += 1;
        if !search {
            return Ok(None);
        }
        let faces = self
            .detector
            .detect(picture, subject::min_face_for(picture))?;
        let chosen = subject::frame_subject(&faces, picture.width(), picture.height());
        match chosen {
            Some(chosen) => self.mesh(picture, &MeshCrop::of_face(&faces[chosen])),
            None => Ok(None),
        }
    }

    fn mesh(&mut self, picture: &Picture, crop: &MeshCrop) -> Result<Option<Mesh>, VisionError> {
        let mesh = self.landmarker.find(picture, crop)?;
        if mesh.presence.is_nan() || mesh.presence < PRESENT {
            return Ok(None);
        }
        self.idle = 0;
        self.crop = Some(MeshCrop::of_mesh(&mesh));
        Ok(Some(mesh))
    }
}

fn sketch(picture: &Picture) -> Option<Sketch> {
    Sketch::new(grey(
        picture,
        Region::whole(picture),
        (Sketch::SIDE, Sketch::SIDE),
    ))
}

fn watched_face(picture: &Picture, mesh: &Mesh) -> WatchedFace {
    let [left, right] = OUTER_CORNERS.map(|index| mesh.place(index));
    let eye_distance = (right.x - left.x).hypot(right.y - left.y);
    let (one, other) = eyes::openness(mesh);
    let pose = eyes::head_pose(mesh);
    let place = |index: usize| {
        let point = mesh.place(index);
        [point.x, point.y]
    };
    let bones = BONES.map(place);
    let size = [picture.width() as f32, picture.height() as f32];
    let middle = std::array::from_fn(|axis| {
        let sum: f32 = bones.iter().map(|bone| bone[axis]).sum();
        sum / (bones.len() as f32 * size[axis])
    });
    WatchedFace {
        bones: bones.to_vec(),
        middle,
        lips: LIPS.map(place),
        eye_distance,
        openness: f32::midpoint(one, other),
        pose: HeadPose {
            yaw: pose.yaw,
            pitch: pose.pitch,
            roll: pose.roll,
        },
        skin: mean_colour(picture, &SKIN.map(place), PATCH * eye_distance),
    }
}

/// The mean red, green and blue of squares about these places, as far as they lie in the picture.
fn mean_colour(picture: &Picture, places: &[[f32; 2]], half: f32) -> [f32; 3] {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let (mut sums, mut count) = ([0.0_f64; 3], 0.0_f64);
    for [x, y] in places {
        let span = |middle: f32, most: usize| {
            let from = (middle - half).max(0.0) as usize;
            let until = ((middle + half).max(0.0) as usize + 1).min(most);
            from.min(until)..until
        };
        for row in span(*y, height) {
            for column in span(*x, width) {
                let at = (row * width + column) * 3;
                for (sum, value) in sums.iter_mut().zip(&picture.rgb()[at..at + 3]) {
                    *sum += f64::from(*value);
                }
                count += 1.0;
            }
        }
    }
    sums.map(|sum| (sum / count.max(1.0)) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_the_patches_alone_and_the_edge_is_kept_to() {
        let rgb = (0..20 * 20)
            .flat_map(|at| {
                if at % 20 < 10 {
                    [10, 20, 30]
                } else {
                    [110, 120, 130]
                }
            })
            .collect();
        let picture = Picture::from_rgb(20, 20, rgb).unwrap();
        let mean = |places: &[[f32; 2]], half: f32| {
            mean_colour(&picture, places, half).map(|value| value.round() as u8)
        };
        assert_eq!(mean(&[[4.0, 4.0]], 2.0), [10, 20, 30]);
        assert_eq!(mean(&[[2.0, 10.0], [17.0, 10.0]], 1.0), [60, 70, 80]);
        assert_eq!(mean(&[[25.0, 30.0]], 2.0), [0; 3]);
        assert_eq!(mean(&[[-1.0, -1.0]], 1.0), [10, 20, 30]);
    }
}
