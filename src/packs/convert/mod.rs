//! Readers of the formats in which weights are published.
