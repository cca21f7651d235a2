//! Feature maps laid out for the kernels: channels last, zeros around each picture.

use crate::buffers::Buffer;
use crate::error::{Misfit, misfit};

/// Numbers after the last picture, so that a whole vector may be read from its last pixel.
const SLACK: usize = 16;

/// Maps of several pictures of one size.
///
/// The numbers of one pixel stand together, channel after channel; rows follow each other `pitch`
/// pixels apart. One row of zeros stands above and below a picture and one column between two rows,
/// which closes the one and opens the next, so that a filter of 3×3 may look one pixel beyond any
/// edge, and the pixels of a whole picture lie evenly in one line.
#[derive(Clone)]
pub struct Maps {
    pub(crate) pictures: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) channels: usize,
    pub(crate) values: Buffer,
}

impl Maps {
    /// Maps whose borders are zeros; what is within is for the caller to write.
    pub(crate) fn bordered(pictures: usize, rows: usize, columns: usize, channels: usize) -> Self {
        let size = picture_size(rows, columns, channels);
        let mut maps = Self {
            pictures,
            rows,
            columns,
            channels,
            values: Buffer::of(pictures * size + SLACK),
        };
        let (pitch, above) = (maps.pitch() * channels, (maps.pitch() + 1) * channels);
        for picture in 0..pictures {
            let values = &mut maps.values[picture * size..][..size];
            values[..above].fill(0.0);
            for row in 1..=rows {
                values[row * pitch..][..channels].fill(0.0);
            }
            values[(rows + 1) * pitch..].fill(0.0);
        }
        maps.values[pictures * size..].fill(0.0);
        maps
    }

    pub(crate) fn zeros(pictures: usize, rows: usize, columns: usize, channels: usize) -> Self {
        let mut maps = Self::bordered(pictures, rows, columns, channels);
        maps.values.fill(0.0);
        maps
    }

    /// Pictures whose rows `fill` writes, pixel after pixel: it is told the picture and the row.
    pub fn from_rows(
        [pictures, rows, columns, channels]: [usize; 4],
        mut fill: impl FnMut(usize, usize, &mut [f32]),
    ) -> Self {
        let mut maps = Self::bordered(pictures, rows, columns, channels);
        for picture in 0..pictures {
            for row in 0..rows {
                let start = maps.at(picture, row, 0);
                fill(
                    picture,
                    row,
                    &mut maps.values[start..][..columns * channels],
                );
            }
        }
        maps
    }

    /// From numbers laid out (pictures, channels, rows, columns).
    pub fn from_planes(
        values: &[f32],
        [pictures, channels, rows, columns]: [usize; 4],
    ) -> Result<Self, Misfit> {
        if values.len() != pictures * channels * rows * columns || values.is_empty() {
            misfit!(
                "{} numbers are not {pictures}×{channels}×{rows}×{columns}",
                values.len()
            );
        }
        let mut maps = Self::bordered(pictures, rows, columns, channels);
        let planes = values.chunks_exact(rows * columns);
        for (index, plane) in planes.enumerate() {
            let (picture, channel) = (index / channels, index % channels);
            for (row, line) in plane.chunks_exact(columns).enumerate() {
                let start = maps.at(picture, row, 0) + channel;
                let pixels = maps.values[start..].iter_mut().step_by(channels);
                for (to, from) in pixels.zip(line) {
                    *to = *from;
                }
            }
        }
        Ok(maps)
    }

    /// The numbers laid out (pictures, channels, rows, columns).
    pub fn to_planes(&self) -> Vec<f32> {
        let (rows, columns, channels) = (self.rows, self.columns, self.channels);
        let mut values = Vec::with_capacity(self.pictures * channels * rows * columns);
        for picture in 0..self.pictures {
            for channel in 0..channels {
                for row in 0..rows {
                    let start = self.at(picture, row, 0) + channel;
                    let pixels = self.values[start..].iter().step_by(channels);
                    values.extend(pixels.take(columns));
                }
            }
        }
        values
    }

    /// The numbers of every pixel, row by row, picture after picture.
    pub fn pixels(&self) -> impl Iterator<Item = &[f32]> {
        let lines = (0..self.pictures * self.rows).map(|line| {
            let start = self.at(line / self.rows, line % self.rows, 0);
            &self.values[start..start + self.columns * self.channels]
        });
        lines.flat_map(|line| line.chunks_exact(self.channels))
    }

    /// Each picture as one pixel of a single line: its numbers are that pixel's channels. A layer
    /// that reads whole maps is a filter of 1×1 there.
    #[must_use]
    pub fn in_a_line(&self) -> Self {
        let channels = self.rows * self.columns * self.channels;
        let mut line = Self::zeros(1, 1, self.pictures, channels);
        let start = line.at(0, 0, 0);
        let numbers = self.pixels().flatten();
        for (to, from) in line.values[start..].iter_mut().zip(numbers) {
            *to = *from;
        }
        line
    }

    pub fn pictures(&self) -> usize {
        self.pictures
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn columns(&self) -> usize {
        self.columns
    }

    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Pixels from one row to the next.
    pub(crate) fn pitch(&self) -> usize {
        self.columns + 1
    }

    /// Numbers from one picture to the next.
    pub(crate) fn picture_size(&self) -> usize {
        picture_size(self.rows, self.columns, self.channels)
    }

    /// Where a pixel's numbers begin.
    pub(crate) fn at(&self, picture: usize, row: usize, column: usize) -> usize {
        let pixel = (row + 1) * self.pitch() + column + 1;
        picture * self.picture_size() + pixel * self.channels
    }

    pub(crate) fn refuse_unless(&self, channels: usize) -> Result<(), Misfit> {
        if self.channels != channels {
            misfit!(
                "maps of {} channels for a layer of {channels}",
                self.channels
            );
        }
        Ok(())
    }
}

/// What a picture takes: its rows, the zeros above and below, and the two corners that a filter reaches.
fn picture_size(rows: usize, columns: usize, channels: usize) -> usize {
    ((rows + 2) * (columns + 1) + 2) * channels
}

impl std::fmt::Debug for Maps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            pictures,
            rows,
            columns,
            channels,
            ..
        } = self;
        write!(f, "Maps({pictures}×{rows}×{columns}×{channels}, …)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_as_they_went_in() {
        let values: Vec<f32> = (0..2 * 3 * 4 * 5).map(|i| i as f32).collect();
        let maps = Maps::from_planes(&values, [2, 3, 4, 5]).unwrap();
        assert_eq!(maps.to_planes(), values);
        // Nothing but the pictures' own numbers was written: the rest is zero, as the first one is.
        let written = maps.values.iter().filter(|value| **value != 0.0).count();
        assert_eq!(written, values.len() - 1);
        let rows = Maps::from_rows([2, 4, 5, 3], |picture, row, pixels| {
            for (index, value) in pixels.iter_mut().enumerate() {
                let (column, channel) = (index / 3, index % 3);
                *value = values[((picture * 3 + channel) * 4 + row) * 5 + column];
            }
        });
        assert_eq!(rows.values[..], maps.values[..]);
        let line = maps.in_a_line();
        let shape = (line.pictures, line.rows, line.columns, line.channels);
        assert_eq!(shape, (1, 1, 2, 60));
        let pixels: Vec<f32> = maps.pixels().flatten().copied().collect();
        assert_eq!(line.pixels().next(), Some(&pixels[..60]));
        assert_eq!(line.pixels().nth(1), Some(&pixels[60..]));
        // Row 1, column 2 of the first picture: a channel is a plane of 4×5.
        assert_eq!(pixels[7 * 3..8 * 3], [7.0, 27.0, 47.0]);
        assert!(Maps::from_planes(&values, [2, 3, 4, 4]).is_err());
        assert!(Maps::from_planes(&[], [0, 3, 4, 4]).is_err());
    }
}
