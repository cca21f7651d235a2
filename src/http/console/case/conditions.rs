//! The verdict in words and numbers: every condition that judged, its value, and whether it held.

use maud::{Markup, html};

use crate::http::console::{parts, words};
use crate::scoring::condition::{Condition, Operator, Test};
use crate::scoring::rules::Rules;
use crate::scoring::signals::Signals;
use crate::scoring::verdict::{Reason, Verdict};
use crate::session::challenge::StepFinding;
use crate::session::examination::ExaminationRecord;

/// What the rules said of an examination, and why.
pub(super) fn show(record: &ExaminationRecord) -> Markup {
    html! {
        section.card aria-labelledby="verdict-title" {
            div.head {
                h2 #verdict-title { "Verdict of the rules" }
                (words::outcome(record.verdict.as_ref().map(|verdict| verdict.outcome)))
                span.muted.push { (rules_of(record)) }
            }
            @if let Some(verdict) = &record.verdict { (reasons(verdict)) }
            @if let Some(failure) = &record.failure {
                p.problem { "There is no verdict: " (failure.reason) "." }
            }
            @if let (Some(verdict), Some(signals)) = (&record.verdict, &record.signals) {
                (table(record, verdict, signals))
            }
            @if let Some(report) = &record.report {
                @if let Some(order) = &record.order.challenge { (steps(&report.steps, order.in_time)) }
            }
        }
    }
}

fn rules_of(record: &ExaminationRecord) -> Markup {
    html! {
        @match record.order.rules_version {
            Some(number) => { "rules, version " (number) },
            None => { "the service's own rules" },
        }
        @if let Some(at) = record.finished_at { " · " (parts::moment(at)) }
    }
}

fn reasons(verdict: &Verdict) -> Markup {
    html! {
        @if verdict.reasons.is_empty() {
            p.muted { "Every condition held." }
        } @else {
            ul.reasons-list {
                @for reason in &verdict.reasons { (one_reason(reason)) }
            }
        }
    }
}

fn one_reason(reason: &Reason) -> Markup {
    html! {
        li {
            span class={ "badge " (reason.outcome.name()) } { (reason.outcome.name()) }
            " " (reason.text) " "
            code.muted { (reason.code.name()) }
        }
    }
}

fn table(record: &ExaminationRecord, verdict: &Verdict, signals: &Signals) -> Markup {
    let Ok(rules) = Rules::parse(&record.order.rules) else {
        return html! { p.muted { "These rules cannot be read any more by this version." } };
    };
    html! {
        details {
            summary { "Every condition with its numbers" }
            div.scroll tabindex="0" role="region" aria-label="Conditions" {
                table {
                    thead { tr {
                        th scope="col" { "Condition" } th scope="col" { "Measured" } th scope="col" { "Wanted" } th scope="col" { "Came out" }
                    } }
                    tbody {
                        @for check in record.order.scope.checks() {
                            @for condition in rules.conditions(*check) { (row(condition, verdict, signals)) }
                        }
                    }
                }
            }
        }
    }
}

fn row(condition: &Condition, verdict: &Verdict, signals: &Signals) -> Markup {
    let reason = verdict
        .reasons
        .iter()
        .find(|reason| reason.condition == condition.name);
    html! {
        tr {
            td { (condition.name) }
            td { (measured(condition, signals)) }
            td { (wanted(condition)) }
            td {
                @match reason {
                    None => span.badge.pass { "held" },
                    Some(reason) => span class={ "badge " (reason.outcome.name()) } { (reason.outcome.name()) },
                }
            }
        }
    }
}

fn measured(condition: &Condition, signals: &Signals) -> String {
    let values: Vec<String> = condition
        .readings
        .iter()
        .map(|reading| {
            let value = reading.value(signals);
            let value = value.map_or("not measured".to_owned(), |value| format!("{value:.1}"));
            format!("{reading}: {value}")
        })
        .collect();
    values.join(", ")
}

fn wanted(condition: &Condition) -> String {
    match &condition.test {
        Test::Within(_, bounds) => {
            let sign = match bounds.operator {
                Operator::AtLeast => "at least",
                Operator::AtMost => "at most",
            };
            let weaker = bounds.refer.map_or(String::new(), |bound| {
                format!("; a person decides from {bound}")
            });
            format!("{sign} {}{weaker}", bounds.pass)
        }
        Test::Holds(_) => condition.label.clone(),
    }
}

fn steps(steps: &[StepFinding], in_time: bool) -> Markup {
    html! {
        h3 { "Challenge" }
        @if !in_time { p.warning { "The video did not come while the challenge stood: no step counts." } }
        ol.steps {
            @for step in steps {
                li {
                    (step.action.instruction()) " "
                    @if step.met {
                        span.badge.pass { "seen" }
                        @if let Some(at) = step.at_ms { " at " (words::offset(at)) }
                    } @else {
                        span.badge.refer { "not seen" }
                    }
                }
            }
        }
    }
}
