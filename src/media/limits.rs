//! How much of a video the caller is willing to look at.

/// Pictures a second that no ordinary camera exceeds: the fastest slow motion of phones.
pub(super) const FASTEST_RATE: u64 = 240;
/// Packets of sound and other tracks that may come with each picture at that rate.
const PACKETS_PER_PICTURE: u64 = 4;

/// What a video may not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaLimits {
    /// Size of the file.
    pub max_bytes: u64,
    /// Time between the first and the last picture.
    pub max_duration_ms: u64,
    /// Width times height of one picture.
    pub max_pixels: u64,
    /// Tracks of any kind in the file.
    pub max_streams: usize,
}

impl MediaLimits {
    /// How many packets a file may hold, so that a file of countless empty ones ends early.
    pub(super) fn max_packets(&self) -> u64 {
        let seconds = self.max_duration_ms.div_ceil(1000).saturating_add(1);
        seconds.saturating_mul(FASTEST_RATE * PACKETS_PER_PICTURE)
    }
}
