//! A bias a channel and, where asked, a bent line after it, in one pass over the numbers and in place.

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, bail};

/// Adds `bias` (one a channel) to `maps` (pictures, channels, …), multiplies what is negative by `slope`, and gives
/// `maps` back. It writes into the memory of `maps`, which has to be the caller's own.
pub fn bend(maps: Tensor, bias: &Tensor, slope: f32) -> Result<Tensor> {
    maps.inplace_op2(bias, &Bend { slope })?;
    Ok(maps)
}

/// The slope that leaves a number as it is.
pub const STRAIGHT: f32 = 1.0;
/// The slope of a rectifier.
pub const RECTIFIED: f32 = 0.0;

struct Bend {
    slope: f32,
}

impl InplaceOp2 for Bend {
    fn name(&self) -> &'static str {
        "bend"
    }

    fn cpu_fwd(
        &self,
        maps: &mut CpuStorage,
        maps_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<()> {
        let Some((start, end)) = maps_layout.contiguous_offsets() else {
            bail!("bend: the maps are not contiguous");
        };
        let bias = numbers(bias, bias_layout)?;
        let dims = maps_layout.dims();
        if dims.len() < 2 || dims[1] != bias.len() {
            bail!("bend: {dims:?} for {} biases", bias.len());
        }
        let area: usize = dims[2..].iter().product();
        let CpuStorage::F32(maps) = maps else {
            bail!("bend: not 32-bit floats");
        };
        if area == 0 {
            return Ok(());
        }
        for (index, map) in maps[start..end].chunks_exact_mut(area).enumerate() {
            let bias = bias[index % bias.len()];
            for value in map {
                let sum = *value + bias;
                *value = sum.max(0.0) + self.slope * sum.min(0.0);
            }
        }
        Ok(())
    }
}

/// The numbers of a contiguous tensor of 32-bit floats.
pub(super) fn numbers<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!("the operation takes contiguous tensors");
    };
    let CpuStorage::F32(values) = storage else {
        bail!("the operation takes 32-bit floats");
    };
    Ok(&values[start..end])
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;

    #[test]
    fn biases_go_to_their_channels_and_negatives_are_bent() {
        let maps = Tensor::new(
            &[[[1_f32, -3.0], [0.5, -4.0]], [[-1.0, 2.0], [0.0, 3.0]]],
            &Device::Cpu,
        );
        let bias = Tensor::new(&[1_f32, -1.0], &Device::Cpu).unwrap();
        let bent = bend(maps.unwrap(), &bias, 0.5).unwrap();
        assert_eq!(
            bent.to_vec3::<f32>().unwrap(),
            [[[2.0, -1.0], [-0.25, -2.5]], [[0.0, 3.0], [-0.5, 2.0]]]
        );
    }

    #[test]
    fn a_bias_of_another_length_is_refused() {
        let maps = Tensor::zeros((1, 3, 2, 2), DType::F32, &Device::Cpu).unwrap();
        let bias = Tensor::zeros(2, DType::F32, &Device::Cpu).unwrap();
        assert!(bend(maps, &bias, STRAIGHT).is_err());
    }
}
