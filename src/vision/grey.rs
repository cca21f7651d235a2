//! A part of a picture as grey levels, made small by averages over areas.

use kernels::shrink::Values;

use crate::vision::picture::Picture;
use crate::vision::resample::{Region, area_averages};

/// Grey levels are 0–255.
const LEVELS: Values = Values {
    centre: 0.0,
    scale: 1.0,
};

/// The part at that size, row by row; nothing of a part outside the picture.
pub fn grey(picture: &Picture, part: Region, size: (usize, usize)) -> Vec<f32> {
    let Some(part) = part.within(picture) else {
        return Vec::new();
    };
    let Ok(colours) = area_averages(picture, &[part], size, LEVELS) else {
        return Vec::new();
    };
    // The luma weights of ITU-R BT.601.
    let luma = |pixel: &[f32]| match pixel {
        [red, green, blue, ..] => 0.299 * red + 0.587 * green + 0.114 * blue,
        _ => 0.0,
    };
    colours.pixels().map(luma).collect()
}
