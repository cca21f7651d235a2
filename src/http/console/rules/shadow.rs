//! What a version said in the shadow of the rules that counted.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path, Query};
use maud::{Markup, html};
use serde::Deserialize;

use crate::http::console::guest::Guest;
use crate::http::console::parts;
use crate::http::console::rules::{Answer, back, name, number, owner, reasons};
use crate::http::console::shell::{Page, Place};
use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::shadow_report::{ShadowOrder, ShadowReport};
use crate::session::time::Span;
use crate::store::shadow_report::ShadowDifference;

/// Sessions on a page.
const PAGE: u64 = 50;

#[derive(Deserialize)]
pub(super) struct ShadowQuery {
    before: Option<String>,
}

/// The page.
pub(super) async fn show(
    request: HttpRequest,
    operations: Data<Operations>,
    named: Path<String>,
    query: Query<ShadowQuery>,
) -> Answer {
    let guest = Guest::of(&request, &operations).await?;
    let owner = owner(&guest)?;
    let what = "version of the rules";
    let version = number(&named)?.ok_or(Error::NotFound { what })?;
    let before = query.before.as_deref().map(str::parse).transpose();
    let what = "examination";
    let order = ShadowOrder {
        version,
        span: Span::between(None, None),
        before: before.map_err(|_| Error::NotFound { what })?,
        limit: PAGE,
    };
    let report = operations.shadow_report(&owner, order).await?;
    let page = Page {
        guest: &guest,
        place: Place::Rules,
        title: "In the shadow",
        scripts: &[],
        body: body(version, &report),
    };
    Ok(page.show())
}

fn body(version: u32, report: &ShadowReport) -> Markup {
    let differences = &report.differences;
    let last = differences
        .last()
        .filter(|_| differences.len() as u64 == PAGE);
    let older = last.map(|last| {
        let before = last.examination;
        format!("/console/rules/{version}/shadow?before={before}")
    });
    html! {
        (back(Some(version)))
        div.head { h1 { (name(Some(version))) " in the shadow" } }
        section.card {
            h2 { "What counted against what it said" }
            p { (report.table.sessions()) " sessions seen, " (report.table.changed()) " judged otherwise." }
            (parts::verdicts(&report.table, "Counted", "Shadow said"))
        }
        section.card {
            h2 { "Judged otherwise" }
            @if differences.is_empty() { p.empty { "No session." } } @else { (table(differences)) }
        }
        (parts::older(older))
    }
}

fn table(differences: &[ShadowDifference]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Sessions judged otherwise" {
            table {
                thead {
                    tr {
                        th scope="col" { "Session" }
                        th scope="col" { "Examined" }
                        th scope="col" { "Counted" }
                        th scope="col" { "Shadow said" }
                        th scope="col" { "Why" }
                    }
                }
                tbody {
                    @for one in differences {
                        tr {
                            td { a.row href={"/console/sessions/" (one.session)} { (one.session) } }
                            td { (parts::moment(one.finished_at)) }
                            td { (parts::outcome(one.counting)) }
                            td { (parts::outcome(one.shadow.outcome)) }
                            td { (reasons(&one.shadow)) }
                        }
                    }
                }
            }
        }
    }
}
