//! Lists what waits for a person, counts it, and tells when it changes.

use std::collections::HashMap;

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::ids::{OfficerId, SessionId};
use crate::session::project::Scope;
use crate::session::review::{Review, ReviewCounts, ReviewFilter, ReviewPlace};
use crate::store::review_list::ReviewPage;

/// Most cases of a page.
pub const MAX_PAGE: u64 = 200;

/// Longest text that is searched for, in bytes.
const MAX_SEARCH: usize = 1_000;

/// A page of cases. It names officers, so it has no `Debug`.
pub struct ReviewList {
    pub reviews: Vec<Review>,
    /// The names of the project's officers, for callers who decide.
    pub names: HashMap<OfficerId, String>,
    /// Where the next page starts; none on the last one.
    pub next: Option<ReviewPlace>,
}

impl Operations {
    /// A page of the project's cases, from a place on.
    pub async fn list_reviews(
        &self,
        caller: &Caller,
        filter: &ReviewFilter,
        after: Option<ReviewPlace>,
        limit: u64,
    ) -> Result<ReviewList, Error> {
        caller.require_either(Scope::Read, Scope::Decide)?;
        refuse_odd(filter, limit)?;
        let project = caller.project.id;
        let page = ReviewPage {
            filter,
            after,
            // One more, to know whether another page follows.
            limit: limit + 1,
            now: self.clock.now(),
        };
        let mut reviews = self.store.reviews(project, page).await?;
        let is_last = reviews.len() as u64 <= limit;
        reviews.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let mut names = HashMap::new();
        if caller.require(Scope::Decide).is_ok() {
            let officers = self.store.officers(project).await?;
            names = officers.into_iter().map(|one| (one.id, one.name)).collect();
        }
        Ok(ReviewList {
            next: reviews.last().filter(|_| !is_last).map(ReviewPlace::from),
            reviews,
            names,
        })
    }

    /// One session's case.
    pub async fn read_review(&self, caller: &Caller, session: SessionId) -> Result<Review, Error> {
        caller.require_either(Scope::Read, Scope::Decide)?;
        self.store
            .review(caller.project.id, session, self.clock.now())
            .await?
            .ok_or(Error::NotFound { what: "case" })
    }

    /// How many cases there are to work.
    pub async fn review_counts(&self, caller: &Caller) -> Result<ReviewCounts, Error> {
        caller.require_either(Scope::Read, Scope::Decide)?;
        let now = self.clock.now();
        let project = &caller.project;
        let minutes = i64::from(project.settings.review_within_minutes);
        let overdue_before = now.plus(-minutes * 60_000);
        Ok(self
            .store
            .review_counts(project.id, caller.officer, overdue_before, now)
            .await?)
    }

    /// A number that rises with every change of what waits in the project, whichever process made
    /// it: one row is read. That a claim runs out is no change, as nobody does anything.
    pub async fn review_revision(&self, caller: &Caller) -> Result<i64, Error> {
        caller.require_either(Scope::Read, Scope::Decide)?;
        Ok(self.store.review_revision(caller.project.id).await?)
    }
}

fn refuse_odd(filter: &ReviewFilter, limit: u64) -> Result<(), Error> {
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(Error::invalid(format!(
            "`limit` lies between 1 and {MAX_PAGE}"
        )));
    }
    let scores = filter.score.map_or(vec![], |(from, to)| vec![from, to]);
    if scores.iter().any(|score| !score.is_finite()) {
        return Err(Error::invalid("a score is a number"));
    }
    let search = filter.search.as_deref().unwrap_or_default();
    if search.len() > MAX_SEARCH || search.contains('\0') {
        return Err(Error::invalid(format!(
            "what is searched for has {MAX_SEARCH} bytes at most, and no zero among them"
        )));
    }
    Ok(())
}
