//! What the project has used of what it may, and its calls day by day.

use actix_web::HttpRequest;
use actix_web::web::Data;
use maud::{Markup, html};

use crate::http::console::chart::{Bar, Bars};
use crate::http::console::guest::Guest;
use crate::http::console::parts;
use crate::http::console::projects::{Answer, Sheet};
use crate::operations::Operations;
use crate::operations::usage_report::{DAYS, UsageReport};
use crate::session::project::Dialect;
use crate::session::time::Timestamp;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The page.
pub(super) async fn show(request: HttpRequest, operations: Data<Operations>) -> Answer {
    let guest = Guest::of(&request, &operations).await?;
    let report = operations.usage_report(&guest.visitor.caller).await?;
    let body = html! {
        section.card { h2 { "Quotas" } (quotas(&report)) }
        section.card { h2 { "Calls of the last " (DAYS) " days" } (calls(&report)) }
    };
    let sheet = Sheet {
        guest: &guest,
        name: "Usage",
        scripts: &[],
        body,
    };
    Ok(sheet.show())
}

fn quotas(report: &UsageReport) -> Markup {
    let UsageReport { used, quotas, .. } = report;
    let rows = [
        ("Calls", used.calls, quotas.calls),
        ("Enrolled faces", used.faces, quotas.faces),
        ("Galleries", used.galleries, quotas.galleries),
    ];
    html! {
        div.scroll tabindex="0" role="region" aria-label="Quotas" {
            table {
                thead {
                    tr {
                        th scope="col" { "What" }
                        th.number scope="col" { "Used" }
                        th.number scope="col" { "At most" }
                        th scope="col" { "Share" }
                    }
                }
                tbody {
                    @for (what, used, most) in rows {
                        tr {
                            th.plain scope="row" { (what) }
                            td.number { (used) }
                            td.number { @if let Some(most) = most { (most) } @else { span.muted { "no limit" } } }
                            td {
                                @if let Some(most) = most {
                                    meter aria-label={(what) " used"} min="0" max=(most.max(1)) value=(used.min(most.max(1))) {}
                                    " " (share(used, most)) " %"
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Whole percents, of nothing all of it.
fn share(used: u64, most: u64) -> u64 {
    let percent = u128::from(used) * 100 / u128::from(most.max(1));
    if most == 0 {
        100
    } else {
        u64::try_from(percent).unwrap_or(u64::MAX)
    }
}

/// One day's calls, in the order of the dialects.
struct Day {
    name: String,
    calls: [u64; Dialect::ALL.len()],
}

impl Day {
    fn all(&self) -> u64 {
        self.calls.iter().sum()
    }
}

fn days(report: &UsageReport) -> Vec<Day> {
    let day = |number: i64| {
        let start: Timestamp = report.first_day.plus(number * DAY_MS);
        let of = |dialect: Dialect| {
            let counted = report.calls.iter();
            counted
                .filter(|calls| calls.day == start && calls.dialect == dialect)
                .map(|calls| calls.calls)
                .sum()
        };
        Day {
            name: parts::day(start),
            calls: Dialect::ALL.map(of),
        }
    };
    (0..DAYS).map(day).collect()
}

fn calls(report: &UsageReport) -> Markup {
    let days = days(report);
    let sum: u64 = days.iter().map(Day::all).sum();
    let most = days.iter().map(Day::all).max().unwrap_or(0);
    let says = format!("{sum} calls in {DAYS} days, {most} on the day with most of them");
    let bars: Vec<Bar> = days
        .iter()
        .map(|day| Bar {
            label: day.name.clone(),
            value: day.all(),
        })
        .collect();
    let chart = Bars {
        id: "calls",
        title: "Calls a day",
        says: &says,
        of: &bars,
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Chart of calls a day" { (chart.draw()) }
        p.muted { (says) ". Days are those of UTC." }
        details { summary { "The numbers, by API" } (table(&days)) }
    }
}

fn table(days: &[Day]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Calls by day and API" {
            table {
                thead {
                    tr {
                        th scope="col" { "Day" }
                        @for dialect in Dialect::ALL { th.number scope="col" { (dialect.name()) } }
                        th.number scope="col" { "All" }
                    }
                }
                tbody {
                    @for day in days.iter().rev() {
                        tr {
                            th.plain scope="row" { (day.name) }
                            @for calls in day.calls { td.number { (calls) } }
                            td.number { (day.all()) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_what_may_be_used() {
        assert_eq!((share(1, 3), share(3, 3), share(0, 0)), (33, 100, 100));
        assert_eq!(share(u64::MAX, u64::MAX), 100);
    }
}
