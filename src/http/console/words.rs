//! Ages, verdicts and scores in the few words that a page has room for.

use maud::{Markup, html};

use crate::http::console::parts;
use crate::scoring::verdict::Outcome;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// How long something took or has waited, in its largest unit and the next.
pub(super) fn span(milliseconds: i64) -> String {
    let milliseconds = milliseconds.max(0);
    let (days, hours) = (milliseconds / DAY_MS, milliseconds % DAY_MS / HOUR_MS);
    let minutes = milliseconds % HOUR_MS / MINUTE_MS;
    if days > 0 {
        format!("{days} d {hours} h")
    } else if hours > 0 {
        format!("{hours} h {minutes} min")
    } else if minutes > 0 {
        format!("{minutes} min")
    } else {
        format!("{} s", milliseconds / 1000)
    }
}

/// How long a case has waited, coloured by how much of the project's time is left.
pub(super) fn waited(milliseconds: i64, within_minutes: u32) -> Markup {
    let within = i64::from(within_minutes) * MINUTE_MS;
    let (class, state) = if milliseconds > within {
        ("age-late", "late")
    } else if milliseconds > within / 4 * 3 {
        ("age-soon", "due soon")
    } else {
        ("age-fresh", "")
    };
    html! {
        span class={ "nowrap " (class) } { (span(milliseconds)) @if !state.is_empty() { " · " (state) } }
    }
}

/// What the rules said.
pub(super) fn outcome(outcome: Option<Outcome>) -> Markup {
    outcome.map_or_else(|| html! { span.badge { "no verdict" } }, parts::outcome)
}

/// A number from 0 to 100.
pub(super) fn percent(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.1}"))
}

/// A time within a video.
pub(super) fn offset(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    format!(
        "{}:{:02}.{}",
        seconds / 60,
        seconds % 60,
        milliseconds % 1000 / 100
    )
}

/// The start of an identifier, enough to tell those of a page apart.
pub(super) fn short(id: &str) -> String {
    let bare = id.split_once('_').map_or(id, |(_, bare)| bare);
    let end = bare.len().saturating_sub(8);
    bare.get(end..).unwrap_or(bare).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_two_units() {
        assert_eq!(span(-5), "0 s");
        assert_eq!(span(59_999), "59 s");
        assert_eq!(span(61 * MINUTE_MS), "1 h 1 min");
        assert_eq!(span(DAY_MS + 2 * HOUR_MS), "1 d 2 h");
        assert_eq!(offset(61_550), "1:01.5");
    }

    #[test]
    fn a_wait_is_told_in_words_too() {
        let text = |minutes: i64| waited(minutes * MINUTE_MS, 240).into_string();
        assert!(text(10).contains("age-fresh"));
        assert!(text(200).contains("due soon"));
        assert!(text(241).contains("late"));
    }
}
