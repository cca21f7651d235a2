//! What several pages show alike: moments, outcomes, tables of verdicts, and what came of a form.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use maud::{Markup, html};

use crate::http::console::errors::sentence;
use crate::http::console::shell::Page;
use crate::scoring::verdict::Outcome;
use crate::session::time::Timestamp;
use crate::session::verdict_table::VerdictTable;

/// A moment, to the minute, UTC.
pub(super) fn moment(at: Timestamp) -> Markup {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    html! {
        time.nowrap datetime=(at) title=(at.strftime("%Y-%m-%d %H:%M:%S UTC")) {
            (at.strftime("%Y-%m-%d %H:%M"))
        }
    }
}

/// A day, UTC.
pub(super) fn day(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    at.strftime("%Y-%m-%d").to_string()
}

/// The style of an outcome; the word beside it says the same.
pub(super) fn style(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "badge pass",
        Outcome::Refer => "badge refer",
        Outcome::Fail => "badge fail",
    }
}

/// An outcome as a word on its colour.
pub(super) fn outcome(outcome: Outcome) -> Markup {
    html! { span class=(style(outcome)) { (outcome.name()) } }
}

/// Enough of a hash to tell it from others.
pub(super) fn short(hash: &str) -> Markup {
    html! { code title=(hash) { (hash.get(..12).unwrap_or(hash)) } }
}

/// What went wrong with a form.
pub(super) fn problem(message: Option<&str>) -> Markup {
    html! {
        @if let Some(message) = message {
            p.problem role="alert" { (sentence(message)) }
        }
    }
}

/// Sessions by the outcome they had, down, and the outcome they would have, across.
pub(super) fn verdicts(table: &VerdictTable, was: &str, would_be: &str) -> Markup {
    let outcomes = VerdictTable::OUTCOMES;
    html! {
        div.scroll tabindex="0" role="region" aria-label={(was) " against " (would_be)} {
            table.verdicts {
                caption { "Sessions: " (was) " down, " (would_be) " across" }
                thead {
                    tr {
                        th scope="col" { (was) }
                        @for after in outcomes { th.number scope="col" { (would_be) " " (after.name()) } }
                    }
                }
                tbody {
                    @for before in outcomes {
                        tr {
                            th scope="row" { (outcome(before)) }
                            @for after in outcomes {
                                td.number.changed[before != after] data-cell={(before.name()) "-" (after.name())} {
                                    (table.count(before, after))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The way to what is older; nothing where this is all.
pub(super) fn older(address: Option<String>) -> Markup {
    html! {
        @if let Some(address) = address {
            nav.actions aria-label="Pages" { a.button href=(address) rel="next" { "Older" } }
        }
    }
}

/// A page that is not the whole of what was asked for.
pub(super) fn show_as(status: StatusCode, page: Page<'_>) -> HttpResponse {
    let mut response = page.show();
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_says_when_to_people_and_to_programs() {
        let text = moment(Timestamp(1_700_000_000_000)).into_string();
        assert!(
            text.contains(r#"datetime="2023-11-14T22:13:20Z""#),
            "{text}"
        );
        assert!(text.ends_with(">2023-11-14 22:13</time>"), "{text}");
        assert_eq!(day(Timestamp(0)), "1970-01-01");
    }
}
