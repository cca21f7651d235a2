//! The project's versions of its rules, newest first, and what judges now.

use actix_web::HttpRequest;
use actix_web::web::{Data, Query};
use maud::{Markup, html};
use serde::Deserialize;

use crate::http::console::guest::Guest;
use crate::http::console::parts;
use crate::http::console::rules::{Answer, address, owner};
use crate::http::console::shell::{Page, Place};
use crate::operations::Operations;
use crate::operations::read_rules::{OwnRules, VersionView};

/// Versions on a page.
const PAGE: u64 = 50;

#[derive(Deserialize)]
pub(super) struct ListQuery {
    before: Option<u32>,
}

/// The page.
pub(super) async fn show(
    request: HttpRequest,
    operations: Data<Operations>,
    query: Query<ListQuery>,
) -> Answer {
    let guest = Guest::of(&request, &operations).await?;
    let reader = owner(&guest)?.reader();
    let own = operations.own_rules(&reader).await?;
    let versions = operations
        .rule_versions(&reader, query.before, PAGE)
        .await?;
    let body = html! {
        (head(&versions, &own))
        section.card { (table(&versions, &own)) }
        (parts::older(older(&versions)))
    };
    let page = Page {
        guest: &guest,
        place: Place::Rules,
        title: "Rules",
        scripts: &[],
        body,
    };
    Ok(page.show())
}

fn head(versions: &[VersionView], own: &OwnRules) -> Markup {
    let newest = versions.first().map(|newest| newest.version.number);
    html! {
        div.head {
            h1 { "Rules" }
            @if own.active { span.muted { "The service's own rules judge now." } }
            div.push.actions {
                @if versions.len() > 1 {
                    a.button href="/console/rules/diff" { "Compare" }
                }
                a.button.primary href={"/console/rules/new?from=" (newest.map_or("default".to_owned(), |n| n.to_string()))} {
                    "New version"
                }
            }
        }
    }
}

fn table(versions: &[VersionView], own: &OwnRules) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Versions" {
            table {
                thead {
                    tr {
                        th scope="col" { "Version" }
                        th scope="col" { "State" }
                        th scope="col" { "Saved" }
                        th scope="col" { "By" }
                        th scope="col" { "Why" }
                        th scope="col" { "Hash" }
                    }
                }
                tbody {
                    @for view in versions { (row(view)) }
                    tr {
                        td { a.row href=(address(None)) { "default" } }
                        td { (badges(own.active, false)) }
                        td {}
                        td.muted { "the service" }
                        td.muted { "Judges while no version does." }
                        td { (parts::short(&own.hash)) }
                    }
                }
            }
        }
    }
}

fn row(view: &VersionView) -> Markup {
    let version = &view.version;
    html! {
        tr {
            td { a.row href=(address(Some(version.number))) { (version.number) } }
            td { (badges(view.active, view.shadow)) }
            td { (parts::moment(version.created_at)) }
            td { (author(view)) }
            td.note { (version.note) }
            td { (parts::short(&version.hash)) }
        }
    }
}

/// What a version does now.
pub(super) fn badges(active: bool, shadow: bool) -> Markup {
    html! {
        @if active { span.badge.pass { "judges" } " " }
        @if shadow { span.badge.accent { "in the shadow" } }
    }
}

/// Who saved a version: a person by name, or what else did.
pub(super) fn author(view: &VersionView) -> String {
    let author = view.author.clone();
    author.unwrap_or_else(|| view.version.author.to_string())
}

/// Where older versions are listed.
fn older(versions: &[VersionView]) -> Option<String> {
    let full = versions.len() as u64 == PAGE;
    let last = versions
        .last()
        .filter(|last| full && last.version.number > 1)?;
    Some(format!("/console/rules?before={}", last.version.number))
}
