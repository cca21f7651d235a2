//! Shrinks parts of a picture by averaging the area under each new pixel.

use std::borrow::Cow;

use kernels::maps::Maps;
use kernels::shrink::{self, Area, Bytes, Values};

use crate::vision::error::VisionError;
use crate::vision::picture::Picture;

/// Means of bytes stay bytes.
const LEVELS: Values = Values {
    centre: 0.0,
    scale: 1.0,
};

/// A part of a picture, in whole pixels; `right` and `bottom` lie outside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
}

impl Region {
    pub fn whole(picture: &Picture) -> Self {
        Self {
            left: 0,
            top: 0,
            right: picture.width() as usize,
            bottom: picture.height() as usize,
        }
    }

    /// Keeps what lies inside a picture; nothing is left when it holds no pixel.
    pub fn within(self, picture: &Picture) -> Option<Self> {
        let inside = Self {
            left: self.left,
            top: self.top,
            right: self.right.min(picture.width() as usize),
            bottom: self.bottom.min(picture.height() as usize),
        };
        (inside.left < inside.right && inside.top < inside.bottom).then_some(inside)
    }

    fn area(self) -> Area {
        let Self {
            left,
            top,
            right,
            bottom,
        } = self;
        Area {
            left,
            top,
            right,
            bottom,
        }
    }
}

/// Brings each region, which lies inside the picture, to width×height pixels. A mean of 0–255 less
/// `centre` is multiplied by `scale`.
pub fn area_averages(
    picture: &Picture,
    regions: &[Region],
    (width, height): (usize, usize),
    values: Values,
) -> Result<Maps, VisionError> {
    let areas: Vec<Area> = regions.iter().map(|region| region.area()).collect();
    let maps = Bytes::new(picture.rgb(), picture.width() as usize)
        .and_then(|bytes| shrink::means(bytes, &areas, (height, width), values));
    maps.map_err(|misfit| VisionError::Network(candle_core::Error::wrap(misfit)))
}

/// The picture no longer than `side` on either side, each pixel the mean of those that it stands for;
/// a smaller one stays as it is.
pub fn fitted(picture: &Picture, side: u32) -> Result<Cow<'_, Picture>, VisionError> {
    let longer = picture.width().max(picture.height());
    if longer <= side {
        return Ok(Cow::Borrowed(picture));
    }
    let shrunk = |length: u32| {
        let shrunk = u64::from(length) * u64::from(side) / u64::from(longer);
        (shrunk as u32).max(1)
    };
    let (width, height) = (shrunk(picture.width()), shrunk(picture.height()));
    let size = (width as usize, height as usize);
    let means = area_averages(picture, &[Region::whole(picture)], size, LEVELS)?;
    let mut rgb = Vec::with_capacity(size.0 * size.1 * 3);
    for pixel in means.pixels() {
        // Rounds what is not negative, much faster than `round`.
        rgb.extend(pixel.iter().map(|mean| (mean + 0.5) as u8));
    }
    Picture::from_rgb(width, height, rgb).map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_fitted_by_its_longer_side_and_a_smaller_one_is_left_alone() {
        let board = (0..40 * 90).flat_map(|at| [if (at / 40 + at) % 2 == 0 { 0 } else { 200 }; 3]);
        let picture = Picture::from_rgb(40, 90, board.collect()).unwrap();
        let fitted_to = |side: u32| fitted(&picture, side).unwrap();
        assert!(matches!(fitted_to(90), Cow::Borrowed(same) if *same == picture));
        let small = fitted_to(45);
        assert_eq!((small.width(), small.height()), (20, 45));
        assert!(
            small.rgb().iter().all(|value| *value == 100),
            "means of four"
        );
        assert_eq!(fitted_to(1).width(), 1);
    }
}
