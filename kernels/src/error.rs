//! Shapes that do not fit each other.

/// What was asked for and does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Misfit(pub(crate) String);

/// Leaves the function with a [`Misfit`].
macro_rules! misfit {
    ($($words:tt)*) => {
        return Err($crate::error::Misfit(format!($($words)*)))
    };
}
pub(crate) use misfit;
