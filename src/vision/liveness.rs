//! Tells from one picture whether a face is there in the flesh, or on paper or a screen: `MiniFASNet` at two scales.

use std::fmt;
use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Error};
use candle_nn::VarBuilder;
use kernels::maps::Maps;

use crate::packs::cache::OpenPack;
use crate::packs::manifest::{Network, Pack};
use crate::vision::alignment::Source;
use crate::vision::detector::Face;
use crate::vision::error::VisionError;
use crate::vision::geometry::{BoundingBox, Point};
use crate::vision::nets::mini_fasnet::{CLASSES, MiniFasnet, SIDE};
use crate::vision::picture::Picture;

/// The last parts of the names of the pack's files, and how many times larger than the face each network's crop is.
const NETWORKS: [(&str, f32); 2] = [("v2", 2.7), ("v1se", 4.0)];

/// The class of a face in the flesh; the others are two kinds of imitation.
const LIVE: usize = 1;

/// Both networks, loaded. They may be used from several threads at once.
pub struct PassiveLiveness {
    networks: [MiniFasnet; 2],
}

impl fmt::Debug for PassiveLiveness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PassiveLiveness(MiniFASNet)")
    }
}

impl PassiveLiveness {
    /// Loads an opened liveness pack.
    pub fn load(open: &OpenPack) -> Result<Self, VisionError> {
        Self::from_weights(&open.pack, &open.weights)
    }

    /// Loads `pack`'s converted weights from the safetensors file `weights`.
    pub fn from_weights(pack: &Pack, weights: &Path) -> Result<Self, VisionError> {
        let wrong = |source| VisionError::Weights {
            path: weights.to_path_buf(),
            source,
        };
        let right = pack.network == Network::MiniFasnet
            && (pack.input.width, pack.input.height) == (SIDE, SIDE);
        if !right {
            return Err(wrong(Error::msg("the pack holds no MiniFASNet")));
        }
        let bytes = fs::read(weights).map_err(VisionError::Io)?;
        let tensors = VarBuilder::from_buffered_safetensors(bytes, DType::F32, &Device::Cpu);
        let tensors = tensors.map_err(wrong)?;
        // They were saved from a wrapper of torch's that calls what it wraps "module".
        let network =
            |(name, _): (&str, f32)| MiniFasnet::new(&tensors.pp(name).pp("module")).map_err(wrong);
        let [small, large] = NETWORKS;
        Ok(Self {
            networks: [network(small)?, network(large)?],
        })
    }

    /// How sure the networks are that the face is live, 0–1: the mean of their probabilities.
    ///
    /// Their makers cut around the boxes of a detector of their own, a small `RetinaFace`. The boxes here are
    /// MTCNN's, which were learned from the same data set but are not the same, so that a face may fill a few
    /// hundredths more or less of the crop than in their figures: those hold here as a guess only, and
    /// what was measured with these boxes is what counts.
    pub fn score(&self, picture: &Picture, face: &Face) -> Result<f64, VisionError> {
        let mut crops = Vec::with_capacity(NETWORKS.len());
        for (_, scale) in NETWORKS {
            crops.push(around(picture, &face.bounds, scale)?);
        }
        let live = self.probabilities([&crops[0], &crops[1]])?;
        Ok(live.iter().map(|classes| classes[LIVE]).sum::<f64>() / live.len() as f64)
    }

    /// What each network makes of its own crop of 80×80: a probability a class.
    pub fn probabilities(&self, crops: [&Picture; 2]) -> Result<[[f64; CLASSES]; 2], VisionError> {
        let mut found = [[0.0; CLASSES]; 2];
        for ((network, crop), found) in self.networks.iter().zip(crops).zip(&mut found) {
            let answer = network.forward(&input(crop)?).map_err(Error::wrap)?;
            let classes = answer.pixels().next().and_then(<[f32]>::as_array);
            let classes = classes.ok_or_else(|| Error::msg("the network gives no class"))?;
            *found = softmax(classes);
        }
        Ok(found)
    }
}

fn softmax(values: &[f32; CLASSES]) -> [f64; CLASSES] {
    let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let raised = values.map(|value| f64::from(value - most).exp());
    let sum: f64 = raised.iter().sum();
    raised.map(|value| value / sum)
}

/// A crop as the networks read it: bytes as they are, blue first.
fn input(crop: &Picture) -> Result<Maps, VisionError> {
    if (crop.width(), crop.height()) != (SIDE, SIDE) {
        return Err(VisionError::WrongSize {
            width: SIDE,
            height: SIDE,
        });
    }
    let side = SIDE as usize;
    let (rgb, _) = crop.rgb().as_chunks::<3>();
    Ok(Maps::from_rows([1, side, side, 3], |_, row, pixels| {
        let (pixels, _) = pixels.as_chunks_mut::<3>();
        for (pixel, colours) in pixels.iter_mut().zip(&rgb[row * side..]) {
            *pixel = [2, 1, 0].map(|colour| f32::from(colours[colour]));
        }
    }))
}

/// The crop of 80×80 around a box made `scale` times larger, as the networks' makers cut it. A box that would
/// reach out of the picture is made smaller until it is no larger than it, then pushed inside, its shape kept.
fn around(picture: &Picture, bounds: &BoundingBox, scale: f32) -> Result<Picture, VisionError> {
    // Their boxes are whole pixels, from the first to the last one inside.
    let (left, top) = (bounds.left.trunc(), bounds.top.trunc());
    let width = (bounds.right - bounds.left + 1.0).trunc().max(1.0);
    let height = (bounds.bottom - bounds.top + 1.0).trunc().max(1.0);
    let last = [picture.width(), picture.height()].map(|length| (length - 1) as f32);
    let scale = scale.min(last[0] / width).min(last[1] / height);
    let across = pushed_inside(left + width / 2.0, width * scale, last[0]);
    let down = pushed_inside(top + height / 2.0, height * scale, last[1]);
    let source = Source::new(picture);
    let mut rgb = Vec::with_capacity((SIDE * SIDE * 3) as usize);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let place = Point {
                x: across.at(x),
                y: down.at(y),
            };
            let colours = source.between(place);
            rgb.extend(colours.map(|value| value.round().clamp(0.0, 255.0) as u8));
        }
    }
    Picture::from_rgb(SIDE, SIDE, rgb)
}

/// Whole pixels along one side of a picture, both ends inside.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    first: f32,
    last: f32,
}

impl Stretch {
    /// Where the middle of a crop's pixel falls, held between the middles of the first and the last one.
    fn at(self, index: u32) -> f32 {
        let step = (self.last - self.first + 1.0) / SIDE as f32;
        let place = self.first + (index as f32 + 0.5) * step - 0.5;
        place.max(self.first).min(self.last)
    }
}

/// A stretch about a centre, moved until it lies between the first pixel and the last.
fn pushed_inside(centre: f32, length: f32, last: f32) -> Stretch {
    let (mut from, mut to) = (centre - length / 2.0, centre + length / 2.0);
    if from < 0.0 {
        to -= from;
        from = 0.0;
    }
    if to > last {
        from -= to - last;
        to = last;
    }
    Stretch {
        first: from.trunc().max(0.0),
        last: to.trunc(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Red tells the column, green the row.
    fn picture(width: u32, height: u32) -> Picture {
        let rgb = (0..width * height)
            .flat_map(|at| [(at % width) as u8, (at / width) as u8, 7])
            .collect();
        Picture::from_rgb(width, height, rgb).unwrap()
    }

    fn bounds(left: f32, top: f32, side: f32) -> BoundingBox {
        BoundingBox {
            left,
            top,
            right: left + side - 1.0,
            bottom: top + side - 1.0,
        }
    }

    /// The columns and rows that the first and the last pixel of a crop show.
    fn corners(crop: &Picture) -> [u8; 4] {
        let rgb = crop.rgb();
        let end = rgb.len() - 3;
        [rgb[0], rgb[1], rgb[end], rgb[end + 1]]
    }

    #[test]
    fn a_stretch_is_pushed_inside_and_keeps_its_length() {
        let stretch = |first, last| Stretch { first, last };
        assert_eq!(pushed_inside(50.0, 40.0, 99.0), stretch(30.0, 70.0));
        assert_eq!(pushed_inside(10.0, 40.0, 99.0), stretch(0.0, 40.0));
        assert_eq!(pushed_inside(95.0, 40.0, 99.0), stretch(59.0, 99.0));
        assert_eq!(pushed_inside(20.0, 99.0, 99.0), stretch(0.0, 99.0));
    }

    #[test]
    fn a_crop_is_larger_than_the_face_by_its_scale() {
        // From 100 to 139 and twice as long about the middle: from 80 to 160, both ends inside.
        let crop = around(&picture(240, 200), &bounds(100.0, 100.0, 40.0), 2.0).unwrap();
        assert_eq!(corners(&crop), [80, 80, 160, 160]);
    }

    #[test]
    fn at_the_edge_it_is_pushed_inside_and_in_a_small_picture_made_smaller() {
        let crop = around(&picture(240, 200), &bounds(0.0, 150.0, 40.0), 2.0).unwrap();
        assert_eq!(corners(&crop), [0, 119, 80, 199]);
        let crop = around(&picture(100, 90), &bounds(20.0, 30.0, 40.0), 4.0).unwrap();
        let [left, top, right, bottom] = corners(&crop);
        assert_eq!((top, bottom), (0, 89));
        assert_eq!(right - left, 89);
    }

    #[test]
    fn a_box_that_is_no_box_still_gives_a_crop() {
        for side in [0.0, -5.0, 1e9] {
            around(&picture(40, 30), &bounds(-10.0, -20.0, side), 2.7).unwrap();
        }
    }

    #[test]
    fn probabilities_sum_to_one_however_large_the_numbers() {
        let found = softmax(&[1000.0, 1001.0, -1000.0]);
        assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((found[LIVE] - 0.731_058_578).abs() < 1e-6);
    }
}
