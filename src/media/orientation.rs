//! How a stored picture is turned and mirrored to stand upright (pure).

/// One of the eight ways a picture can lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Orientation {
    /// Rows become columns.
    transposed: bool,
    /// Then the upright picture is mirrored left to right.
    flip_x: bool,
    /// And top to bottom.
    flip_y: bool,
}

impl Orientation {
    /// Reads a display matrix: nine 32-bit numbers in the machine's order, of which the first,
    /// second, fourth and fifth say where the stored axes point. A slanted matrix counts as the
    /// nearest quarter turn; a matrix that says nothing leaves the picture as it is.
    pub(super) fn from_matrix(bytes: &[u8]) -> Option<Self> {
        let number = |index: usize| -> Option<i64> {
            let word = bytes.get(index * 4..index * 4 + 4)?;
            Some(i64::from(i32::from_ne_bytes(word.try_into().ok()?)))
        };
        let (a, b, c, d) = (number(0)?, number(1)?, number(3)?, number(4)?);
        let straight = a.abs() + d.abs();
        let crossed = b.abs() + c.abs();
        if straight == 0 && crossed == 0 {
            return Some(Self::default());
        }
        let transposed = crossed > straight;
        let (x, y) = if transposed { (c, b) } else { (a, d) };
        Some(Self {
            transposed,
            flip_x: x < 0,
            flip_y: y < 0,
        })
    }

    /// The turn in degrees clockwise; of a mirrored picture, the turn that goes with its mirroring
    /// from left to right.
    pub(super) fn degrees(self) -> u16 {
        match (self.transposed, self.flip_x, self.flip_y) {
            (false, _, false) => 0,
            (false, _, true) => 180,
            (true, true, _) => 90,
            (true, false, _) => 270,
        }
    }

    /// Width and height of the upright picture.
    pub(super) fn size(self, width: u32, height: u32) -> (u32, u32) {
        if self.transposed {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Turns an RGB picture of `width` by `height` upright.
    pub(super) fn apply(self, rgb: Vec<u8>, width: u32, height: u32) -> Vec<u8> {
        if self == Self::default() {
            return rgb;
        }
        let (stored_width, stored_height) = (width as usize, height as usize);
        let (out_width, out_height) = self.size(width, height);
        let (out_width, out_height) = (out_width as usize, out_height as usize);
        let mut out = vec![0; rgb.len()];
        for (row, line) in out.chunks_exact_mut(out_width.max(1) * 3).enumerate() {
            let y = if self.flip_y {
                out_height - 1 - row
            } else {
                row
            };
            for (column, pixel) in line.chunks_exact_mut(3).enumerate() {
                let x = if self.flip_x {
                    out_width - 1 - column
                } else {
                    column
                };
                let (from_x, from_y) = if self.transposed { (y, x) } else { (x, y) };
                debug_assert!(from_x < stored_width && from_y < stored_height);
                let at = (from_y * stored_width + from_x) * 3;
                pixel.copy_from_slice(&rgb[at..at + 3]);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(a: i32, b: i32, c: i32, d: i32) -> Vec<u8> {
        [a, b, 0, c, d, 0, 0, 0, 1 << 30]
            .iter()
            .flat_map(|number| number.to_ne_bytes())
            .collect()
    }

    fn turned(a: i32, b: i32, c: i32, d: i32) -> (Vec<u8>, (u32, u32), u16) {
        let one = 1 << 16;
        let orientation =
            Orientation::from_matrix(&matrix(a * one, b * one, c * one, d * one)).unwrap();
        let picture = [1, 2, 3, 4, 5, 6]
            .iter()
            .flat_map(|&value| [value; 3])
            .collect();
        let values = orientation
            .apply(picture, 3, 2)
            .chunks(3)
            .map(|pixel| pixel[0])
            .collect();
        (values, orientation.size(3, 2), orientation.degrees())
    }

    #[test]
    fn the_quarter_turns() {
        assert_eq!(turned(1, 0, 0, 1), (vec![1, 2, 3, 4, 5, 6], (3, 2), 0));
        assert_eq!(turned(0, 1, -1, 0), (vec![4, 1, 5, 2, 6, 3], (2, 3), 90));
        assert_eq!(turned(-1, 0, 0, -1), (vec![6, 5, 4, 3, 2, 1], (3, 2), 180));
        assert_eq!(turned(0, -1, 1, 0), (vec![3, 6, 2, 5, 1, 4], (2, 3), 270));
    }

    #[test]
    fn the_mirrored_ones() {
        assert_eq!(turned(-1, 0, 0, 1).0, vec![3, 2, 1, 6, 5, 4]);
        assert_eq!(turned(1, 0, 0, -1).0, vec![4, 5, 6, 1, 2, 3]);
        assert_eq!(turned(0, 1, 1, 0).0, vec![1, 4, 2, 5, 3, 6]);
    }

    #[test]
    fn a_matrix_that_says_nothing_changes_nothing() {
        assert_eq!(
            Orientation::from_matrix(&matrix(0, 0, 0, 0)),
            Some(Orientation::default())
        );
        assert_eq!(Orientation::from_matrix(&[0; 12]), None);
    }
}
