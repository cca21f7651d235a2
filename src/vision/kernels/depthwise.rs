//! A convolution that filters every channel for itself: candle runs it as one convolution a channel.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use crate::vision::kernels::bend::numbers;

/// Filters `maps` (pictures, channels, rows, columns) by `filters` (channels, 1, rows, columns), one a channel, with
/// zeros `padding` deep around each map.
pub fn depthwise(maps: &Tensor, filters: &Tensor, stride: usize, padding: usize) -> Result<Tensor> {
    maps.contiguous()?
        .apply_op2_no_bwd(&filters.contiguous()?, &Depthwise { stride, padding })
}

struct Depthwise {
    stride: usize,
    padding: usize,
}

/// One map's geometry.
#[derive(Clone, Copy)]
struct Plan {
    rows: usize,
    columns: usize,
    filter_rows: usize,
    filter_columns: usize,
    out_columns: usize,
    stride: usize,
    padding: usize,
}

impl CustomOp2 for Depthwise {
    fn name(&self) -> &'static str {
        "depthwise"
    }

    fn cpu_fwd(
        &self,
        maps: &CpuStorage,
        maps_layout: &Layout,
        filters: &CpuStorage,
        filters_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (pictures, channels, rows, columns) = maps_layout.shape().dims4()?;
        let (count, one, filter_rows, filter_columns) = filters_layout.shape().dims4()?;
        if count != channels || one != 1 {
            bail!("depthwise: {count}x{one} filters for {channels} channels");
        }
        let out_rows = self.extent(rows, filter_rows)?;
        let out_columns = self.extent(columns, filter_columns)?;
        let plan = Plan {
            rows,
            columns,
            filter_rows,
            filter_columns,
            out_columns,
            stride: self.stride,
            padding: self.padding,
        };
        let maps = numbers(maps, maps_layout)?;
        let filters = numbers(filters, filters_layout)?;
        let mut out = vec![0_f32; pictures * channels * out_rows * out_columns];
        out.par_chunks_exact_mut(out_rows * out_columns)
            .zip(maps.par_chunks_exact(rows * columns))
            .enumerate()
            .for_each(|(index, (out, map))| {
                let size = filter_rows * filter_columns;
                let filter = &filters[index % channels * size..][..size];
                plan.filter(map, filter, out);
            });
        let shape = Shape::from((pictures, channels, out_rows, out_columns));
        Ok((CpuStorage::F32(out), shape))
    }
}

impl Depthwise {
    fn extent(&self, extent: usize, filter: usize) -> Result<usize> {
        let padded = extent + 2 * self.padding;
        if self.stride == 0 || filter == 0 || filter > padded {
            bail!("depthwise: a filter of {filter} over {extent}");
        }
        Ok((padded - filter) / self.stride + 1)
    }
}

impl Plan {
    /// Adds one tap of the filter at a time over a whole row of the output, which the compiler turns into wide steps.
    fn filter(self, map: &[f32], filter: &[f32], out: &mut [f32]) {
        for (y, line) in out.chunks_exact_mut(self.out_columns).enumerate() {
            for dy in 0..self.filter_rows {
                let Some(row) = (y * self.stride + dy).checked_sub(self.padding) else {
                    continue;
                };
                if row >= self.rows {
                    break;
                }
                let source = &map[row * self.columns..][..self.columns];
                for dx in 0..self.filter_columns {
                    self.tap(source, filter[dy * self.filter_columns + dx], dx, line);
                }
            }
        }
    }

    fn tap(self, source: &[f32], weight: f32, dx: usize, line: &mut [f32]) {
        // The first column whose tap lies inside the map; taps before it fall on the padding.
        let first = self.padding.saturating_sub(dx).div_ceil(self.stride);
        let start = first * self.stride + dx - self.padding;
        let (Some(line), Some(source)) = (line.get_mut(first..), source.get(start..)) else {
            return;
        };
        if self.stride == 1 {
            for (sum, value) in line.iter_mut().zip(source) {
                *sum += weight * value;
            }
        } else {
            for (sum, value) in line.iter_mut().zip(source.iter().step_by(self.stride)) {
                *sum += weight * value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    fn ramp(shape: (usize, usize, usize, usize), step: f32) -> Tensor {
        let count = shape.0 * shape.1 * shape.2 * shape.3;
        let values: Vec<f32> = (0..count).map(|i| (i as f32 * step).sin()).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    #[test]
    fn it_agrees_with_candle_in_every_geometry() {
        for (rows, columns) in [(7, 9), (8, 8), (3, 3)] {
            for (filter, stride, padding) in [
                (3, 1, 1),
                (3, 2, 1),
                (3, 1, 0),
                (3, 2, 0),
                (2, 2, 1),
                (1, 2, 0),
            ] {
                let maps = ramp((2, 3, rows, columns), 0.7);
                let filters = ramp((3, 1, filter, filter), 1.3);
                let ours = depthwise(&maps, &filters, stride, padding).unwrap();
                let candle = maps.conv2d(&filters, padding, stride, 1, 3).unwrap();
                assert_eq!(ours.dims(), candle.dims());
                let gap = (ours - candle).unwrap().abs().unwrap();
                let gap = gap.max_all().unwrap().to_scalar::<f32>().unwrap();
                assert!(
                    gap < 1e-5,
                    "{gap} for {rows}x{columns}, {filter}/{stride}/{padding}"
                );
            }
        }
    }

    #[test]
    fn a_filter_larger_than_the_map_is_refused() {
        let maps = ramp((1, 1, 4, 4), 1.0);
        assert!(depthwise(&maps, &ramp((1, 1, 7, 7), 1.0), 1, 1).is_err());
        assert!(depthwise(&maps, &ramp((2, 1, 3, 3), 1.0), 1, 1).is_err());
    }
}
