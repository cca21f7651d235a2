//! Places the 468 points of `MediaPipe`'s face mesh on a face, in a crop that is turned with the head.

use std::fmt;
use std::fs;
use std::path::Path;

use candle_core::{DType, Device};
use candle_nn::VarBuilder;
use kernels::maps::Maps;

use crate::packs::cache::OpenPack;
use crate::packs::manifest::{Input, Network, Pack};
use crate::vision::alignment::{Similarity, Source};
use crate::vision::detector::Face;
use crate::vision::error::VisionError;
use crate::vision::geometry::Point;
use crate::vision::nets::face_mesh::{FaceMesh, SIDE};
use crate::vision::picture::Picture;

/// The outer corners of the eyes, the left one as it is seen first.
const OUTER_CORNERS: [usize; 2] = [33, 263];

/// How much longer than the points' longer extent the crop's side is, as `MediaPipe` has it.
const AROUND_POINTS: f32 = 1.5;

/// How much longer than the longer side of the detector's box the first crop's side is, and how far below the
/// box's centre its own lies, in that side: the means of where the crop settles when 294 faces of pictures and
/// videos are followed from it (standard deviations 0.06 and 0.02).
const AROUND_BOX: f32 = 1.39;
const BELOW_BOX: f32 = 0.052;

/// The points of one face. Its `Debug` shows none of them.
#[derive(Clone, PartialEq)]
pub struct Mesh {
    /// Across and down in pixels of the picture; the third is the distance from the camera on the same scale,
    /// less before more, 0 about the middle of the head.
    pub points: Vec<[f32; 3]>,
    /// How sure the network is that the crop shows a face, 0–1.
    pub presence: f32,
}

impl Mesh {
    /// A point as it lies in the picture; the first corner where there is no such point.
    pub fn place(&self, index: usize) -> Point {
        let [x, y, _] = self.points.get(index).copied().unwrap_or_default();
        Point { x, y }
    }
}

impl fmt::Debug for Mesh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mesh(…)")
    }
}

/// A square of a picture, turned clockwise about its centre.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeshCrop {
    pub centre: Point,
    pub side: f32,
    pub radians: f32,
}

impl MeshCrop {
    /// Around a face that was found anew: the eyes lie level in it.
    pub fn of_face(face: &Face) -> Self {
        let [left, right, ..] = face.landmarks;
        let radians = level(left, right);
        let longer = face.bounds.width().max(face.bounds.height());
        let (sin, cos) = radians.sin_cos();
        let centre = face.bounds.centre();
        Self {
            centre: Point {
                x: centre.x - sin * BELOW_BOX * longer,
                y: centre.y + cos * BELOW_BOX * longer,
            },
            side: AROUND_BOX * longer,
            radians,
        }
    }

    /// Around a face that was followed from the picture before: turned by the outer corners of the eyes.
    pub fn of_mesh(mesh: &Mesh) -> Self {
        let extent = |axis: usize| {
            let values = mesh.points.iter().map(|point| point[axis]);
            let least = values.clone().fold(f32::INFINITY, f32::min);
            (least, values.fold(f32::NEG_INFINITY, f32::max))
        };
        let ((left, right), (top, bottom)) = (extent(0), extent(1));
        let [from, to] = OUTER_CORNERS.map(|index| mesh.place(index));
        Self {
            centre: Point {
                x: f32::midpoint(left, right),
                y: f32::midpoint(top, bottom),
            },
            side: AROUND_POINTS * (right - left).max(bottom - top),
            radians: level(from, to),
        }
    }

    /// From the network's pixels to the picture's. As `MediaPipe` has it, the corner of the square is the
    /// middle of the first pixel.
    fn placing(&self) -> Similarity {
        let (sin, cos) = self.radians.sin_cos();
        let half = self.side / 2.0;
        let corner = Point {
            x: self.centre.x - half * (cos - sin),
            y: self.centre.y - half * (sin + cos),
        };
        Similarity::new(self.side / SIDE as f32, self.radians, corner)
    }
}

/// By how much a head leans, clockwise.
fn level(left: Point, right: Point) -> f32 {
    (right.y - left.y).atan2(right.x - left.x)
}

/// The network, loaded. It may be used from several threads at once.
pub struct Landmarker {
    network: FaceMesh,
    input: Input,
}

impl fmt::Debug for Landmarker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Landmarker(face mesh)")
    }
}

impl Landmarker {
    /// Loads an opened landmarks pack.
    pub fn load(open: &OpenPack) -> Result<Self, VisionError> {
        Self::from_weights(&open.pack, &open.weights)
    }

    /// Loads `pack`'s converted weights from the safetensors file `weights`.
    pub fn from_weights(pack: &Pack, weights: &Path) -> Result<Self, VisionError> {
        let wrong = |source| VisionError::Weights {
            path: weights.to_path_buf(),
            source,
        };
        let right = pack.network == Network::FaceMesh
            && (pack.input.width, pack.input.height) == (SIDE, SIDE);
        if !right {
            return Err(wrong(candle_core::Error::msg(
                "the pack holds no face mesh",
            )));
        }
        let bytes = fs::read(weights).map_err(VisionError::Io)?;
        let tensors = VarBuilder::from_buffered_safetensors(bytes, DType::F32, &Device::Cpu);
        Ok(Self {
            network: tensors
                .and_then(|tensors| FaceMesh::new(&tensors))
                .map_err(wrong)?,
            input: pack.input,
        })
    }

    /// The points of the face that the crop shows, wherever it reaches: beyond the picture's edge its border
    /// is repeated. Whether there is a face is for the mesh's presence to say.
    pub fn find(&self, picture: &Picture, crop: &MeshCrop) -> Result<Mesh, VisionError> {
        let placing = crop.placing();
        let answer = self.network.forward(&self.input(picture, &placing))?;
        let place = |[x, y, z]: [f32; 3]| {
            let Point { x, y } = placing.apply(Point { x, y });
            [x, y, z * placing.scale()]
        };
        Ok(Mesh {
            points: answer.points.into_iter().map(place).collect(),
            presence: 1.0 / (1.0 + (-answer.presence).exp()),
        })
    }

    /// The crop as the network reads it: each of its pixels is read between those of the picture.
    fn input(&self, picture: &Picture, placing: &Similarity) -> Maps {
        let source = Source::new(picture);
        let side = SIDE as usize;
        let Input { mean, scale, .. } = self.input;
        Maps::from_rows([1, side, side, 3], |_, row, pixels| {
            let (pixels, _) = pixels.as_chunks_mut::<3>();
            for (column, pixel) in pixels.iter_mut().enumerate() {
                let colours = source.between(placing.apply(Point {
                    x: column as f32,
                    y: row as f32,
                }));
                *pixel = std::array::from_fn(|c| (colours[c] - mean[c]) * scale);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vision::geometry::BoundingBox;

    fn mesh(corners: [[f32; 3]; 2], others: &[[f32; 3]]) -> Mesh {
        let mut points = vec![corners[0]; 468];
        points[OUTER_CORNERS[1]] = corners[1];
        points[..others.len()].copy_from_slice(others);
        Mesh {
            points,
            presence: 1.0,
        }
    }

    #[test]
    fn a_crop_lies_level_with_the_eyes_about_the_box() {
        let point = |x, y| Point { x, y };
        let face = Face {
            bounds: BoundingBox {
                left: 10.0,
                top: 20.0,
                right: 110.0,
                bottom: 160.0,
            },
            confidence: 1.0,
            landmarks: [
                point(40.0, 70.0),
                point(80.0, 110.0),
                point(60.0, 90.0),
                point(40.0, 120.0),
                point(80.0, 120.0),
            ],
        };
        let crop = MeshCrop::of_face(&face);
        // Below the box's centre is to the left, too, as the head leans.
        let below = 140.0 * BELOW_BOX * std::f32::consts::FRAC_1_SQRT_2;
        assert!((crop.centre.x - (60.0 - below)).abs() < 1e-3);
        assert!((crop.centre.y - (90.0 + below)).abs() < 1e-3);
        assert!((crop.side - 140.0 * AROUND_BOX).abs() < 1e-3);
        assert!((crop.radians - std::f32::consts::FRAC_PI_4).abs() < 1e-6);
    }

    #[test]
    fn a_followed_crop_lies_about_all_points() {
        let mesh = mesh(
            [[50.0, 60.0, 0.0], [90.0, 60.0, 0.0]],
            &[[20.0, 10.0, 5.0], [100.0, 130.0, -5.0]],
        );
        let crop = MeshCrop::of_mesh(&mesh);
        assert_eq!(crop.centre, Point { x: 60.0, y: 70.0 });
        assert!((crop.side - 180.0).abs() < 1e-3);
        assert!(crop.radians.abs() < 1e-6);
    }

    #[test]
    fn the_middle_of_the_crop_is_its_centre_however_it_is_turned() {
        for radians in [0.0, 0.5, -2.0, 3.0] {
            let crop = MeshCrop {
                centre: Point { x: 31.0, y: -7.0 },
                side: 96.0,
                radians,
            };
            let placing = crop.placing();
            let middle = placing.apply(Point { x: 96.0, y: 96.0 });
            assert!((middle.x - 31.0).abs() < 1e-4 && (middle.y + 7.0).abs() < 1e-4);
            // The crop's own level line leans with it.
            let right = placing.apply(Point { x: 192.0, y: 96.0 });
            let (across, down) = (right.x - middle.x, right.y - middle.y);
            let (sin, cos) = radians.sin_cos();
            assert!((across - 48.0 * cos).abs() < 1e-3 && (down - 48.0 * sin).abs() < 1e-3);
        }
    }

    #[test]
    fn a_mesh_shows_nothing_of_itself() {
        let shown = format!("{:?}", mesh([[1.5; 3], [2.5; 3]], &[]));
        assert!(!shown.contains('1') && !shown.contains('2'), "{shown}");
    }
}
