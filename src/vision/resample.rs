//! Shrinks parts of a picture by averaging the area under each new pixel.

use kernels::maps::Maps;
use kernels::shrink::{self, Area, Bytes, Values};

use crate::vision::error::VisionError;
use crate::vision::picture::Picture;

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
