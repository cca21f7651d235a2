//! Convolutions that mix all channels: filters packed once, by the way that suits them.

use crate::direct::Direct;
use crate::error::{Misfit, misfit};
use crate::finish::{Finish, Target};
use crate::machine::Machine;
use crate::maps::Maps;
#[cfg(target_arch = "x86_64")]
use crate::short::Short;
use crate::winograd::Winograd;

/// Side, stride and padding of a filter.
#[derive(Clone, Copy, Debug)]
pub struct Geometry {
    pub side: usize,
    pub stride: usize,
    /// 0, or 1 for a filter of 3×3.
    pub padding: usize,
    /// Whether a step of two may end one pixel beyond the right and the lower edge, over zeros.
    pub overhang: bool,
}

impl Geometry {
    /// Whether what a filter reads lies within a map and the zeros around it, one pixel on every side.
    pub(crate) fn is_sound(self) -> bool {
        let beyond = !self.overhang || (self.stride <= 2 && self.padding == 0);
        self.stride > 0 && self.padding <= 1 && beyond
    }

    /// Over how many places a filter steps; none where it is larger than the map.
    pub(crate) fn extent(self, length: usize) -> Option<usize> {
        let free = (length + 2 * self.padding).checked_sub(self.side)?;
        let steps = if self.overhang {
            free.div_ceil(self.stride)
        } else {
            free / self.stride
        };
        Some(steps + 1)
    }
}

/// How exactly a layer computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// With 24 bits of mantissa.
    #[default]
    Full,
    /// With 8 bits of mantissa where the processor's matrix tiles can do the layer, as far as [`Precision::is_here`].
    Reduced,
}

impl Precision {
    /// Whether this processor computes so.
    pub fn is_here(self) -> bool {
        match self {
            Self::Full => true,
            #[cfg(target_arch = "x86_64")]
            Self::Reduced => crate::amx::present(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Reduced => false,
        }
    }
}

/// A convolution as a network's file has it.
#[derive(Clone, Copy)]
pub struct Filters<'a> {
    /// (outputs, inputs, side, side).
    pub weights: &'a [f32],
    /// One an output.
    pub bias: &'a [f32],
    /// What a negative output is multiplied by: one for all, or one an output.
    pub slopes: &'a [f32],
    pub inputs: usize,
    pub outputs: usize,
    pub geometry: Geometry,
    pub precision: Precision,
}

/// A convolution with its bias, ready to run.
pub struct Dense {
    geometry: Geometry,
    inputs: usize,
    way: Way,
    finish: Finish,
}

pub(crate) enum Way {
    Direct(Direct),
    Winograd(Winograd),
    #[cfg(target_arch = "x86_64")]
    Short(Short),
}

impl Way {
    fn of(machine: Machine, filters: &Filters<'_>) -> Self {
        #[cfg(target_arch = "x86_64")]
        if filters.precision == Precision::Reduced
            && let Some(short) = Short::pack(filters)
        {
            return Self::Short(short);
        }
        match Winograd::pack(machine, filters) {
            Some(winograd) => Self::Winograd(winograd),
            None => Self::Direct(Direct::pack(machine, filters)),
        }
    }
}

impl std::fmt::Debug for Dense {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let outputs = self.finish.outputs;
        write!(f, "Dense({} → {outputs}, {:?})", self.inputs, self.geometry)
    }
}

impl Dense {
    /// Packs filters for a machine.
    pub fn pack(machine: Machine, filters: &Filters<'_>) -> Result<Self, Misfit> {
        let Filters {
            weights,
            bias,
            slopes,
            inputs,
            outputs,
            geometry,
            precision,
        } = *filters;
        if !precision.is_here() {
            misfit!("this processor has no matrix tiles for numbers of 8 bits of mantissa");
        }
        let reach = geometry.side * geometry.side * inputs;
        if weights.len() != outputs * reach || weights.is_empty() {
            misfit!(
                "{} weights are not {inputs} → {outputs}, {geometry:?}",
                weights.len()
            );
        }
        if bias.len() != outputs || slopes.is_empty() || !geometry.is_sound() {
            misfit!(
                "{outputs} outputs do not go with {} biases, {} slopes or {geometry:?}",
                bias.len(),
                slopes.len()
            );
        }
        let block = machine.width() * machine.vectors(outputs);
        Ok(Self {
            geometry,
            inputs,
            way: Way::of(machine, filters),
            finish: Finish::new(bias, slopes, outputs.div_ceil(block) * block),
        })
    }

    /// Runs over the maps.
    pub fn forward(&self, maps: &Maps) -> Result<Maps, Misfit> {
        let [rows, columns] = self.extent(maps)?;
        let mut out = Maps::bordered(maps.pictures, rows, columns, self.finish.outputs);
        self.run(maps, &mut out, false)?;
        Ok(out)
    }

    /// Runs over the maps and adds what it gives to `out`, from the first corner on; the slope comes
    /// after the sum. What `out` has beyond it, in rows, columns and channels, stays.
    pub fn add_to(&self, maps: &Maps, out: &mut Maps) -> Result<(), Misfit> {
        self.run(maps, out, true)
    }

    pub(crate) fn way(&self) -> (&Way, &Finish) {
        (&self.way, &self.finish)
    }

    pub(crate) fn outputs(&self) -> usize {
        self.finish.outputs
    }

    pub(crate) fn extent(&self, maps: &Maps) -> Result<[usize; 2], Misfit> {
        maps.refuse_unless(self.inputs)?;
        match (
            self.geometry.extent(maps.rows),
            self.geometry.extent(maps.columns),
        ) {
            (Some(rows), Some(columns)) => Ok([rows, columns]),
            _ => misfit!("{maps:?} are smaller than {:?}", self.geometry),
        }
    }

    fn run(&self, maps: &Maps, out: &mut Maps, adds: bool) -> Result<(), Misfit> {
        let [rows, columns] = self.extent(maps)?;
        let outputs = self.finish.outputs;
        if out.pictures != maps.pictures
            || out.rows < rows
            || out.columns < columns
            || out.channels < outputs
        {
            misfit!("{out:?} have no room for {rows}×{columns}×{outputs}");
        }
        let to = Target::new(out, adds);
        match &self.way {
            Way::Direct(direct) => direct.run(maps, [rows, columns], &self.finish, to),
            Way::Winograd(winograd) => winograd.run(maps, [rows, columns], &self.finish, to),
            #[cfg(target_arch = "x86_64")]
            Way::Short(short) => short.run(maps, &self.finish, to),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crooked::crooked;
    use crate::team;

    /// A layer and what it is made of.
    struct Made {
        weights: Vec<f32>,
        bias: Vec<f32>,
        slopes: Vec<f32>,
        inputs: usize,
        outputs: usize,
        geometry: Geometry,
    }

    impl Made {
        fn new(inputs: usize, outputs: usize, [side, stride, padding]: [usize; 3]) -> Self {
            Self {
                weights: crooked(outputs * inputs * side * side, 1.3),
                bias: crooked(outputs, 0.3),
                slopes: crooked(outputs, 0.9),
                inputs,
                outputs,
                geometry: Geometry {
                    side,
                    stride,
                    padding,
                    overhang: false,
                },
            }
        }

        fn layer(&self, machine: Machine) -> Result<Dense, Misfit> {
            Dense::pack(
                machine,
                &Filters {
                    weights: &self.weights,
                    bias: &self.bias,
                    slopes: &self.slopes,
                    inputs: self.inputs,
                    outputs: self.outputs,
                    geometry: self.geometry,
                    precision: Precision::Full,
                },
            )
        }

        /// The sum of a convolution as the books write it, in 64 bits, at one place.
        fn at(
            &self,
            maps: &[f32],
            [rows, columns]: [usize; 2],
            [picture, output, row, column]: [usize; 4],
        ) -> f64 {
            let Geometry {
                side,
                stride,
                padding,
                ..
            } = self.geometry;
            let mut sum = f64::from(self.bias[output]);
            for input in 0..self.inputs {
                for y in 0..side {
                    for x in 0..side {
                        let (Some(from), Some(across)) = (
                            (row * stride + y).checked_sub(padding),
                            (column * stride + x).checked_sub(padding),
                        ) else {
                            continue;
                        };
                        if from < rows && across < columns {
                            let value = maps[((picture * self.inputs + input) * rows + from)
                                * columns
                                + across];
                            let weight = self.weights
                                [((output * self.inputs + input) * side + y) * side + x];
                            sum += f64::from(value) * f64::from(weight);
                        }
                    }
                }
            }
            sum
        }

        fn bent(&self, sum: f64, output: usize) -> f32 {
            (sum.max(0.0) + f64::from(self.slopes[output]) * sum.min(0.0)) as f32
        }
    }

    #[test]
    fn every_machine_says_what_the_books_say() {
        for (geometry, overhang) in [
            ([3, 1, 1], false),
            ([3, 2, 0], false),
            ([3, 2, 0], true),
            ([7, 2, 0], false),
            ([3, 1, 0], false),
            ([1, 1, 0], false),
            ([2, 1, 0], false),
            ([3, 2, 1], false),
        ] {
            for (inputs, outputs) in [(3, 32), (32, 40), (5, 10), (16, 33), (8, 16)] {
                for [rows, columns] in [[9, 8], [17, 17], [7, 23], [10, 18]] {
                    let mut made = Made::new(inputs, outputs, geometry);
                    made.geometry.overhang = overhang;
                    let values = crooked(2 * inputs * rows * columns, 0.7);
                    let maps = Maps::from_planes(&values, [2, inputs, rows, columns]).unwrap();
                    for machine in Machine::all() {
                        let out = made.layer(machine).unwrap().forward(&maps).unwrap();
                        for (index, found) in out.to_planes().into_iter().enumerate() {
                            let (line, column) = (index / out.columns, index % out.columns);
                            let (plane, row) = (line / out.rows, line % out.rows);
                            let (picture, output) = (plane / outputs, plane % outputs);
                            let sum =
                                made.at(&values, [rows, columns], [picture, output, row, column]);
                            let expected = made.bent(sum, output);
                            assert!(
                                (found - expected).abs() < 1e-4,
                                "{machine:?} {geometry:?} {inputs}→{outputs} {rows}×{columns}: {found} for {expected}"
                            );
                        }
                    }
                }
            }
        }
    }

    /// An examination that is replayed must find the same numbers, whatever else the machine did meanwhile.
    #[test]
    fn neither_threads_nor_company_change_a_bit() {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(3)
            .build()
            .unwrap();
        for (inputs, outputs, geometry) in [
            (64, 64, [3, 1, 1]),
            (128, 128, [3, 1, 1]),
            (256, 256, [3, 1, 1]),
            (64, 128, [1, 1, 0]),
            (3, 32, [7, 2, 0]),
        ] {
            let layer = Made::new(inputs, outputs, geometry)
                .layer(Machine::best())
                .unwrap();
            let values = crooked(3 * inputs * 17 * 19, 0.7);
            let maps = |count: usize| {
                let values = &values[..count * inputs * 17 * 19];
                Maps::from_planes(values, [count, inputs, 17, 19]).unwrap()
            };
            let alone = layer.forward(&maps(1)).unwrap().to_planes();
            let company = layer.forward(&maps(3)).unwrap().to_planes();
            assert_eq!(alone, company[..alone.len()]);
            for _ in 0..20 {
                let shared =
                    pool.install(|| team::together(3, || layer.forward(&maps(3)).unwrap()));
                assert_eq!(shared.to_planes(), company);
            }
        }
    }

    #[test]
    fn a_sum_goes_to_the_first_corner_and_nowhere_else() {
        let made = Made::new(4, 6, [3, 1, 1]);
        let values = crooked(4 * 9, 0.7);
        let maps = Maps::from_planes(&values, [1, 4, 3, 3]).unwrap();
        for machine in Machine::all() {
            let mut out = Maps::from_planes(&[1.0; 8 * 4 * 5], [1, 8, 4, 5]).unwrap();
            made.layer(machine)
                .unwrap()
                .add_to(&maps, &mut out)
                .unwrap();
            for (index, found) in out.to_planes().into_iter().enumerate() {
                let (line, column) = (index / 5, index % 5);
                let (output, row) = (line / 4, line % 4);
                let expected = if output < 6 && row < 3 && column < 3 {
                    made.bent(
                        1.0 + made.at(&values, [3, 3], [0, output, row, column]),
                        output,
                    )
                } else {
                    1.0
                };
                assert!(
                    (found - expected).abs() < 1e-5,
                    "{machine:?} {output} {row} {column}"
                );
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let made = Made::new(3, 4, [3, 1, 0]);
        let layer = made.layer(Machine::best()).unwrap();
        let maps = |shape: [usize; 4]| {
            Maps::from_planes(&crooked(shape.iter().product(), 0.1), shape).unwrap()
        };
        assert!(layer.forward(&maps([1, 2, 5, 5])).is_err());
        assert!(layer.forward(&maps([1, 3, 2, 5])).is_err());
        assert!(
            layer
                .add_to(&maps([1, 3, 5, 5]), &mut maps([1, 4, 2, 3]))
                .is_err()
        );
        assert!(
            layer
                .add_to(&maps([1, 3, 5, 5]), &mut maps([2, 4, 3, 3]))
                .is_err()
        );
        let mut other = Made::new(3, 4, [3, 1, 0]);
        other.geometry.side = 5;
        assert!(other.layer(Machine::best()).is_err());
        let mut other = Made::new(3, 4, [3, 3, 0]);
        other.geometry.overhang = true;
        assert!(other.layer(Machine::best()).is_err());
        let mut other = Made::new(3, 4, [3, 1, 0]);
        other.bias.pop();
        assert!(other.layer(Machine::best()).is_err());
    }
}
