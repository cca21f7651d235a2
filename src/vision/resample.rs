//! Shrinks a part of a picture by averaging the area under each new pixel.

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
}

/// Averages a region to width×height pixels and writes them one colour after the other
/// (red, green, blue), 0–255. The windows are those of torch's adaptive average pooling: each
/// reaches from the floor of its first edge to the ceiling of its last, so neighbours may share pixels.
///
/// `planes` holds 3×width×height values; the region lies inside the picture.
pub fn area_average(
    picture: &Picture,
    region: Region,
    (width, height): (usize, usize),
    planes: &mut [f32],
) {
    let stride = picture.width() as usize * 3;
    let across = region.right - region.left;
    let columns: Vec<_> = (0..width).map(|x| window(x, width, across)).collect();
    let mut sums = vec![0_u32; across * 3];
    let plane = width * height;
    for y in 0..height {
        let (top, bottom) = window(y, height, region.bottom - region.top);
        sums.fill(0);
        for row in top..bottom {
            let start = (region.top + row) * stride + region.left * 3;
            let pixels = &picture.rgb()[start..start + across * 3];
            for (sum, value) in sums.iter_mut().zip(pixels) {
                *sum += u32::from(*value);
            }
        }
        let rows = (bottom - top) as f32;
        for (x, (left, right)) in columns.iter().enumerate() {
            let mut total = [0_u32; 3];
            for pixel in sums[left * 3..right * 3].chunks_exact(3) {
                for (total, value) in total.iter_mut().zip(pixel) {
                    *total += value;
                }
            }
            for (colour, total) in total.into_iter().enumerate() {
                planes[colour * plane + y * width + x] =
                    total as f32 / rows / (right - left) as f32;
            }
        }
    }
}

fn window(index: usize, count: usize, length: usize) -> (usize, usize) {
    let start = index * length / count;
    (start, ((index + 1) * length).div_ceil(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: u32, height: u32, values: &[u8]) -> Picture {
        let rgb = values.iter().flat_map(|value| [*value, 0, 9]).collect();
        Picture::from_rgb(width, height, rgb).unwrap()
    }

    fn assert_same(found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len());
        let astray = |(a, b): (&f32, &f32)| (a - b).abs() > f32::EPSILON;
        assert!(!found.iter().zip(expected).any(astray), "{found:?}");
    }

    #[test]
    fn windows_share_the_pixels_between_them() {
        let picture = grey(3, 1, &[10, 20, 40]);
        let mut planes = [0.0; 6];
        area_average(&picture, Region::whole(&picture), (2, 1), &mut planes);
        assert_same(&planes, &[15.0, 30.0, 0.0, 0.0, 9.0, 9.0]);
    }

    #[test]
    fn a_small_region_is_repeated() {
        let picture = grey(2, 2, &[1, 2, 3, 4]);
        let region = Region {
            left: 1,
            top: 0,
            right: 2,
            bottom: 2,
        };
        let mut planes = [0.0; 24];
        area_average(&picture, region, (2, 4), &mut planes);
        assert_same(&planes[..8], &[2.0, 2.0, 2.0, 2.0, 4.0, 4.0, 4.0, 4.0]);
    }
}
