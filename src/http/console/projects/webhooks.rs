//! Where the project's events are posted, and what was posted or is about to be, and having one posted again.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path, Payload, Query};
use maud::{Markup, html};
use serde::Deserialize;

use crate::http::console::guest::Guest;
use crate::http::console::projects::{Answer, Sheet};
use crate::http::console::shell::mark;
use crate::http::console::sign_in::to;
use crate::http::console::{forms, parts};
use crate::operations::Operations;
use crate::operations::deliveries::host;
use crate::operations::error::Error;
use crate::operations::manage_webhooks::Webmaster;
use crate::session::delivery::{Delivery, DeliveryState};
use crate::session::ids::CallbackId;
use crate::session::webhook::{Endpoint, EventKind};

/// Results on a page.
const PAGE: u64 = 50;

#[derive(Deserialize)]
pub(super) struct WebhooksQuery {
    before: Option<String>,
}

/// The page.
pub(super) async fn show(
    request: HttpRequest,
    operations: Data<Operations>,
    query: Query<WebhooksQuery>,
) -> Answer {
    let guest = Guest::of(&request, &operations).await?;
    let before = query.before.as_deref().map(id).transpose()?;
    let deliveries = operations
        .list_deliveries(&guest.visitor.caller, before, PAGE)
        .await?;
    let full = deliveries.len() as u64 == PAGE;
    let last = deliveries.last().filter(|_| full);
    let older = last.map(|last| format!("/console/projects/webhooks?before={}", last.id));
    let by = Webmaster::of(&guest.visitor.caller)?;
    let endpoints = operations.list_webhooks(by).await?;
    let body = html! {
        section.card {
            h2 { "Where events are posted" }
            @if endpoints.is_empty() { p.empty { "Nowhere yet: " code { "likeness webhooks create" } " and " code { "POST /v1/webhooks" } " make a webhook." } }
            @else { (endpoint_table(&endpoints)) }
        }
        section.card {
            h2 { "What was posted" }
            p.hint { "Events, and results that calls asked to have posted. Each is tried until it is taken, for about three days, and kept for a week after." }
            @if deliveries.is_empty() { p.empty { "Nothing was posted." } } @else { (table(&guest, &deliveries)) }
        }
        (parts::older(older))
    };
    let sheet = Sheet {
        guest: &guest,
        name: "Webhooks",
        scripts: &[],
        body,
    };
    Ok(sheet.show())
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

/// Has one posted again.
pub(super) async fn replay(
    request: HttpRequest,
    operations: Data<Operations>,
    named: Path<String>,
    payload: Payload,
) -> Answer {
    let (guest, Nothing {}) = forms::receive(&request, payload, &operations).await?;
    operations
        .replay_delivery(&guest.visitor.caller, id(&named)?)
        .await?;
    Ok(to("/console/projects/webhooks"))
}

fn id(named: &str) -> Result<CallbackId, Error> {
    let what = "result";
    named.parse().map_err(|_| Error::NotFound { what })
}

/// The webhooks: of an address the host alone, as a secret may stand in the rest.
fn endpoint_table(endpoints: &[Endpoint]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Webhooks" {
            table {
                thead {
                    tr {
                        th scope="col" { "Webhook" }
                        th scope="col" { "To" }
                        th scope="col" { "Events" }
                        th scope="col" { "Made" }
                        th scope="col" { "State" }
                    }
                }
                tbody {
                    @for endpoint in endpoints {
                        tr {
                            td { code.nowrap { (endpoint.id) } }
                            td { (host(&endpoint.url)) }
                            td { @for kind in &endpoint.events { (kind.name()) " " } }
                            td { (parts::moment(endpoint.created_at)) }
                            td {
                                @match endpoint.disabled_at {
                                    None => { span.badge.pass { "on" } }
                                    Some(at) => { span.badge.fail { "gone" } " " (parts::moment(at)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn table(guest: &Guest, deliveries: &[Delivery]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Results" {
            table {
                thead {
                    tr {
                        th scope="col" { "Result" }
                        th scope="col" { "Event" }
                        th scope="col" { "To" }
                        th scope="col" { "Queued" }
                        th scope="col" { "State" }
                        th.number scope="col" { "Tries" }
                        th scope="col" { "Last problem" }
                        th scope="col" { span.unseen { "What can be done" } }
                    }
                }
                tbody { @for delivery in deliveries { (row(guest, delivery)) } }
            }
        }
    }
}

fn row(guest: &Guest, delivery: &Delivery) -> Markup {
    html! {
        tr {
            td { code.nowrap { (delivery.id) } }
            td { (delivery.event.map_or("result of a call", EventKind::name)) }
            td { (delivery.host) }
            td { (parts::moment(delivery.queued_at)) }
            td { (state(delivery)) }
            td.number { (delivery.attempts) }
            td { (delivery.last_error.as_deref().unwrap_or_default()) }
            td.right {
                form method="post" action={"/console/projects/webhooks/" (delivery.id) "/replay"}
                    data-asks="The result is posted once more, as it was. Whoever took it gets it twice." {
                    (mark(guest))
                    button aria-label={"Post " (delivery.id) " again"} { "Post again" }
                }
            }
        }
    }
}

fn state(delivery: &Delivery) -> Markup {
    html! {
        @match delivery.state {
            DeliveryState::Waiting => { span.badge.accent { "waiting" } @if let Some(at) = delivery.next_at { " next " (parts::moment(at)) } }
            DeliveryState::Taken => { span.badge.pass { "taken" } @if let Some(at) = delivery.ended_at { " " (parts::moment(at)) } }
            DeliveryState::GivenUp => { span.badge.fail { "given up" } @if let Some(at) = delivery.ended_at { " " (parts::moment(at)) } }
        }
    }
}
