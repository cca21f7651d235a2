//! Why a file of weights could not be read.

use thiserror::Error;

/// A file of weights that is cut short, broken, or not of the kind that its reader knows.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum ConvertError {
    #[error("the file ends early, at byte {at}")]
    Truncated { at: usize },
    #[error("the file is malformed at byte {at}: {reason}")]
    Malformed { at: usize, reason: &'static str },
    #[error("the file asks for too much at byte {at}: {what}")]
    TooLarge { at: usize, what: &'static str },
    #[error("the file holds what this reader does not support: {what}")]
    Unsupported { what: String },
}
