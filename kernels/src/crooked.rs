//! Numbers for tests: no two alike in a row, none large.

/// `count` numbers from −1 to 1.
pub(crate) fn crooked(count: usize, step: f32) -> Vec<f32> {
    (0..count)
        .map(|index| (index as f32 * step).sin())
        .collect()
}
