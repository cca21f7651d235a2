//! Files of strangers are decoded in child processes of this same program, behind walls; what comes back is pixels and figures.
//!
//! [`decoding`] is what other rooms ask. [`pool`] holds the processes, one for each file; `process` is one of them seen
//! from the service, [`child`] the same from within. [`protocol`] is what they say to one another: the service believes
//! nothing of it that it did not check. [`walls`] are raised by the child on itself before it sees a byte of a file, and
//! [`deeds`] tries them.

pub mod bounds;
pub mod child;
pub mod deaths;
pub mod decoding;
pub mod deeds;
pub mod error;
pub mod pool;
pub mod protocol;
pub mod walls;

mod calls;
mod facts;
mod orders;
mod passing;
mod process;
mod refusal;
mod talk;
