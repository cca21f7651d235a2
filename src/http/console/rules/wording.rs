//! A rule file's checks in words: what each condition asks for, and what happens where it does not hold.

use maud::{Markup, html};

use crate::scoring::condition::{Bounds, Condition, OnMissing, Operator, Severity, Test};
use crate::scoring::rules::{AtBest, Check, Rules};

/// Tables of the conditions, a check each; a sentence where this program cannot read the file any more.
pub(super) fn tables(text: &str) -> Markup {
    let rules = match Rules::parse(text) {
        Ok(rules) => rules,
        Err(error) => {
            return html! { p.problem { "This version cannot judge any more: " (error) } };
        }
    };
    html! {
        @if !rules.description.is_empty() { p { (rules.description) } }
        @match rules.at_best {
            AtBest::Pass => {}
            AtBest::Refer => { p.warning { "Nothing passes by itself: every session is reviewed by a person." } }
        }
        @for check in Check::ALL {
            @if !rules.conditions(check).is_empty() { (table(check, rules.conditions(check))) }
        }
    }
}

fn table(check: Check, conditions: &[Condition]) -> Markup {
    html! {
        h3 { (title(check)) }
        div.scroll tabindex="0" role="region" aria-label={"Conditions: " (title(check))} {
            table {
                thead {
                    tr {
                        th scope="col" { "Condition" }
                        th scope="col" { "Passes where" }
                        th scope="col" { "Otherwise" }
                        th scope="col" { "Not measured" }
                        th scope="col" { "Reason" }
                    }
                }
                tbody {
                    @for condition in conditions {
                        tr {
                            th.plain scope="row" {
                                (condition.name)
                                @if let Some(message) = &condition.message { p.hint { (message) } }
                            }
                            td { (asks(condition)) }
                            td { (otherwise(condition)) }
                            td { (missing(condition.on_missing)) }
                            td { code.nowrap { (condition.reason.name()) } }
                        }
                    }
                }
            }
        }
    }
}

/// What a check is called on pages.
pub(super) fn title(check: Check) -> &'static str {
    match check {
        Check::FaceMatch => "Match",
        Check::Liveness => "Liveness",
        Check::Document => "Document",
        Check::Quality => "Quality",
    }
}

fn asks(condition: &Condition) -> String {
    match &condition.test {
        Test::Within(_, bounds) => {
            format!("{} is {} {}", condition.label, side(*bounds), bounds.pass)
        }
        Test::Holds(_) => format!("{} holds", condition.label),
    }
}

fn side(bounds: Bounds) -> &'static str {
    match bounds.operator {
        Operator::AtLeast => "at least",
        Operator::AtMost => "at most",
    }
}

fn otherwise(condition: &Condition) -> String {
    match condition.severity {
        Severity::Note => "noted".to_owned(),
        Severity::Refer => "a person decides".to_owned(),
        Severity::Fail => match &condition.test {
            Test::Within(
                _,
                bounds @ Bounds {
                    refer: Some(refer), ..
                },
            ) => {
                format!(
                    "a person decides where it is {} {refer}; else fails",
                    side(*bounds)
                )
            }
            Test::Within(..) | Test::Holds(_) => "fails".to_owned(),
        },
    }
}

fn missing(on_missing: OnMissing) -> &'static str {
    match on_missing {
        OnMissing::Fail => "fails",
        OnMissing::Refer => "a person decides",
        OnMissing::Ignore => "ignored",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::templates::TEMPLATES;

    #[test]
    fn a_condition_is_told_with_its_bounds() {
        let file = r#"{"name": "t", "facematch_conditions": [
            {"name": "Match", "signal": "score", "operator": ">=", "pass": 80, "refer": 65},
            {"name": "Sharp", "signal": "sharpness", "operator": ">=", "pass": 40, "severity": "refer", "on_missing": "ignore"},
            {"name": "Both", "expression": "score > 50 && liveness > 50", "message": "Look <twice>"}]}"#;
        let text = tables(file).into_string();
        for words in [
            "is at least 80",
            "a person decides where it is at least 65; else fails",
            "<td>ignored</td>",
            "holds</td>",
            "Look &lt;twice&gt;",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }

    #[test]
    fn every_shipped_file_can_be_told() {
        for template in TEMPLATES {
            let text = tables(template.text).into_string();
            assert!(!text.contains("cannot judge"), "{}", template.file);
        }
        assert!(tables("{").into_string().contains("cannot judge"));
    }
}
