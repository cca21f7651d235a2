//! Pictures of bytes made smaller: each new pixel is the mean of the area under it.
//!
//! The windows are those of torch's adaptive average pooling: each reaches from the floor of its
//! first edge to the ceiling of its last, so that neighbours may share pixels.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "the same arithmetic is compiled for the instructions that the processor was asked for"
)]

use crate::error::{Misfit, misfit};
use crate::maps::Maps;

/// Bytes a pixel: red, green and blue.
const COLOURS: usize = 3;

/// Bytes of a row that are summed together: the sums of a strip stay in registers.
const STRIP: usize = 64;

/// So many bytes of a column have a sum below 2^16.
const ROWS_AT_ONCE: usize = 256;

/// A picture, three bytes a pixel, rows from the top.
#[derive(Clone, Copy)]
pub struct Bytes<'a> {
    bytes: &'a [u8],
    columns: usize,
}

impl<'a> Bytes<'a> {
    pub fn new(bytes: &'a [u8], columns: usize) -> Result<Self, Misfit> {
        if columns == 0 || !bytes.len().is_multiple_of(columns * COLOURS) {
            misfit!(
                "{} bytes are no rows of {columns} pixels of {COLOURS}",
                bytes.len()
            );
        }
        Ok(Self { bytes, columns })
    }

    fn rows(self) -> usize {
        self.bytes.len() / (self.columns * COLOURS)
    }
}

/// A part of a picture, in pixels; `right` and `bottom` lie outside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
}

/// What becomes of a mean: `centre` is taken off, the rest is multiplied by `scale`.
#[derive(Clone, Copy, Debug)]
pub struct Values {
    pub centre: f32,
    pub scale: f32,
}

/// Brings each area to rows × columns pixels.
pub fn means(
    picture: Bytes<'_>,
    areas: &[Area],
    (rows, columns): (usize, usize),
    values: Values,
) -> Result<Maps, Misfit> {
    let mut maps = Maps::zeros(areas.len(), rows, columns, COLOURS);
    for (index, area) in areas.iter().enumerate() {
        let inside = area.left < area.right
            && area.right <= picture.columns
            && area.top < area.bottom
            && area.bottom <= picture.rows();
        if !inside {
            misfit!("{area:?} holds no pixels of the picture");
        }
        shrink(picture, *area, values, &mut maps, index);
    }
    Ok(maps)
}

fn shrink(picture: Bytes<'_>, area: Area, values: Values, maps: &mut Maps, index: usize) {
    let pitch = picture.columns * COLOURS;
    let (across, down) = (area.right - area.left, area.bottom - area.top);
    let (rows, columns) = (maps.rows, maps.columns);
    let windows: Vec<_> = (0..columns).map(|x| window(x, columns, across)).collect();
    let mut sums = vec![0_u32; across * COLOURS];
    for y in 0..rows {
        let (top, bottom) = window(y, rows, down);
        let start = (area.top + top) * pitch + area.left * COLOURS;
        let end = (area.top + bottom - 1) * pitch + area.right * COLOURS;
        add_rows(&picture.bytes[start..end], pitch, &mut sums);
        let (pixels, _) = sums.as_chunks::<COLOURS>();
        let at = maps.at(index, y, 0);
        let (line, _) = maps.values[at..at + columns * COLOURS].as_chunks_mut::<COLOURS>();
        for (to, (left, right)) in line.iter_mut().zip(&windows) {
            let mut total = [0_u32; COLOURS];
            for pixel in &pixels[*left..*right] {
                for (total, value) in total.iter_mut().zip(pixel) {
                    *total += value;
                }
            }
            let share = 1.0 / ((bottom - top) * (right - left)) as f32;
            for (to, total) in to.iter_mut().zip(total) {
                *to = (total as f32 * share - values.centre) * values.scale;
            }
        }
    }
}

fn window(index: usize, count: usize, length: usize) -> (usize, usize) {
    let start = index * length / count;
    (start, ((index + 1) * length).div_ceil(count))
}

/// Sums the columns of rows that begin `pitch` bytes apart.
fn add_rows(bytes: &[u8], pitch: usize, sums: &mut [u32]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has the instructions.
        unsafe { add_rows_avx2(bytes, pitch, sums) };
        return;
    }
    add_rows_anywhere(bytes, pitch, sums);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_rows_avx2(bytes: &[u8], pitch: usize, sums: &mut [u32]) {
    add_rows_anywhere(bytes, pitch, sums);
}

/// Plain arithmetic, of which the compiler makes what the processor has.
#[inline(always)]
fn add_rows_anywhere(bytes: &[u8], pitch: usize, sums: &mut [u32]) {
    let (strips, rest) = sums.as_chunks_mut::<STRIP>();
    for (index, sums) in strips.iter_mut().enumerate() {
        *sums = [0; STRIP];
        for rows in bytes[index * STRIP..].chunks(pitch * ROWS_AT_ONCE) {
            let mut few = [0_u16; STRIP];
            let mut at = 0;
            while let Some(row) = rows.get(at..).and_then(<[u8]>::first_chunk::<STRIP>) {
                for (sum, value) in few.iter_mut().zip(row) {
                    *sum += u16::from(*value);
                }
                at += pitch;
            }
            for (sum, few) in sums.iter_mut().zip(few) {
                *sum += u32::from(few);
            }
        }
    }
    rest.fill(0);
    for row in bytes[strips.len() * STRIP..].chunks(pitch) {
        for (sum, value) in rest.iter_mut().zip(row) {
            *sum += u32::from(*value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AS_THEY_ARE: Values = Values {
        centre: 0.0,
        scale: 1.0,
    };

    fn noise(count: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..count).map(next).collect()
    }

    /// The mean of an area as one would write it, in 64 bits.
    fn mean(bytes: &[u8], columns: usize, area: Area, colour: usize) -> f64 {
        let (mut sum, mut count) = (0.0, 0.0);
        for row in area.top..area.bottom {
            for column in area.left..area.right {
                sum += f64::from(bytes[(row * columns + column) * COLOURS + colour]);
                count += 1.0;
            }
        }
        sum / count
    }

    #[test]
    fn each_pixel_is_the_mean_of_the_area_under_it() {
        let (columns, height) = (83, 600);
        let bytes = noise(columns * height * COLOURS);
        let picture = Bytes::new(&bytes, columns).unwrap();
        let areas = [
            [0, 0, columns, height],
            [3, 20, 80, 590],
            [10, 599, 44, 600],
            [40, 7, 41, 9],
        ]
        .map(|[left, top, right, bottom]| Area {
            left,
            top,
            right,
            bottom,
        });
        for (rows, across) in [(1, 1), (7, 12), (24, 24), (61, 90)] {
            let values = Values {
                centre: 127.5,
                scale: 0.25,
            };
            let maps = means(picture, &areas, (rows, across), values).unwrap();
            assert_eq!(maps.pixels().count(), areas.len() * rows * across);
            for (index, pixel) in maps.pixels().enumerate() {
                let area = areas[index / (rows * across)];
                let (y, x) = (index / across % rows, index % across);
                let (left, right) = window(x, across, area.right - area.left);
                let (top, bottom) = window(y, rows, area.bottom - area.top);
                let under = Area {
                    left: area.left + left,
                    right: area.left + right,
                    top: area.top + top,
                    bottom: area.top + bottom,
                };
                for (colour, found) in pixel.iter().enumerate() {
                    let expected = (mean(&bytes, columns, under, colour) - 127.5) * 0.25;
                    assert!(
                        (f64::from(*found) - expected).abs() < 1e-5,
                        "{area:?} at {x}, {y}: {found} for {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn neighbours_share_the_pixels_between_them() {
        let bytes = [10, 0, 9, 20, 0, 9, 40, 0, 9];
        let picture = Bytes::new(&bytes, 3).unwrap();
        let whole = Area {
            left: 0,
            top: 0,
            right: 3,
            bottom: 1,
        };
        let maps = means(picture, &[whole], (1, 2), AS_THEY_ARE).unwrap();
        assert_eq!(maps.to_planes(), [15.0, 30.0, 0.0, 0.0, 9.0, 9.0]);
    }

    #[test]
    fn a_white_picture_of_many_rows_stays_white() {
        let bytes = vec![255; 34 * 1000 * COLOURS];
        let picture = Bytes::new(&bytes, 34).unwrap();
        let whole = Area {
            left: 0,
            top: 0,
            right: 34,
            bottom: 1000,
        };
        let maps = means(picture, &[whole], (1, 1), AS_THEY_ARE).unwrap();
        for value in maps.to_planes() {
            assert!((value - 255.0).abs() < 1e-4, "{value}");
        }
    }

    #[test]
    fn an_area_beyond_the_picture_is_refused() {
        let bytes = [0; 4 * 5 * COLOURS];
        let picture = Bytes::new(&bytes, 4).unwrap();
        for [left, top, right, bottom] in [[0, 0, 5, 5], [0, 0, 4, 6], [2, 0, 2, 5], [0, 3, 4, 3]] {
            let area = Area {
                left,
                top,
                right,
                bottom,
            };
            assert!(means(picture, &[area], (1, 1), AS_THEY_ARE).is_err());
        }
        assert!(Bytes::new(&bytes, 7).is_err());
        assert!(Bytes::new(&bytes, 0).is_err());
    }
}
