//! Two versions of the rules, compared line by line.

use actix_web::HttpRequest;
use actix_web::web::{Data, Query};
use maud::{Markup, html};
use serde::Deserialize;

use crate::http::console::guest::Guest;
use crate::http::console::rules::lines::{Fate, Line, compared};
use crate::http::console::rules::{Answer, name, number, owner, version};
use crate::http::console::shell::{Page, Place};
use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::read_rules::{MAX_PAGE, Roles};
use crate::operations::rule_owner::RuleReader;

#[derive(Deserialize)]
pub(super) struct DiffQuery {
    from: Option<String>,
    to: Option<String>,
}

/// What is compared; without a word the version that judges, and the newest one.
struct Pair {
    from: Option<u32>,
    to: Option<u32>,
    /// Those that can be chosen, newest first.
    all: Vec<Option<u32>>,
}

/// The page.
pub(super) async fn show(
    request: HttpRequest,
    operations: Data<Operations>,
    query: Query<DiffQuery>,
) -> Answer {
    let guest = Guest::of(&request, &operations).await?;
    let reader = owner(&guest)?.reader();
    let pair = pair(&operations, &reader, &query).await?;
    let from = version::read(&operations, &reader, pair.from).await?;
    let to = version::read(&operations, &reader, pair.to).await?;
    let lines = compared(&from.text, &to.text);
    let body = html! {
        nav.crumbs aria-label="Where this is" { a href="/console/rules" { "Rules" } }
        div.head { h1 { "What changed" } }
        (form(&pair))
        section.card { (table(&pair, &lines)) }
    };
    let page = Page {
        guest: &guest,
        place: Place::Rules,
        title: "What changed",
        scripts: &[],
        body,
    };
    Ok(page.show())
}

async fn pair(
    operations: &Operations,
    reader: &RuleReader,
    query: &DiffQuery,
) -> Result<Pair, Error> {
    let versions = operations.rule_versions(reader, None, MAX_PAGE).await?;
    let mut all: Vec<Option<u32>> = versions.iter().map(|it| Some(it.version.number)).collect();
    let Roles { active, .. } = operations.rule_roles(reader).await?;
    let chosen = |named: Option<&str>, without: Option<u32>| named.map_or(Ok(without), number);
    let newest = all.first().copied().flatten();
    let pair = (
        chosen(query.from.as_deref(), active)?,
        chosen(query.to.as_deref(), newest)?,
    );
    all.push(None);
    for one in [pair.0, pair.1] {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    Ok(Pair {
        from: pair.0,
        to: pair.1,
        all,
    })
}

fn form(pair: &Pair) -> Markup {
    html! {
        form.filters method="get" action="/console/rules/diff" {
            (choice("from", "From", pair.from, pair))
            (choice("to", "To", pair.to, pair))
            div { button { "Compare" } }
        }
    }
}

fn choice(field: &str, label: &str, chosen: Option<u32>, pair: &Pair) -> Markup {
    html! {
        div {
            label for=(field) { (label) }
            select id=(field) name=(field) {
                @for one in &pair.all {
                    option value=(one.map_or("default".to_owned(), |number| number.to_string()))
                        selected[*one == chosen] { (name(*one)) }
                }
            }
        }
    }
}

fn table(pair: &Pair, lines: &[Line]) -> Markup {
    let count = |fate| lines.iter().filter(|line| line.fate == fate).count();
    let (added, removed) = (count(Fate::Added), count(Fate::Removed));
    html! {
        p {
            @if added + removed == 0 {
                "They say the same."
            } @else {
                (added) " lines added, " (removed) " removed."
            }
        }
        div.scroll tabindex="0" role="region" aria-label="Lines" {
            table.diff {
                caption.unseen { (name(pair.from)) " against " (name(pair.to)) }
                thead.unseen {
                    tr {
                        th scope="col" { "Line before" }
                        th scope="col" { "Line after" }
                        th scope="col" { "Change" }
                        th scope="col" { "Text" }
                    }
                }
                tbody { @for line in lines { (row(line)) } }
            }
        }
    }
}

fn row(line: &Line) -> Markup {
    let (class, sign, word) = match line.fate {
        Fate::Stayed => ("stayed", " ", ""),
        Fate::Removed => ("removed", "−", "removed"),
        Fate::Added => ("added", "+", "added"),
    };
    html! {
        tr class=(class) {
            @for number in line.numbers {
                td.number.muted { @if let Some(number) = number { (number) } }
            }
            td { span aria-hidden="true" { (sign) } span.unseen { (word) } }
            td { code { (line.text) } }
        }
    }
}
