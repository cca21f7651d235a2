//! When something that was not taken is posted again: a ladder over days, with some chance in it.

/// Milliseconds to wait after each failed try; after the last one it is given up. The steps are those that the
/// Standard Webhooks specification advises, about three days in all.
pub const LADDER_MS: [i64; 9] = [
    5_000,
    5 * 60_000,
    30 * 60_000,
    2 * 3_600_000,
    5 * 3_600_000,
    10 * 3_600_000,
    14 * 3_600_000,
    20 * 3_600_000,
    24 * 3_600_000,
];

/// By how much of a step a wait may be longer, so that what failed together does not come back together.
const JITTER: f64 = 0.1;

/// The longest that a receiver may put a post off.
const PUT_OFF_MS: i64 = 24 * 3_600_000;

/// Milliseconds to wait after so many failed tries, by a chance between 0 and 1; none when that was the last.
///
/// What the receiver asks for counts where it is longer than the step, up to a day: one that says "in a second" again
/// and again would use the ladder up in a moment.
pub fn wait_ms(tries: u32, chance: f64, asked_ms: Option<i64>) -> Option<i64> {
    let step = *LADDER_MS.get(usize::try_from(tries.saturating_sub(1)).ok()?)?;
    let longer = (step as f64 * JITTER * chance.clamp(0.0, 1.0)) as i64;
    let asked = asked_ms.unwrap_or(0).clamp(0, PUT_OFF_MS);
    Some((step + longer).max(asked))
}

/// The longest wait after so many failed tries that nobody asked to put off.
pub fn longest_wait_ms(tries: u32) -> Option<i64> {
    wait_ms(tries, 1.0, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_is_climbed_step_by_step_and_ends() {
        let waits: Vec<i64> = (1..).map_while(|tries| wait_ms(tries, 0.0, None)).collect();
        assert_eq!(waits, LADDER_MS);
        let whole: i64 = waits.iter().sum();
        assert_eq!(whole / 3_600_000, 75, "a little more than three days");
    }

    #[test]
    fn chance_makes_a_wait_a_tenth_longer_at_most() {
        for chance in [0.0, 0.3, 0.999, 1.0, 7.0, -1.0] {
            let wait = wait_ms(2, chance, None).unwrap();
            assert!((300_000..=330_000).contains(&wait), "{chance}: {wait}");
        }
        assert!(wait_ms(2, 0.9, None) > wait_ms(2, 0.1, None));
    }

    #[test]
    fn a_receiver_puts_off_for_a_day_at_most_and_never_hurries() {
        assert_eq!(wait_ms(1, 0.0, Some(60_000)), Some(60_000));
        assert_eq!(wait_ms(1, 0.0, Some(1_000)), Some(5_000));
        assert_eq!(wait_ms(1, 0.0, Some(-5)), Some(5_000));
        assert_eq!(wait_ms(1, 0.0, Some(i64::MAX)), Some(PUT_OFF_MS));
        assert_eq!(wait_ms(10, 0.0, Some(60_000)), None);
    }
}
