//! Brings tensors to the kernels and back: packs a convolution, lays a batch of pictures out.

use candle_core::{Device, Error, Result, Tensor};
use kernels::dense::{Dense, Filters, Geometry, Precision};
use kernels::depthwise::Depthwise;
use kernels::machine::Machine;
use kernels::maps::Maps;

/// The slope that leaves a negative number as it is.
pub const STRAIGHT: f32 = 1.0;
/// The slope of a rectifier.
pub const RECTIFIED: f32 = 0.0;

/// Packs filters (outputs, inputs, side, side) with a bias an output, for the processor at hand.
pub fn pack(filters: &Tensor, bias: &Tensor, slopes: &[f32], geometry: Geometry) -> Result<Dense> {
    pack_at(Precision::Full, filters, bias, slopes, geometry)
}

/// As [`pack`], at a precision.
pub fn pack_at(
    precision: Precision,
    filters: &Tensor,
    bias: &Tensor,
    slopes: &[f32],
    geometry: Geometry,
) -> Result<Dense> {
    let (outputs, inputs, _, _) = filters.dims4()?;
    let weights = filters.flatten_all()?.to_vec1()?;
    let bias = bias.to_vec1()?;
    let filters = Filters {
        weights: &weights,
        bias: &bias,
        slopes,
        inputs,
        outputs,
        geometry,
        precision,
    };
    Dense::pack(Machine::best(), &filters).map_err(Error::wrap)
}

/// Packs filters (channels, 1, side, side) with a bias a channel, and one slope for all or one a channel.
pub fn pack_depthwise(
    filters: &Tensor,
    bias: &Tensor,
    slopes: &[f32],
    geometry: Geometry,
) -> Result<Depthwise> {
    let weights: Vec<f32> = filters.flatten_all()?.to_vec1()?;
    let bias: Vec<f32> = bias.to_vec1()?;
    Depthwise::pack(Machine::best(), &weights, &bias, slopes, geometry).map_err(Error::wrap)
}

/// Lays out (pictures, channels, rows, columns).
pub fn maps(pictures: &Tensor) -> Result<Maps> {
    let (count, channels, rows, columns) = pictures.dims4()?;
    let values = pictures.flatten_all()?.to_vec1()?;
    Maps::from_planes(&values, [count, channels, rows, columns]).map_err(Error::wrap)
}

/// The maps as (pictures, channels, rows, columns).
pub fn tensor(maps: &Maps) -> Result<Tensor> {
    let shape = (
        maps.pictures(),
        maps.channels(),
        maps.rows(),
        maps.columns(),
    );
    Tensor::from_vec(maps.to_planes(), shape, &Device::Cpu)
}

/// Packs a layer that multiplies each picture's numbers, maps of one pixel, by (outputs, inputs).
pub fn pack_linear(weights: &Tensor, bias: &Tensor) -> Result<Dense> {
    let (outputs, inputs) = weights.dims2()?;
    let geometry = Geometry {
        side: 1,
        stride: 1,
        padding: 0,
        overhang: false,
    };
    let filters = weights.reshape((outputs, inputs, 1, 1))?;
    pack(&filters, bias, &[STRAIGHT], geometry)
}
