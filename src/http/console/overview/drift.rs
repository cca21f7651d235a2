//! The last month beside the one before: what changed, and whether that is more than chance.

use maud::{Markup, html};

use crate::operations::overview::{Drift, MONTH_DAYS};
use crate::session::estimate::{Difference, Estimate};

/// The table of figures.
pub(super) fn show(drift: &[Drift]) -> Markup {
    html! {
        section.card aria-labelledby="drift-title" {
            h2 #drift-title { "The last " (MONTH_DAYS) " days, and the " (MONTH_DAYS) " before" }
            div.scroll tabindex="0" role="region" aria-label="Changes" {
                table {
                    thead {
                        tr {
                            th scope="col" { "Figure" }
                            th.number scope="col" { "Now" }
                            th.number scope="col" { "Before" }
                            th.number scope="col" { "Difference" }
                            th scope="col" { "What it says" }
                        }
                    }
                    tbody { @for one in drift { (row(one)) } }
                }
            }
            p.hint { "In brackets: the 95 % interval, and n, how many sessions it rests on. Rates are of the sessions with a verdict." }
        }
    }
}

fn row(drift: &Drift) -> Markup {
    let difference = drift.difference();
    html! {
        tr {
            th scope="row" { (drift.name) }
            td.number { (estimate(drift.now.as_ref())) }
            td.number { (estimate(drift.before.as_ref())) }
            td.number {
                @match &difference {
                    Some(found) => { (format!("{:+.1}", found.value)) " " span.muted { (format!("({:+.1} to {:+.1})", found.low, found.high)) } },
                    None => { "–" },
                }
            }
            td { (said(difference.as_ref())) }
        }
    }
}

fn estimate(estimate: Option<&Estimate>) -> Markup {
    html! {
        @match estimate {
            Some(found) => {
                (format!("{:.1} %", found.value)) " "
                span.muted { (format!("({:.1}–{:.1}, n = {})", found.low, found.high, found.sample)) }
            },
            None => { "–" },
        }
    }
}

fn said(difference: Option<&Difference>) -> Markup {
    html! {
        @match difference {
            None => { span.muted { "too few sessions" } },
            Some(found) if !found.is_real() => { span.badge { "within chance" } },
            Some(found) if found.value > 0.0 => { span.badge.accent { "risen" } },
            Some(_) => { span.badge.accent { "fallen" } },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::estimate::share;

    #[test]
    fn a_difference_is_called_one_only_where_the_sample_carries_it() {
        let said = |now, before| {
            let drift = Drift {
                name: "Referred",
                now,
                before,
            };
            show(&[drift]).into_string()
        };
        assert!(said(share(2, 10), share(1, 10)).contains("within chance"));
        assert!(said(share(200, 1_000), share(100, 1_000)).contains("risen"));
        assert!(said(share(100, 1_000), share(200, 1_000)).contains("fallen"));
        assert!(said(None, share(1, 10)).contains("too few sessions"));
    }
}
