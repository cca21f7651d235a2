//! A tensor as a reader takes it from a file of weights: a name, a shape and its numbers.

use std::fmt;

/// Row-major values; `values.len()` is the product of `shape`. Its `Debug` shows no number.
#[derive(Clone, PartialEq)]
pub struct NamedTensor {
    pub name: String,
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

impl fmt::Debug for NamedTensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NamedTensor({} {:?}, …)", self.name, self.shape)
    }
}
