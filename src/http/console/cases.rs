//! Lists of cases: what is asked for, by the address, and the table that answers it.

use std::collections::HashMap;
use std::fmt::Write as _;

use maud::{Markup, html};
use serde::Deserialize;

use crate::http::console::{parts, words};
use crate::http::error::Refusal;
use crate::operations::review_queue::ReviewList;
use crate::scoring::reasons::{ReasonCode, ReasonSource};
use crate::scoring::verdict::Outcome;
use crate::session::ids::OfficerId;
use crate::session::review::{Review, ReviewFilter, ReviewPlace, ReviewState};
use crate::session::time::{Span, Timestamp};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What the address says; a field that is empty asks for nothing.
#[derive(Clone, Deserialize, Default)]
#[serde(default)]
pub(super) struct CaseQuery {
    state: String,
    verdict: String,
    reason: String,
    from: String,
    to: String,
    low: String,
    high: String,
    mine: String,
    search: String,
    after: String,
    /// Somebody asked for the next case, and there was none.
    pub(super) nothing: String,
}

impl CaseQuery {
    /// What it asks for, beyond what the page shows anyway.
    pub(super) fn filter(
        &self,
        page: ReviewFilter,
        me: Option<OfficerId>,
    ) -> Result<ReviewFilter, Refusal> {
        let mut filter = page;
        if !self.state.is_empty() {
            filter.states = vec![known("state", ReviewState::from_name(&self.state))?];
        }
        if !self.verdict.is_empty() {
            filter.outcome = Some(known("verdict", Outcome::from_name(&self.verdict))?);
        }
        if !self.reason.is_empty() {
            filter.reason = Some(known("reason", ReasonCode::from_name(&self.reason))?);
        }
        let from = day("from", &self.from)?;
        // Until the end of that day.
        let to = day("to", &self.to)?.map(|at| at.plus(DAY_MS));
        filter.entered = Span::between(from, to);
        let (low, high) = (number("low", &self.low)?, number("high", &self.high)?);
        if low.is_some() || high.is_some() {
            filter.score = Some((low.unwrap_or(0.0), high.unwrap_or(100.0)));
        }
        if !self.mine.is_empty() {
            filter.claimed_by = me;
        }
        filter.search = Some(self.search.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(filter)
    }

    /// Where the page starts.
    pub(super) fn place(&self) -> Result<Option<ReviewPlace>, Refusal> {
        if self.after.is_empty() {
            return Ok(None);
        }
        let place = self.after.split_once('.').and_then(|(at, session)| {
            Some(ReviewPlace {
                entered_at: Timestamp(at.parse().ok()?),
                session: session.parse().ok()?,
            })
        });
        known("after", place).map(Some)
    }

    /// The address of the page that follows.
    fn next(&self, place: ReviewPlace) -> String {
        let fields = [
            ("state", &self.state),
            ("verdict", &self.verdict),
            ("reason", &self.reason),
            ("from", &self.from),
            ("to", &self.to),
            ("low", &self.low),
            ("high", &self.high),
            ("mine", &self.mine),
            ("search", &self.search),
        ];
        let given: Vec<_> = fields
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let mut query = serde_html_form::to_string(given).unwrap_or_default();
        if !query.is_empty() {
            query.push('&');
        }
        let _ = write!(query, "after={}.{}", place.entered_at.0, place.session);
        format!("?{query}")
    }

    /// The fields above the list.
    pub(super) fn fields(&self, states: &[ReviewState]) -> Markup {
        html! {
            form.filters method="get" role="search" aria-label="Filter the cases" {
                div {
                    label for="f-search" { "Session id or reference" }
                    input #f-search name="search" type="search" value=(self.search) size="28" maxlength="200";
                }
                @if !states.is_empty() {
                    div {
                        label for="f-state" { "State" }
                        (choice("f-state", "state", &self.state, states.iter().map(|state| (state.name(), state_word(*state)))))
                    }
                }
                div {
                    label for="f-verdict" { "Verdict" }
                    (choice("f-verdict", "verdict", &self.verdict, Outcome::ALL.iter().map(|it| (it.name(), it.name()))))
                }
                div {
                    label for="f-reason" { "Reason" }
                    (choice("f-reason", "reason", &self.reason, reasons()))
                }
                div {
                    label for="f-from" { "From" }
                    input #f-from name="from" type="date" value=(self.from);
                }
                div {
                    label for="f-to" { "To" }
                    input #f-to name="to" type="date" value=(self.to);
                }
                div {
                    label for="f-low" { "Match from" }
                    input #f-low name="low" type="number" min="0" max="100" step="any" size="4" value=(self.low);
                }
                div {
                    label for="f-high" { "to" }
                    input #f-high name="high" type="number" min="0" max="100" step="any" size="4" value=(self.high);
                }
                div {
                    label {
                        input type="checkbox" name="mine" value="1" checked[!self.mine.is_empty()];
                        " Assigned to me"
                    }
                }
                button { "Filter" }
                a href="?" { "All" }
            }
        }
    }
}

fn reasons() -> impl Iterator<Item = (&'static str, &'static str)> {
    ReasonCode::of_rules()
        .filter(|code| code.source() == ReasonSource::Rules)
        .map(|code| (code.name(), code.name()))
}

fn choice<'a>(
    id: &str,
    name: &str,
    chosen: &str,
    options: impl Iterator<Item = (&'a str, &'a str)>,
) -> Markup {
    html! {
        select id=(id) name=(name) {
            option value="" { "any" }
            @for (value, word) in options {
                option value=(value) selected[value == chosen] { (word) }
            }
        }
    }
}

fn known<T>(field: &str, value: Option<T>) -> Result<T, Refusal> {
    value.ok_or_else(|| {
        Refusal::bad_request(format!("`{field}` in the address is none that is known"))
    })
}

fn number(field: &str, text: &str) -> Result<Option<f64>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let value = text.parse().ok().filter(|value: &f64| value.is_finite());
    known(field, value).map(Some)
}

fn day(field: &str, text: &str) -> Result<Option<Timestamp>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let start = text
        .parse::<jiff::civil::Date>()
        .ok()
        .and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok())
        .map(|start| Timestamp(start.timestamp().as_millisecond()));
    known(field, start).map(Some)
}

/// A page's cases, and the way to the next.
pub(super) struct CaseTable<'a> {
    pub(super) list: &'a ReviewList,
    pub(super) query: &'a CaseQuery,
    pub(super) now: Timestamp,
    pub(super) within_minutes: u32,
    /// What stands there where there is no case.
    pub(super) empty: &'a str,
}

impl CaseTable<'_> {
    pub(super) fn show(&self) -> Markup {
        html! {
            @if self.list.reviews.is_empty() {
                p.empty { (self.empty) }
            } @else {
                div.scroll tabindex="0" role="region" aria-label="Cases" {
                    table {
                        thead {
                            tr {
                                th scope="col" { "Case" }
                                th scope="col" { "Reference" }
                                th scope="col" { "Waiting" }
                                th scope="col" { "Verdict" }
                                th scope="col" { "Reasons" }
                                th.number scope="col" { "Match" }
                                th.number scope="col" { "Liveness" }
                                th scope="col" { "State" }
                            }
                        }
                        tbody {
                            @for review in &self.list.reviews { (self.row(review)) }
                        }
                    }
                }
                @if let Some(place) = self.list.next {
                    p.actions { a.button href=(self.query.next(place)) rel="next" { "Next page" } }
                }
            }
        }
    }

    fn row(&self, review: &Review) -> Markup {
        let id = review.session.to_string();
        html! {
            tr {
                td { a.row href={ "/console/sessions/" (id) } title=(id) { (words::short(&id)) } }
                td { (review.reference.as_deref().unwrap_or("–")) }
                td { (self.waited(review)) }
                td { (words::outcome(review.outcome)) }
                td.reasons { (reason_names(review)) }
                td.number { (words::percent(review.score)) }
                td.number { (words::percent(review.liveness)) }
                td { (state(review, &self.list.names)) }
            }
        }
    }

    fn waited(&self, review: &Review) -> Markup {
        if ReviewState::OPEN.contains(&review.state) {
            words::waited(self.now.0 - review.entered_at.0, self.within_minutes)
        } else {
            parts::moment(review.entered_at)
        }
    }
}

fn reason_names(review: &Review) -> Markup {
    html! {
        @for (number, code) in review.reasons.iter().take(2).enumerate() {
            @if number > 0 { ", " }
            span.nowrap title=(code.officer_text()) { (code.name()) }
        }
        @if review.reasons.len() > 2 {
            " " span.muted { "+" (review.reasons.len() - 2) }
        }
    }
}

/// Where a case stands, and with whom.
pub(super) fn state(review: &Review, names: &HashMap<OfficerId, String>) -> Markup {
    let name = |officer: OfficerId| names.get(&officer).map_or("an officer", String::as_str);
    html! {
        @match (&review.claim, &review.proposal, &review.settled) {
            (Some(claim), _, _) => span.badge.accent { "with " (name(claim.officer)) },
            (None, Some(proposal), _) => span.badge.refer { (name(proposal.by)) " proposes: " (proposal.kind.name()) },
            (None, None, Some(settled)) => span.badge { (settled.kind.name()) },
            (None, None, None) => span.badge { (state_word(review.state)) },
        }
    }
}

/// A state as officers say it.
pub(super) fn state_word(state: ReviewState) -> &'static str {
    match state {
        ReviewState::Waiting => "waiting",
        ReviewState::Proposed => "needs a second officer",
        ReviewState::Pending => "being decided",
        ReviewState::Settled => "settled",
        ReviewState::Unneeded => "no review needed",
    }
}
