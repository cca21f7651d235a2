//! How much of the machine one decoding process may use.

/// What a process is held to, by the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Memory beyond what the program itself takes before it has seen a file.
    pub memory_bytes: u64,
    /// Computing time of all its threads together.
    pub computing_seconds: u64,
}
