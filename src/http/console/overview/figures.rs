//! The overview's blocks: each a drawing, what it says in a sentence, and its table.

use maud::{Markup, html};

use crate::http::console::overview::bars::{Stack, Stacks, told};
use crate::http::console::overview::lines::{Line, Lines};
use crate::http::console::words;
use crate::operations::overview::{CHART_BINS, Counts, Distribution, Overview};
use crate::scoring::reasons::ReasonCode;
use crate::scoring::verdict::Outcome;
use crate::session::time::Timestamp;

/// What all days together came to.
pub(super) fn totals(overview: &Overview) -> Markup {
    let whole = whole(overview);
    let share = |count: u64| match whole.judged() {
        0 => "–".to_owned(),
        judged => format!("{:.1} %", count as f64 / judged as f64 * 100.0),
    };
    html! {
        section.card aria-label="Together" {
            dl.figures {
                div { dt { "Sessions" } dd { (whole.all()) } }
                div { dt { "Passed" } dd { (share(whole.pass)) } }
                div { dt { "Referred" } dd { (share(whole.refer)) } }
                div { dt { "Failed" } dd { (share(whole.fail)) } }
                div { dt { "Without a verdict" } dd { (whole.none) } }
            }
        }
    }
}

/// Sessions a day, by verdict.
pub(super) fn verdicts(overview: &Overview) -> Markup {
    let chart = Stacks {
        id: "verdicts",
        title: "Sessions a day by verdict",
        says: format!("In all: {}", told(&as_layers(&whole(overview)), 4)),
        bars: overview
            .days
            .iter()
            .map(|day| Stack {
                label: label(day.start),
                counts: as_layers(&day.counts),
            })
            .collect(),
        layers: 4,
    };
    block("verdicts", chart.title, &chart.draw(), &chart.table("Day"))
}

/// How many of those with a verdict were referred, day by day.
pub(super) fn refer_rate(overview: &Overview) -> Markup {
    let whole = whole(overview);
    let rate = |counts: &Counts| {
        let judged = counts.judged();
        (judged > 0).then(|| counts.refer as f64 / judged as f64 * 100.0)
    };
    let chart = Lines {
        id: "refer-rate",
        title: "Referred, of the day's sessions with a verdict",
        says: format!("Over all days: {} %", words::percent(rate(&whole))),
        labels: overview.days.iter().map(|day| label(day.start)).collect(),
        series: vec![Line {
            name: "Referred",
            number: 1,
            values: overview.days.iter().map(|day| rate(&day.counts)).collect(),
        }],
        unit: " %",
    };
    block(
        "refer-rate",
        chart.title,
        &chart.draw(),
        &chart.table("Day"),
    )
}

/// How a number is spread, by verdict.
pub(super) fn spread(id: &str, name: &str, spread: &Distribution) -> Markup {
    let wide = 100 / CHART_BINS;
    let title = format!("{name}, by verdict");
    let chart = Stacks {
        id,
        title: &title,
        says: format!(
            "{} sessions have one, in steps of {wide} per cent",
            spread.total()
        ),
        bars: (0..CHART_BINS)
            .map(|bin| Stack {
                label: format!("{}–{}", bin * wide, (bin + 1) * wide),
                counts: [
                    spread.count(bin, Outcome::Pass),
                    spread.count(bin, Outcome::Refer),
                    spread.count(bin, Outcome::Fail),
                    0,
                ],
            })
            .collect(),
        layers: 3,
    };
    block(id, &title, &chart.draw(), &chart.table("Per cent"))
}

/// How long after they were asked for examinations end.
pub(super) fn waits(overview: &Overview) -> Markup {
    let seconds = |wait: Option<f64>| wait.map(|ms| ms / 1_000.0);
    let days = &overview.days;
    let examined: u64 = days.iter().map(|day| day.examined).sum();
    let chart = Lines {
        id: "waits",
        title: "From asking for an examination to its end",
        says: format!("{examined} examinations ended in these days"),
        labels: days.iter().map(|day| label(day.start)).collect(),
        series: vec![
            Line {
                name: "Median",
                number: 1,
                values: days.iter().map(|day| seconds(day.median_wait)).collect(),
            },
            Line {
                name: "19 of 20 are faster",
                number: 2,
                values: days.iter().map(|day| seconds(day.p95_wait)).collect(),
            },
        ],
        unit: " s",
    };
    block("waits", chart.title, &chart.draw(), &chart.table("Day"))
}

/// The codes that came most often.
pub(super) fn reasons(reasons: &[(ReasonCode, u64)]) -> Markup {
    html! {
        section.card aria-labelledby="reasons-title" {
            h2 #reasons-title { "Reasons that came most often" }
            @if reasons.is_empty() {
                p.empty { "No session of these days has a reason against it." }
            } @else {
                div.scroll tabindex="0" role="region" aria-label="Reasons" {
                    table {
                        thead { tr { th scope="col" { "Reason" } th scope="col" { "What it means" } th.number scope="col" { "Sessions" } } }
                        tbody {
                            @for (code, count) in reasons {
                                tr {
                                    th scope="row" { code { (code.name()) } }
                                    td { (code.officer_text()) }
                                    td.number { (count) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn block(id: &str, title: &str, drawing: &Markup, table: &Markup) -> Markup {
    html! {
        section.card aria-labelledby={ (id) "-heading" } {
            h2 id={ (id) "-heading" } { (title) }
            (drawing)
            (table)
        }
    }
}

fn whole(overview: &Overview) -> Counts {
    overview
        .days
        .iter()
        .fold(Counts::default(), |sum, day| Counts {
            pass: sum.pass + day.counts.pass,
            refer: sum.refer + day.counts.refer,
            fail: sum.fail + day.counts.fail,
            none: sum.none + day.counts.none,
        })
}

fn as_layers(counts: &Counts) -> [u64; 4] {
    [counts.pass, counts.refer, counts.fail, counts.none]
}

fn label(day: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(day.0)
        .map_or("–".to_owned(), |at| at.strftime("%d %b").to_string())
}
