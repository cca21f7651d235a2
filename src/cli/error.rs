//! Why a command ends with status 1: one line for the person who typed it.

use std::error::Error;
use std::fmt;

use crate::operations::error::Error as OperationError;

/// What any room says went wrong, ready to be printed.
#[derive(Debug)]
pub struct CliError(Box<dyn Error + Send + Sync>);

impl CliError {
    /// A failure that no room knows of.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into().into())
    }

    /// A failure with a file.
    pub(crate) fn about(file: &std::path::Path, error: impl fmt::Display) -> Self {
        Self::new(format!("{}: {error}", file.display()))
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for CliError {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)?;
        // An internal error alone tells whoever runs the machine nothing; most other errors name
        // their cause themselves.
        if let Some(
            OperationError::Internal(cause)
            | OperationError::NoRoom(cause)
            | OperationError::Unavailable(cause),
        ) = self.0.downcast_ref()
        {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}
