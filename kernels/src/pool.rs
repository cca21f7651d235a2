//! Maps made smaller: the largest, or the mean, of windows that step by two.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "registers are filled from pointers, by instructions that the processor was asked for"
)]

use std::ops::Range;

use crate::error::{Misfit, misfit};
use crate::finish::Target;
use crate::lanes::{Kernel, Lanes};
use crate::machine::Machine;
use crate::maps::Maps;
use crate::team;

/// The largest of windows of side×side in steps of two. `overhang` counts windows that hang over the
/// right or the lower edge.
pub fn max_pool(maps: &Maps, side: usize, overhang: bool) -> Result<Maps, Misfit> {
    max_pool_on(Machine::best(), maps, side, overhang)
}

/// The largest of windows of 2×2 in steps of two, in the first channels of wider maps of zeros.
pub fn max_pool_wider(maps: &Maps, channels: usize) -> Result<Maps, Misfit> {
    let (rows, columns) = (maps.rows / 2, maps.columns / 2);
    if rows == 0 || columns == 0 || maps.channels > channels {
        misfit!("{maps:?} halved are larger than {rows}×{columns}×{channels}");
    }
    let mut out = Maps::zeros(maps.pictures, rows, columns, channels);
    largest_into(Machine::best(), maps, 2, &mut out);
    Ok(out)
}

fn max_pool_on(machine: Machine, maps: &Maps, side: usize, overhang: bool) -> Result<Maps, Misfit> {
    let of = |length: usize| {
        let free = length.checked_sub(side)?;
        Some(if overhang { free.div_ceil(2) } else { free / 2 } + 1)
    };
    let (Some(rows), Some(columns)) = (of(maps.rows), of(maps.columns)) else {
        misfit!("{maps:?} are smaller than a window of {side}");
    };
    let mut out = Maps::bordered(maps.pictures, rows, columns, maps.channels);
    largest_into(machine, maps, side, &mut out);
    Ok(out)
}

fn largest_into(machine: Machine, maps: &Maps, side: usize, out: &mut Maps) {
    let (rows, columns) = (out.rows, out.columns);
    let to = Target::new(out, false);
    let lines = maps.pictures * rows;
    let strips = team::members().min(lines);
    team::split(strips, |strip| {
        machine.run(Largest {
            maps,
            side,
            rows,
            columns,
            to,
            lines: lines * strip / strips..lines * (strip + 1) / strips,
        });
    });
}

/// Some rows of largest numbers.
struct Largest<'a> {
    maps: &'a Maps,
    side: usize,
    rows: usize,
    columns: usize,
    to: Target,
    /// Counted through all pictures.
    lines: Range<usize>,
}

impl Kernel for Largest<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let maps = self.maps;
        for line in self.lines.clone() {
            let (picture, row) = (line / self.rows, line % self.rows);
            let down = self.side.min(maps.rows - 2 * row);
            for column in 0..self.columns {
                let across = self.side.min(maps.columns - 2 * column);
                let corner = maps.at(picture, 2 * row, 2 * column);
                for channel in (0..maps.channels).step_by(L::WIDTH) {
                    // SAFETY: the window lies in the maps, whose last pixel has a vector's room after
                    // it; the pixel that is written is this strip's own.
                    unsafe {
                        let from = maps.values.as_ptr().add(corner + channel);
                        let mut most = L::splat(f32::NEG_INFINITY);
                        for y in 0..down {
                            for x in 0..across {
                                let value = from.add((y * maps.pitch() + x) * maps.channels);
                                most = most.most(L::load(value));
                            }
                        }
                        let pixel = self.to.pixel(picture, row, column).add(channel);
                        let left = maps.channels - channel;
                        if left >= L::WIDTH {
                            most.store(pixel);
                        } else {
                            let mut part = [0.0_f32; 16];
                            most.store(part.as_mut_ptr());
                            pixel.copy_from_nonoverlapping(part.as_ptr(), left);
                        }
                    }
                }
            }
        }
    }
}

/// The means of windows of 2×2 in steps of two, in the first corner of larger maps of zeros.
pub fn mean_pool_into(
    maps: &Maps,
    rows: usize,
    columns: usize,
    channels: usize,
) -> Result<Maps, Misfit> {
    let (own_rows, own_columns) = (maps.rows / 2, maps.columns / 2);
    if own_rows > rows || own_columns > columns || maps.channels > channels {
        misfit!("{maps:?} halved are larger than {rows}×{columns}×{channels}");
    }
    let mut out = Maps::zeros(maps.pictures, rows, columns, channels);
    for picture in 0..maps.pictures {
        for row in 0..own_rows {
            for column in 0..own_columns {
                let at = out.at(picture, row, column);
                let pixel = &mut out.values[at..at + maps.channels];
                for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    let from = maps.at(picture, 2 * row + dy, 2 * column + dx);
                    let from = &maps.values[from..from + maps.channels];
                    for (sum, value) in pixel.iter_mut().zip(from) {
                        *sum += 0.25 * value;
                    }
                }
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maps(rows: usize, columns: usize) -> Maps {
        let values: Vec<f32> = (0..rows * columns).map(|index| index as f32).collect();
        Maps::from_planes(&values, [1, 1, rows, columns]).unwrap()
    }

    #[test]
    fn the_largest_of_each_window_stays() {
        for machine in Machine::all() {
            the_largest_stays_on(machine);
        }
    }

    fn the_largest_stays_on(machine: Machine) {
        let max_pool = |maps: &Maps, side, overhang| max_pool_on(machine, maps, side, overhang);
        // 0 1 2 3 4 / 5 6 7 8 9 / …: the largest is the lower right one.
        assert_eq!(
            max_pool(&maps(5, 5), 3, false).unwrap().to_planes(),
            [12.0, 14.0, 22.0, 24.0]
        );
        assert_eq!(max_pool(&maps(3, 3), 2, false).unwrap().to_planes(), [4.0]);
        // A window over the edge sees what is there.
        assert_eq!(
            max_pool(&maps(3, 3), 2, true).unwrap().to_planes(),
            [4.0, 5.0, 7.0, 8.0]
        );
        let negative = Maps::from_planes(&[-3.0, -1.0, -2.0, -4.0], [1, 1, 2, 2]).unwrap();
        assert_eq!(max_pool(&negative, 2, true).unwrap().to_planes(), [-1.0]);
        assert!(max_pool(&maps(5, 5), 6, true).is_err());
    }

    #[test]
    fn wider_maps_have_the_largest_first_and_zeros_after() {
        let found = max_pool_wider(&maps(4, 5), 3).unwrap();
        let mut expected = vec![6.0, 8.0, 16.0, 18.0];
        expected.resize(12, 0.0);
        assert_eq!(found.to_planes(), expected);
        assert!(max_pool_wider(&found, 2).is_err());
        assert!(max_pool_wider(&maps(1, 5), 2).is_err());
    }

    #[test]
    fn the_mean_of_each_window_stands_in_the_first_corner() {
        let found = mean_pool_into(&maps(5, 4), 3, 2, 2).unwrap();
        assert_eq!(
            found.to_planes(),
            [2.5, 4.5, 10.5, 12.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
        );
        assert!(mean_pool_into(&maps(5, 4), 1, 2, 1).is_err());
    }
}
