//! Where an officer decides: what they may do now with a case, by mouse or by keyboard.

use maud::{Markup, html};

use crate::http::console::guest::Guest;
use crate::http::console::shell::mark;
use crate::operations::read_case::Case;
use crate::scoring::reasons::{ReasonCode, ReasonSource};
use crate::session::checklist::{Feature, Finding};
use crate::session::decision::DecisionKind;
use crate::session::ids::ExaminationId;
use crate::session::review::{PendingDecision, Review, ReviewState};
use crate::session::time::Timestamp;

/// A way to decide: its key, its word, and how its button looks.
const KINDS: [(DecisionKind, &str, &str, &str); 4] = [
    (DecisionKind::Approve, "a", "Approve", "pass"),
    (DecisionKind::Reject, "r", "Reject", "fail"),
    (DecisionKind::AskAgain, "k", "Ask again", "refer"),
    (DecisionKind::Note, "n", "Note", "plain"),
];

/// What an officer may do with the case now.
pub(super) fn show(guest: &Guest, case: &Case, now: Timestamp) -> Markup {
    let me = guest.visitor.caller.officer;
    let session = case.view.session.id;
    html! {
        section.card.panel #panel aria-labelledby="panel-title" {
            h2 #panel-title { "Decision" }
            @match (&case.pending, &case.review) {
                (Some(pending), _) => { (undo(guest, pending, now)) },
                (None, Some(review)) if ReviewState::OPEN.contains(&review.state) => {
                    @match &review.claim {
                        Some(claim) if Some(claim.officer) == me => {
                            (proposal(case, review, me))
                            (form(guest, case, &KINDS, review.examination))
                            (give_back(guest, case))
                        },
                        Some(claim) => {
                            p.warning { "Held by " strong { (officer(case, claim.officer)) } ". You can read the case; deciding is theirs until they give it back or stop working on it." }
                            (form(guest, case, &KINDS[3..], review.examination))
                        },
                        None => {
                            (proposal(case, review, me))
                            @if review.proposal.is_none_or(|proposal| Some(proposal.by) != me) {
                                form method="post" action={ "/console/sessions/" (session) "/take" } {
                                    (mark(guest))
                                    button.primary data-key="t" { "Take this case " kbd aria-hidden="true" { "T" } }
                                }
                                p.hint { "Whoever takes a case holds it for five minutes, and for as long as they look at it." }
                            }
                        },
                    }
                },
                (None, Some(review)) => {
                    p.muted { "This session needs no decision." }
                    (form(guest, case, &KINDS[3..], review.examination))
                },
                (None, None) => { p.muted { "Nothing has been examined yet." } },
            }
            (next(guest))
        }
    }
}

fn officer(case: &Case, id: crate::session::ids::OfficerId) -> &str {
    case.names
        .get(&crate::session::actor::Actor::Officer(id))
        .map_or("another officer", String::as_str)
}

/// What the first of two officers proposed.
fn proposal(case: &Case, review: &Review, me: Option<crate::session::ids::OfficerId>) -> Markup {
    html! {
        @if let Some(proposal) = &review.proposal {
            p.warning {
                strong { (officer(case, proposal.by)) } " proposes to " (proposal.kind.name()) ". "
                @if Some(proposal.by) == me { "Another officer has to confirm it." }
                @else { "Decide the same to confirm it; anything else is a proposal of yours." }
            }
        }
    }
}

/// The decision that can still be undone, and how long.
fn undo(guest: &Guest, pending: &PendingDecision, now: Timestamp) -> Markup {
    let left_ms = (pending.due_at.0 - now.0).max(0);
    html! {
        form.undo method="post" action={ "/console/sessions/" (pending.session) "/undo" } data-due-in=(left_ms) {
            (mark(guest))
            p.done role="status" {
                strong { (pending.kind.name()) } ". It is carried out in " span data-seconds { ((left_ms + 999) / 1000) } " s."
            }
            button data-key="u" { "Undo " kbd aria-hidden="true" { "U" } }
        }
    }
}

fn next(guest: &Guest) -> Markup {
    html! {
        form.next method="post" action="/console/queue/next" {
            (mark(guest))
            button data-key="j" { "Next case " kbd aria-hidden="true" { "J" } }
        }
    }
}

fn give_back(guest: &Guest, case: &Case) -> Markup {
    let session = case.view.session.id;
    html! {
        form method="post" action={ "/console/sessions/" (session) "/give-back" } data-renew={ "/console/sessions/" (session) "/renew" } {
            (mark(guest))
            button.quiet data-key="g" { "Give back " kbd aria-hidden="true" { "G" } }
        }
    }
}

fn form(
    guest: &Guest,
    case: &Case,
    kinds: &[(DecisionKind, &str, &str, &str)],
    examination: ExaminationId,
) -> Markup {
    let session = case.view.session.id;
    let can_settle = kinds.len() > 1;
    html! {
        form #decide method="post" action={ "/console/sessions/" (session) "/decide" } {
            (mark(guest))
            input type="hidden" name="examination" value=(examination);
            fieldset.kinds {
                legend { "What" }
                @for (number, (kind, key, word, look)) in kinds.iter().enumerate() {
                    label class={ "kind " (look) } {
                        input type="radio" name="kind" value=(kind.name()) data-key=(key) required checked[number == 0 && kinds.len() == 1];
                        " " (word) " " kbd aria-hidden="true" { (key.to_uppercase()) }
                    }
                }
            }
            @if can_settle {
                fieldset.why {
                    legend { "Why" }
                    @for (kind, ..) in kinds { (reasons_for(*kind, case)) }
                }
                @if guest.visitor.caller.project.settings.checklist { (checklist()) }
            }
            label for="note" { "Note, for officers" }
            textarea #note name="note" rows="2" maxlength="4000" {}
            button.primary { "Decide " kbd aria-hidden="true" { "↵" } }
        }
    }
}

/// The reasons that may speak for a decision; those that the rules gave come first. The digit beside each chooses it.
fn reasons_for(kind: DecisionKind, case: &Case) -> Markup {
    let given = case
        .review
        .as_ref()
        .map_or(&[][..], |review| review.reasons.as_slice());
    let mut reasons: Vec<ReasonCode> = ReasonCode::ALL
        .into_iter()
        .filter(|reason| kind.may_rest_on(*reason))
        .filter(|reason| given.contains(reason) || reason.source() == ReasonSource::Officer)
        .collect();
    reasons.sort_by_key(|reason| !given.contains(reason));
    html! {
        div.reasons-of data-kind=(kind.name()) {
            h3 { "To " (kind.name().replace('_', " ")) }
            @for (number, reason) in reasons.iter().enumerate() {
                label.reason {
                    input type="checkbox" name="reason" value=(reason.name()) data-digit=(number + 1)
                        data-first[number == 0 && kind == DecisionKind::Approve];
                    " " (reason.officer_text())
                    @if number < 9 { " " kbd aria-hidden="true" { (number + 1) } }
                    @if kind == DecisionKind::AskAgain { span.hint.applicant { "The applicant reads: " q { (reason.applicant_text()) } } }
                }
            }
        }
    }
}

/// The features to be compared one by one.
fn checklist() -> Markup {
    html! {
        fieldset.checklist {
            legend { "Facial comparison" }
            @for feature in Feature::ALL {
                fieldset.feature {
                    legend { (feature.hint()) }
                    @for finding in Finding::ALL {
                        label {
                            input type="radio" name={ "feature_" (feature.name()) } value=(finding.name());
                            " " (match finding { Finding::Similar => "similar", Finding::Different => "different", Finding::NotVisible => "not visible" })
                        }
                    }
                }
            }
        }
    }
}
