//! The two steps of a convolutional network that candle has no fast way back through: a filter's reach laid out, and halving.
//!
//! Maps lie (pictures, rows, columns, channels), so that a convolution is one product of matrices.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

/// A filter's side.
const SIDE: usize = 3;

/// Lays the 3×3 pixels under every place of a filter in a row: (places, 9 × channels).
#[derive(Clone, Copy)]
pub(crate) struct Unfold {
    pub(crate) stride: usize,
    pub(crate) padding: usize,
}

impl Unfold {
    /// Calls `each` with where a pixel's channels lie in the maps and in the unfolded matrix.
    fn places(self, [rows, columns]: [usize; 2], mut each: impl FnMut(usize, usize)) {
        for row in 0..self.steps(rows) {
            for column in 0..self.steps(columns) {
                let place = row * self.steps(columns) + column;
                for reach in 0..SIDE * SIDE {
                    let y = row * self.stride + reach / SIDE;
                    let x = column * self.stride + reach % SIDE;
                    let inside = (self.padding..rows + self.padding).contains(&y)
                        && (self.padding..columns + self.padding).contains(&x);
                    if inside {
                        let pixel = (y - self.padding) * columns + x - self.padding;
                        each(pixel, place * SIDE * SIDE + reach);
                    }
                }
            }
        }
    }

    /// Over how many places a filter steps along so many pixels.
    pub(crate) fn steps(self, length: usize) -> usize {
        (length + 2 * self.padding - SIDE) / self.stride + 1
    }
}

impl CustomOp1 for Unfold {
    fn name(&self) -> &'static str {
        "unfold"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (pictures, rows, columns, channels) = layout.shape().dims4()?;
        let values = lying(storage, layout)?;
        let places = self.steps(rows) * self.steps(columns);
        let reach = SIDE * SIDE * channels;
        let mut out = vec![0.0_f32; pictures * places * reach];
        out.par_chunks_mut(places * reach)
            .zip(values.par_chunks(rows * columns * channels))
            .for_each(|(out, values)| {
                self.places([rows, columns], |pixel, place| {
                    out[place * channels..][..channels]
                        .copy_from_slice(&values[pixel * channels..][..channels]);
                });
            });
        Ok((
            CpuStorage::F32(out),
            Shape::from((pictures * places, reach)),
        ))
    }

    fn bwd(&self, arg: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (pictures, rows, columns, channels) = arg.dims4()?;
        let places = self.steps(rows) * self.steps(columns);
        let grads = grad.flatten_all()?.to_vec1::<f32>()?;
        let mut out = vec![0.0_f32; pictures * rows * columns * channels];
        out.par_chunks_mut(rows * columns * channels)
            .zip(grads.par_chunks(places * SIDE * SIDE * channels))
            .for_each(|(out, grads)| {
                self.places([rows, columns], |pixel, place| {
                    let to = &mut out[pixel * channels..][..channels];
                    for (to, from) in to.iter_mut().zip(&grads[place * channels..]) {
                        *to += *from;
                    }
                });
            });
        Ok(Some(Tensor::from_vec(out, arg.shape(), arg.device())?))
    }
}

/// Keeps the largest of every 2×2 pixels, channel by channel.
#[derive(Clone, Copy)]
pub(crate) struct Halve;

impl Halve {
    /// Where the largest of the four lies, for every number of the halved map.
    fn largest(
        values: &[f32],
        [columns, channels]: [usize; 2],
    ) -> impl Iterator<Item = usize> + '_ {
        let across = columns / 2 * channels;
        let rows = values.len() / (columns * channels) / 2;
        (0..rows * across).map(move |index| {
            let (row, rest) = (index / across, index % across);
            let (column, channel) = (rest / channels, rest % channels);
            let first = (row * 2 * columns + column * 2) * channels + channel;
            let below = first + columns * channels;
            [first + channels, below, below + channels]
                .into_iter()
                .fold(
                    first,
                    |most, at| {
                        if values[at] > values[most] { at } else { most }
                    },
                )
        })
    }
}

impl CustomOp1 for Halve {
    fn name(&self) -> &'static str {
        "halve"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (pictures, rows, columns, channels) = layout.shape().dims4()?;
        let values = lying(storage, layout)?;
        let size = rows * columns * channels;
        let mut out = vec![0.0_f32; pictures * size / 4];
        out.par_chunks_mut(size / 4)
            .zip(values.par_chunks(size))
            .for_each(|(out, values)| {
                let largest = Self::largest(values, [columns, channels]);
                for (out, at) in out.iter_mut().zip(largest) {
                    *out = values[at];
                }
            });
        let shape = Shape::from((pictures, rows / 2, columns / 2, channels));
        Ok((CpuStorage::F32(out), shape))
    }

    fn bwd(&self, arg: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (_, rows, columns, channels) = arg.dims4()?;
        let size = rows * columns * channels;
        let values = arg.flatten_all()?.to_vec1::<f32>()?;
        let grads = grad.flatten_all()?.to_vec1::<f32>()?;
        let mut out = vec![0.0_f32; values.len()];
        out.par_chunks_mut(size)
            .zip(values.par_chunks(size))
            .zip(grads.par_chunks(size / 4))
            .for_each(|((out, values), grads)| {
                let largest = Self::largest(values, [columns, channels]);
                for (grad, at) in grads.iter().zip(largest) {
                    out[at] = *grad;
                }
            });
        Ok(Some(Tensor::from_vec(out, arg.shape(), arg.device())?))
    }
}

/// The numbers of a tensor that lies in one piece.
fn lying<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!("the maps do not lie in one piece");
    };
    Ok(&storage.as_slice::<f32>()?[start..end])
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    fn numbers(count: usize) -> Vec<f32> {
        (0..count)
            .map(|i| (i * 37 % 101) as f32 / 50.0 - 1.0)
            .collect()
    }

    /// candle's own convolution and pooling, forwards and back.
    #[test]
    fn both_agree_with_candle_forwards_and_back() {
        let device = Device::Cpu;
        for (stride, padding) in [(1, 0), (1, 1), (2, 1)] {
            let unfold = Unfold { stride, padding };
            let maps = Tensor::from_vec(numbers(2 * 8 * 4 * 3), (2, 8, 4, 3), &device).unwrap();
            let maps = Var::from_tensor(&maps).unwrap();
            let filters = Tensor::from_vec(numbers(5 * 3 * 9), (5, 3, 3, 3), &device).unwrap();
            let matrix = filters.permute((2, 3, 1, 0)).unwrap();
            let matrix = matrix.contiguous().unwrap().reshape((27, 5)).unwrap();
            let ours = maps.apply_op1(unfold).unwrap();
            let side = (unfold.steps(8), unfold.steps(4));
            let ours = ours
                .matmul(&matrix)
                .unwrap()
                .reshape((2, side.0, side.1, 5))
                .unwrap();
            let ours = ours.apply_op1(Halve).unwrap();
            let planes = maps.permute((0, 3, 1, 2)).unwrap().contiguous().unwrap();
            let theirs = planes.conv2d(&filters, padding, stride, 1, 1).unwrap();
            // Not by its own pooling, whose way back gives the largest of four a quarter of what is due.
            let halves = (2, 5, side.0 / 2, 2, side.1 / 2, 2);
            let theirs = theirs.reshape(halves).unwrap().max(5).unwrap();
            let theirs = theirs.max(3).unwrap().permute((0, 2, 3, 1)).unwrap();
            assert_close(&ours, &theirs);
            let grad = |maps_: &Tensor| {
                let grads = maps_.sqr().unwrap().sum_all().unwrap().backward().unwrap();
                grads.get(&maps).unwrap().clone()
            };
            assert_close(&grad(&ours), &grad(&theirs));
        }
    }

    fn assert_close(ours: &Tensor, theirs: &Tensor) {
        assert_eq!(ours.dims(), theirs.dims());
        let apart = (ours - theirs).unwrap().abs().unwrap().max_all().unwrap();
        assert!(apart.to_scalar::<f32>().unwrap() < 1e-4);
    }
}
