//! Looks at a single picture with the real networks: which faces, whose, and their templates.

use crate::pipeline::capture;
use crate::pipeline::defects::Bounds;
use crate::pipeline::examine::FaceExaminer;
use crate::pipeline::examiner::{ExamineError, LookOrder, Looked, LookedFace};
use crate::pipeline::faces::{comparable, defects_of, face_box, face_finding, thumbnail};
use crate::pipeline::watching::PRESENT;
use crate::session::defect::Defect;
use crate::session::examination::{CaptureCode, FaceBox};
use crate::session::template::Template;
use crate::vision::detector::Face;
use crate::vision::error::VisionError;
use crate::vision::eyes;
use crate::vision::landmarks::MeshCrop;
use crate::vision::mask;
use crate::vision::picture::Picture;
use crate::vision::subject::{self, DocumentSubject};

impl FaceExaminer {
    pub(super) fn look_at_picture(&self, order: LookOrder<'_>) -> Result<Looked, ExamineError> {
        let picture = self
            .decoding
            .decode_picture(order.picture, &self.picture_limits)
            .map_err(ExamineError::Picture)?;
        let (width, height) = (picture.width(), picture.height());
        let found = if order.templates > 1 {
            subject::subject_among_small_faces(&self.networks.detector, &picture)
        } else {
            subject::document_subject(&self.networks.detector, &picture)
        };
        let found = found.map_err(ExamineError::Vision)?;
        let Some(found) = found else {
            return Ok(Looked {
                width,
                height,
                code: CaptureCode::NoUsableFace,
                comparable: 0,
                faces: Vec::new(),
                defects: vec![Defect::NoFace],
            });
        };
        self.describe(&found, order, (width, height))
            .map_err(ExamineError::Vision)
    }

    fn describe(
        &self,
        found: &DocumentSubject,
        order: LookOrder<'_>,
        size: (u32, u32),
    ) -> Result<Looked, VisionError> {
        let upright = (found.upright.width(), found.upright.height());
        let comparable = comparable(&found.face, &found.all);
        let mut others: Vec<&Face> = found
            .all
            .iter()
            .filter(|face| **face != found.face && face.confidence >= subject::SURE)
            .collect();
        others.sort_by(|a, b| b.bounds.area().total_cmp(&a.bounds.area()));
        let mut faces = Vec::with_capacity(others.len() + 1);
        for (index, face) in std::iter::once(&found.face).chain(others).enumerate() {
            let back = TurnedBack {
                quarter_turns: found.quarter_turns,
                size,
            };
            let with_template = index < order.templates;
            let of_subject = index == 0;
            let worn = if order.mask && of_subject {
                Some(self.networks.mask.worn(&found.upright, face)?)
            } else {
                None
            };
            let ask_live = order.liveness && of_subject;
            let mut finding = face_finding(&found.upright, face, worn);
            if ask_live {
                finding.eyes_open = self.eyes_open(&found.upright, face)?;
            }
            faces.push(LookedFace {
                finding,
                face_box: back.face_box(face_box(face)),
                landmarks: face.landmarks.map(|point| back.point(point.x, point.y)),
                template: if with_template {
                    Some(self.template(&found.upright, face)?)
                } else {
                    None
                },
                thumbnail: if with_template {
                    thumbnail(&found.upright, face)?
                } else {
                    Vec::new()
                },
                masked: worn.map(|worn| worn >= mask::WORN),
                liveness: if ask_live {
                    self.liveness(&found.upright, face)?
                } else {
                    None
                },
            });
        }
        let defects = faces.first().map_or_else(Vec::new, |subject| {
            let about = (&found.face, comparable);
            defects_of(&subject.finding, about, upright, &Bounds::PICTURE)
        });
        Ok(Looked {
            width: size.0,
            height: size.1,
            code: capture::document_code(Some(face_box(&found.face)), comparable, upright),
            comparable,
            faces,
            defects,
        })
    }

    /// None where no pack can tell, or no face is seen from near.
    fn eyes_open(&self, picture: &Picture, face: &Face) -> Result<Option<f32>, VisionError> {
        let Some(landmarker) = &self.networks.landmarker else {
            return Ok(None);
        };
        let mesh = landmarker.find(picture, &MeshCrop::of_face(face))?;
        let (one, other) = eyes::openness(&mesh);
        Ok((mesh.presence >= PRESENT).then_some(f32::midpoint(one, other)))
    }

    /// None where no pack can tell.
    pub(super) fn liveness(
        &self,
        picture: &Picture,
        face: &Face,
    ) -> Result<Option<f64>, VisionError> {
        let passive = self.networks.passive.as_ref();
        passive
            .map(|passive| passive.score(picture, face))
            .transpose()
    }

    fn template(&self, picture: &Picture, face: &Face) -> Result<Template, VisionError> {
        let embedder = &self.networks.embedder;
        let embedding = embedder.embed(picture, face)?;
        let values = embedding.values().to_vec();
        Template::new(embedder.pack(), values).ok_or_else(VisionError::no_direction)
    }
}

/// From the picture that was turned upright to the picture as it came.
#[derive(Clone, Copy)]
struct TurnedBack {
    /// Clockwise, what put it upright.
    quarter_turns: u8,
    /// The size of the picture as it came.
    size: (u32, u32),
}

impl TurnedBack {
    fn point(self, x: f32, y: f32) -> (f32, f32) {
        let (width, height) = (self.size.0 as f32, self.size.1 as f32);
        match self.quarter_turns % 4 {
            0 => (x, y),
            1 => (y, height - x),
            2 => (width - x, height - y),
            _ => (width - y, x),
        }
    }

    fn face_box(self, face: FaceBox) -> FaceBox {
        let (ax, ay) = self.point(face.left, face.top);
        let (bx, by) = self.point(face.left + face.width, face.top + face.height);
        FaceBox {
            left: ax.min(bx),
            top: ay.min(by),
            width: (ax - bx).abs(),
            height: (ay - by).abs(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One bright pixel, turned with the picture and back by arithmetic.
    #[test]
    fn a_point_is_found_again_in_the_picture_as_it_came() {
        let (width, height) = (5, 3);
        let mut rgb = vec![0; 5 * 3 * 3];
        let (x, y) = (3, 1);
        rgb[(y * 5 + x) * 3] = 255;
        let picture = Picture::from_rgb(width, height, rgb).unwrap();
        for quarter_turns in 0..4 {
            let upright = picture.turned(quarter_turns);
            let at = upright
                .rgb()
                .chunks_exact(3)
                .position(|pixel| pixel[0] == 255)
                .unwrap();
            let (column, row) = (at % upright.width() as usize, at / upright.width() as usize);
            let back = TurnedBack {
                quarter_turns,
                size: (width, height),
            };
            // The middle of the pixel.
            let found = back.point(column as f32 + 0.5, row as f32 + 0.5);
            assert_eq!(found, (3.5, 1.5), "after {quarter_turns} quarter turns");
        }
    }
}
