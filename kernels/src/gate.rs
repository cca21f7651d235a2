//! The means of maps, and maps weighed by what a network makes of their means: squeeze and excitation.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "registers are filled from pointers, by instructions that the processor was asked for"
)]

use crate::error::{Misfit, misfit};
use crate::lanes::{Kernel, Lanes};
use crate::machine::Machine;
use crate::maps::Maps;

/// The mean of each channel over each picture: maps of one pixel.
pub fn means(maps: &Maps) -> Maps {
    let mut means = Maps::zeros(maps.pictures, 1, 1, maps.channels);
    Machine::best().run(Sum {
        maps,
        means: &mut means,
    });
    let share = 1.0 / (maps.rows * maps.columns) as f32;
    for mean in means.values.iter_mut() {
        *mean *= share;
    }
    means
}

/// Multiplies each channel of each picture by a weight of its own, between 0 and 1: `weights` are maps of
/// one pixel, bent by the logistic function. Then adds `rest`, if there is any.
pub fn gate(maps: &mut Maps, weights: &Maps, rest: Option<&Maps>) -> Result<(), Misfit> {
    let shape = |maps: &Maps| [maps.pictures, maps.rows, maps.columns, maps.channels];
    if shape(weights) != [maps.pictures, 1, 1, maps.channels]
        || rest.is_some_and(|rest| shape(rest) != shape(maps))
    {
        misfit!("{weights:?} to weigh {maps:?}, and {rest:?} to add");
    }
    let mut logistic = weights.clone();
    for value in logistic.values.iter_mut() {
        *value = 1.0 / (1.0 + (-*value).exp());
    }
    Machine::best().run(Gate {
        maps,
        weights: &logistic,
        rest,
    });
    Ok(())
}

struct Sum<'a> {
    maps: &'a Maps,
    means: &'a mut Maps,
}

impl Kernel for Sum<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let (maps, means) = (self.maps, self.means);
        for picture in 0..maps.pictures {
            for channel in (0..maps.channels).step_by(L::WIDTH) {
                // SAFETY: the caller has found the machine; the last pixel has a vector's room after it. What is
                // written beyond the last channel is the zeros of a border, and becomes zero again below.
                unsafe {
                    let mut sum = L::splat(0.0);
                    for row in 0..maps.rows {
                        let from = maps.values.as_ptr().add(maps.at(picture, row, 0) + channel);
                        for column in 0..maps.columns {
                            sum = sum.plus(L::load(from.add(column * maps.channels)));
                        }
                    }
                    let to = means.at(picture, 0, 0) + channel;
                    let mut sums = [0.0_f32; 16];
                    sum.store(sums.as_mut_ptr());
                    let left = (maps.channels - channel).min(L::WIDTH);
                    means.values[to..to + left].copy_from_slice(&sums[..left]);
                }
            }
        }
    }
}

struct Gate<'a> {
    maps: &'a mut Maps,
    weights: &'a Maps,
    rest: Option<&'a Maps>,
}

impl Kernel for Gate<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Self {
            maps,
            weights,
            rest,
        } = self;
        let whole = maps.channels - maps.channels % L::WIDTH;
        for picture in 0..maps.pictures {
            let weights = &weights.values[weights.at(picture, 0, 0)..][..maps.channels];
            for row in 0..maps.rows {
                for column in 0..maps.columns {
                    let at = maps.at(picture, row, column);
                    let rest = rest.map(|rest| &rest.values[at..][..maps.channels]);
                    let pixel = &mut maps.values[at..][..weights.len()];
                    for channel in (0..whole).step_by(L::WIDTH) {
                        // SAFETY: the caller has found the machine; all three have a vector from here on.
                        unsafe {
                            let to = pixel.as_mut_ptr().add(channel);
                            let start = match rest {
                                Some(rest) => L::load(rest.as_ptr().add(channel)),
                                None => L::splat(0.0),
                            };
                            let weight = L::load(weights.as_ptr().add(channel));
                            start.plus_product(L::load(to), weight).store(to);
                        }
                    }
                    for channel in whole..weights.len() {
                        let start = rest.map_or(0.0, |rest| rest[channel]);
                        pixel[channel] = start + pixel[channel] * weights[channel];
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crooked::crooked;

    #[test]
    fn means_and_gates_are_what_the_books_say() {
        for channels in [3, 16, 21, 64] {
            let size = channels * 5 * 4;
            let (values, others) = (crooked(2 * size, 0.7), crooked(2 * size, 1.1));
            let maps = Maps::from_planes(&values, [2, channels, 5, 4]).unwrap();
            let rest = Maps::from_planes(&others, [2, channels, 5, 4]).unwrap();
            let weights = crooked(2 * channels, 0.3);
            let weights_there = Maps::from_planes(&weights, [2, channels, 1, 1]).unwrap();
            let found = means(&maps).to_planes();
            for (mean, plane) in found.iter().zip(values.chunks_exact(20)) {
                let expected: f32 = plane.iter().sum::<f32>() / 20.0;
                assert!((mean - expected).abs() < 1e-6);
            }
            for rest in [None, Some(&rest)] {
                let mut gated = maps.clone();
                gate(&mut gated, &weights_there, rest).unwrap();
                for (index, found) in gated.to_planes().into_iter().enumerate() {
                    let weight = 1.0 / (1.0 + (-weights[index / 20]).exp());
                    let start = rest.map_or(0.0, |_| others[index]);
                    let expected = start + values[index] * weight;
                    assert!((found - expected).abs() < 1e-6);
                }
            }
            assert!(gate(&mut maps.clone(), &maps, None).is_err());
            assert!(gate(&mut maps.clone(), &weights_there, Some(&weights_there)).is_err());
        }
    }
}
