//! The project's people: their roles, and the link with which somebody new sets their password.

use actix_web::http::StatusCode;
use actix_web::http::header::ORIGIN;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde::Deserialize;

use crate::http::console::errors::PageError;
use crate::http::console::guest::Guest;
use crate::http::console::projects::{Answer, Sheet, once};
use crate::http::console::shell::mark;
use crate::http::console::sign_in::to;
use crate::http::console::{forms, parts};
use crate::http::error::Refusal;
use crate::operations::Operations;
use crate::operations::error::Error;
use crate::session::account::{Account, Membership, Role};
use crate::session::ids::AccountId;

/// What came of a form.
enum Came {
    OfNothing,
    /// The link for somebody new.
    Link(String),
    /// Somebody who has a password already.
    Added,
    Refused(StatusCode, String),
}

/// The page.
pub(super) async fn show(request: HttpRequest, operations: Data<Operations>) -> Answer {
    let guest = Guest::of(&request, &operations).await?;
    page(&operations, &guest, &Came::OfNothing).await
}

#[derive(Deserialize)]
pub(super) struct AddForm {
    name: String,
    role: String,
}

/// Adds somebody and shows the link for who is new.
pub(super) async fn add(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let (guest, form): (_, AddForm) = forms::receive(&request, payload, &operations).await?;
    let caller = &guest.visitor.caller;
    let added = match role(&form.role) {
        Ok(role) => operations.invite_member(caller, &form.name, role).await,
        Err(error) => Err(error),
    };
    let came = match added {
        Ok(Some(secret)) => {
            let origin = origin(&request);
            Came::Link(format!("{origin}/console/enrol#{}", secret.reveal()))
        }
        Ok(None) => Came::Added,
        Err(error) => refused(error)?,
    };
    page(&operations, &guest, &came).await
}

#[derive(Deserialize)]
pub(super) struct RoleForm {
    role: String,
}

/// Gives somebody another role.
pub(super) async fn change(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
    payload: Payload,
) -> Answer {
    let (guest, form): (_, RoleForm) = forms::receive(&request, payload, &operations).await?;
    let (account, role) = (account(&id)?, role(&form.role)?);
    let caller = &guest.visitor.caller;
    let changed = operations.change_member(caller, account, role).await;
    answer(&operations, &guest, changed).await
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

/// Takes somebody out of the project.
pub(super) async fn remove(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
    payload: Payload,
) -> Answer {
    let (guest, Nothing {}) = forms::receive(&request, payload, &operations).await?;
    let removed = operations
        .remove_member(&guest.visitor.caller, account(&id)?)
        .await;
    answer(&operations, &guest, removed).await
}

async fn answer(operations: &Operations, guest: &Guest, done: Result<(), Error>) -> Answer {
    match done {
        Ok(()) => Ok(to("/console/projects/officers")),
        Err(error) => page(operations, guest, &refused(error)?).await,
    }
}

/// What the page says in a sentence; anything else is a page of its own.
fn refused(error: Error) -> Result<Came, PageError> {
    // Who may not be here at all is refused by what the page reads, too.
    if matches!(
        error,
        Error::Invalid { .. } | Error::Conflict { .. } | Error::Refused { .. }
    ) {
        let refusal = Refusal::from(error);
        return Ok(Came::Refused(refusal.status, refusal.message));
    }
    Err(error.into())
}

fn account(id: &str) -> Result<AccountId, Error> {
    id.parse().map_err(|_| Error::NotFound { what: "member" })
}

fn role(name: &str) -> Result<Role, Error> {
    Role::from_name(name).ok_or_else(|| Error::Invalid {
        reason: "the role is none of the list".to_owned(),
    })
}

/// Where the browser reached this page: as it says itself, else as the request says.
fn origin(request: &HttpRequest) -> String {
    let said = request.headers().get(ORIGIN);
    let said = said.and_then(|origin| origin.to_str().ok());
    let connection = request.connection_info();
    said.map_or_else(
        || format!("{}://{}", connection.scheme(), connection.host()),
        str::to_owned,
    )
}

async fn page(
    operations: &Operations,
    guest: &Guest,
    came: &Came,
) -> Result<HttpResponse, PageError> {
    let members = operations.members(&guest.visitor.caller).await?;
    let (status, above) = match came {
        Came::OfNothing => (StatusCode::OK, html! {}),
        Came::Link(link) => (StatusCode::OK, link_card(link)),
        Came::Added => {
            let said = html! { p.done role="status" { "Added. They sign in with the password that they have." } };
            (StatusCode::OK, said)
        }
        Came::Refused(status, reason) => (*status, parts::problem(Some(reason))),
    };
    let body = html! {
        (above)
        section.card { (table(guest, &members)) }
        section.card { h2 { "Add somebody" } (form(guest)) }
    };
    let sheet = Sheet {
        guest,
        name: "Officers",
        scripts: &["copy.js"],
        body,
    };
    Ok(sheet.show_as(status))
}

fn link_card(link: &str) -> Markup {
    let hint = "It is shown this once, works once and for a day. Send it to them alone: behind it they set their password.";
    once("The link", "member-link", link, hint)
}

fn table(guest: &Guest, members: &[(Account, Membership)]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Members" {
            table {
                thead {
                    tr {
                        th scope="col" { "Name" }
                        th scope="col" { "State" }
                        th scope="col" { "Since" }
                        th scope="col" { "Role" }
                        th scope="col" { span.unseen { "What can be done" } }
                    }
                }
                tbody { @for (account, membership) in members { (row(guest, account, *membership)) } }
            }
        }
    }
}

fn row(guest: &Guest, account: &Account, membership: Membership) -> Markup {
    let is_you = Some(membership.officer) == guest.visitor.caller.officer;
    let here = format!("/console/projects/officers/{}", account.id);
    html! {
        tr {
            th.plain scope="row" { (account.name) @if is_you { " " span.badge.accent { "you" } } }
            td {
                @if account.credentials.is_some() { span.badge.pass { "signs in" } }
                @else { span.badge.refer { "no password yet" } }
            }
            td { (parts::moment(account.created_at)) }
            td {
                @if is_you { (membership.role.name()) } @else {
                    form.actions method="post" action={(here) "/role"} {
                        (mark(guest))
                        (roles(&format!("role-{}", account.id), &format!("Role of {}", account.name), membership.role))
                        button { "Change" }
                    }
                }
            }
            td.right {
                @if !is_you {
                    form method="post" action={(here) "/remove"}
                        data-asks={(account.name) " is shut out of this project at once. What they did stays."} {
                        (mark(guest))
                        button.danger aria-label={"Remove " (account.name)} { "Remove" }
                    }
                }
            }
        }
    }
}

fn roles(id: &str, label: &str, chosen: Role) -> Markup {
    html! {
        select id=(id) name="role" aria-label=(label) {
            @for role in Role::ALL { option value=(role.name()) selected[role == chosen] { (role.name()) } }
        }
    }
}

fn form(guest: &Guest) -> Markup {
    html! {
        form.filters method="post" action="/console/projects/officers" {
            (mark(guest))
            div {
                label for="member-name" { "Name" }
                input #member-name name="name" required maxlength="200" autocomplete="off";
            }
            div {
                label for="member-role" { "Role" }
                (roles("member-role", "Role", Role::Officer))
            }
            div { button.primary { "Add" } }
        }
        ul.hint {
            li { "An officer reviews sessions and decides about them." }
            li { "A lead owns the rules too, and sees how well reviews are done." }
            li { "An admin owns the project: settings, tokens, officers." }
        }
    }
}
