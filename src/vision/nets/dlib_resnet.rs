//! dlib's face recognition network: a residual network of 29 convolutions, 150×150 RGB to 128 numbers.

use candle_core::{D, Result, Tensor};
use candle_nn::VarBuilder;

use crate::vision::kernels::bend::{RECTIFIED, STRAIGHT, bend};

/// Side of the picture that it takes.
pub const SIDE: u32 = 150;
const STEM: usize = 32;
const EMBEDDING: usize = 128;

/// Channels of each residual block in order, and whether it halves the maps; from dlib's `dnn_face_recognition_ex`
/// and confirmed by the order of the layers in its published weights.
const BLOCKS: [(usize, bool); 14] = [
    (32, false),
    (32, false),
    (32, false),
    (64, true),
    (64, false),
    (64, false),
    (64, false),
    (128, true),
    (128, false),
    (128, false),
    (256, true),
    (256, false),
    (256, false),
    (256, true),
];

/// The network with its weights.
#[derive(Debug)]
pub struct DlibResnet {
    stem: Convolution,
    blocks: Vec<Residual>,
    embed: Tensor,
}

impl DlibResnet {
    /// Takes the tensors by the names that `packs::convert::dlib_dat` gives them.
    pub fn new(weights: &VarBuilder) -> Result<Self> {
        let mut index = 1;
        let mut next = |inputs, outputs, geometry| {
            let layer = Convolution::new(weights, index, inputs, outputs, geometry);
            index += 1;
            layer
        };
        let stem = next(3, STEM, Geometry::new(7, 2, 0))?;
        let mut inputs = STEM;
        let mut blocks = Vec::with_capacity(BLOCKS.len());
        for (outputs, down) in BLOCKS {
            // dlib pads a convolution only when its stride is 1.
            let first = if down {
                Geometry::new(3, 2, 0)
            } else {
                Geometry::new(3, 1, 1)
            };
            blocks.push(Residual {
                first: next(inputs, outputs, first)?,
                second: next(outputs, outputs, Geometry::new(3, 1, 1))?,
                down,
            });
            inputs = outputs;
        }
        let embed = weights.get((inputs, EMBEDDING), "fc.weight")?;
        Ok(Self {
            stem,
            blocks,
            embed,
        })
    }

    /// (pictures, 3, 150, 150) with `(pixel - mean) / 256` to (pictures, 128).
    pub fn forward(&self, pictures: &Tensor) -> Result<Tensor> {
        let mut maps = self.stem.forward(pictures, RECTIFIED)?;
        maps = maps.max_pool2d_with_stride(3, 2)?;
        for block in &self.blocks {
            maps = block.forward(&maps)?;
        }
        maps.flatten_from(2)?.mean(D::Minus1)?.matmul(&self.embed)
    }
}

#[derive(Debug)]
struct Residual {
    first: Convolution,
    second: Convolution,
    down: bool,
}

impl Residual {
    fn forward(&self, input: &Tensor) -> Result<Tensor> {
        let maps = self.first.forward(input, RECTIFIED)?;
        let maps = self.second.forward(&maps, STRAIGHT)?;
        let sum = if self.down {
            add_padded(&maps, &input.avg_pool2d(2)?)?
        } else {
            (maps + input)?
        };
        sum.relu()
    }
}

/// dlib adds maps of different shapes as if zeros stood where one of them ends, in channels, rows and columns.
fn add_padded(left: &Tensor, right: &Tensor) -> Result<Tensor> {
    let (mut left, mut right) = (left.clone(), right.clone());
    for dim in 1..4 {
        let (a, b) = (left.dim(dim)?, right.dim(dim)?);
        left = left.pad_with_zeros(dim, 0, b.saturating_sub(a))?;
        right = right.pad_with_zeros(dim, 0, a.saturating_sub(b))?;
    }
    left + right
}

#[derive(Clone, Copy, Debug)]
struct Geometry {
    side: usize,
    stride: usize,
    padding: usize,
}

impl Geometry {
    fn new(side: usize, stride: usize, padding: usize) -> Self {
        Self {
            side,
            stride,
            padding,
        }
    }
}

/// A convolution with the affine layer after it folded into its filters and biases.
#[derive(Debug)]
struct Convolution {
    filters: Tensor,
    bias: Tensor,
    geometry: Geometry,
}

impl Convolution {
    fn new(
        weights: &VarBuilder,
        index: usize,
        inputs: usize,
        outputs: usize,
        geometry: Geometry,
    ) -> Result<Self> {
        let Geometry { side, .. } = geometry;
        let layer = weights.pp(format!("conv{index}"));
        let affine = weights.pp(format!("affine{index}"));
        let gamma = affine.get(outputs, "gamma")?;
        let filters = layer.get((outputs, inputs, side, side), "weight")?;
        let filters = filters.broadcast_mul(&gamma.reshape((outputs, 1, 1, 1))?)?;
        let bias = ((layer.get(outputs, "bias")? * gamma)? + affine.get(outputs, "beta")?)?;
        Ok(Self {
            filters,
            bias,
            geometry,
        })
    }

    fn forward(&self, maps: &Tensor, slope: f32) -> Result<Tensor> {
        let Geometry {
            stride, padding, ..
        } = self.geometry;
        let maps = maps.conv2d(&self.filters, padding, stride, 1, 1)?;
        bend(maps, &self.bias, slope)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn maps_of_different_shapes_are_added_from_their_first_corner() {
        let left = Tensor::ones((1, 2, 1, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
        let right = Tensor::ones((1, 1, 2, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
        let sum = add_padded(&left, &right).unwrap();
        let sum = sum.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(sum, [2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
    }
}
