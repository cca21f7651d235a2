//! Cases by filter and page. Each state is read in the order of an index, so that a page costs the same wherever it lies.

use std::collections::HashMap;

use sea_orm::sea_query::JoinType;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, RelationDef, Select,
};

use crate::scoring::reasons::ReasonCode;
use crate::scoring::verdict::Outcome;
use crate::session::actor::Actor;
use crate::session::decision::DecisionKind;
use crate::session::ids::{ExaminationId, OfficerId, ProjectId, SessionId};
use crate::session::review::{
    Proposal, Review, ReviewCounts, ReviewFilter, ReviewOrder, ReviewPlace, ReviewState, Settlement,
};
use crate::session::time::Timestamp;
use crate::store::data_keys::open_column;
use crate::store::entity::reviews::{Column, Entity, Model};
use crate::store::entity::{review_reasons, sessions};
use crate::store::error::StoreError;
use crate::store::reading::Row;
use crate::store::sessions::{of_reference, place_of};
use crate::store::{Store, claims};

/// Sessions of one reference that a search looks at: more of them are more than anybody means.
const ALIKE: u64 = 500;

/// Which cases are wanted, at which moment claims are looked at, and where the page starts.
#[derive(Clone, Copy, Debug)]
pub struct ReviewPage<'a> {
    pub filter: &'a ReviewFilter,
    pub after: Option<ReviewPlace>,
    pub limit: u64,
    pub now: Timestamp,
}

/// Where rows are read from: the index that holds the fewest of them in the right order.
enum Source {
    /// The few sessions that a search names, whichever state they are in.
    Sessions(Vec<String>),
    /// Those with a code among their reasons.
    Reason(ReasonCode),
    Project,
}

impl Store {
    /// A page of a project's cases.
    pub async fn reviews(
        &self,
        project: ProjectId,
        page: ReviewPage<'_>,
    ) -> Result<Vec<Review>, StoreError> {
        let rows = match self.source(project, page).await? {
            Source::Sessions(ids) if ids.is_empty() => Vec::new(),
            Source::Sessions(ids) => {
                let states = page.filter.states.iter().map(|state| state.name());
                let some = Entity::find()
                    .filter(Column::SessionId.is_in(ids))
                    .filter(Column::ProjectId.eq(project.0.to_string()))
                    .filter(Column::State.is_in(states));
                self.rows(with_reason(some, page.filter), page).await?
            }
            source @ (Source::Reason(_) | Source::Project) => {
                self.state_by_state(project, &source, page).await?
            }
        };
        self.complete(rows, page.now).await
    }

    /// One case of a project.
    pub async fn review(
        &self,
        project: ProjectId,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<Review>, StoreError> {
        let row = Entity::find_by_id(session.0.to_string())
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .one(&self.database)
            .await?;
        Ok(self.complete(row.into_iter().collect(), now).await?.pop())
    }

    /// How many cases wait, how many of them an officer holds, and how many came before a moment.
    pub async fn review_counts(
        &self,
        project: ProjectId,
        officer: Option<OfficerId>,
        overdue_before: Timestamp,
        now: Timestamp,
    ) -> Result<ReviewCounts, StoreError> {
        let open = || {
            Entity::find()
                .filter(Column::ProjectId.eq(project.0.to_string()))
                .filter(Column::State.is_in(ReviewState::OPEN.map(ReviewState::name)))
        };
        let overdue = open().filter(Column::EnteredAt.lt(overdue_before.0));
        let mine = match officer {
            Some(officer) => {
                let held = open().filter(held_by(officer, now));
                held.count(&self.database).await?
            }
            None => 0,
        };
        Ok(ReviewCounts {
            waiting: open().count(&self.database).await?,
            mine,
            overdue: overdue.count(&self.database).await?,
        })
    }

    async fn source(&self, project: ProjectId, page: ReviewPage<'_>) -> Result<Source, StoreError> {
        let filter = page.filter;
        Ok(match (&filter.search, filter.reason) {
            (Some(text), _) => Source::Sessions(self.searched(project, text).await?),
            (None, Some(code)) if is_by_reason(filter) => Source::Reason(code),
            (None, _) => Source::Project,
        })
    }

    /// The bare identifiers of the sessions that are searched for.
    async fn searched(&self, project: ProjectId, text: &str) -> Result<Vec<String>, StoreError> {
        let text = text.trim();
        let mut ids: Vec<String> = sessions::Entity::find()
            .select_only()
            .column(sessions::Column::Id)
            .filter(of_reference(&self.vault, project, text)?)
            .order_by_desc(sessions::Column::Id)
            .limit(ALIKE)
            .into_tuple()
            .all(&self.database)
            .await?;
        if let Ok(session) = text.parse::<SessionId>() {
            ids.push(session.0.to_string());
        }
        Ok(ids)
    }

    /// As many rows of each state as the page may take, and the first of them all.
    async fn state_by_state(
        &self,
        project: ProjectId,
        source: &Source,
        page: ReviewPage<'_>,
    ) -> Result<Vec<Model>, StoreError> {
        let mut rows = Vec::new();
        for state in &page.filter.states {
            let of_state = match source {
                Source::Reason(code) => by_reason(project, *code, *state),
                Source::Project | Source::Sessions(_) => {
                    let some = Entity::find()
                        .filter(Column::ProjectId.eq(project.0.to_string()))
                        .filter(Column::State.eq(state.name()));
                    with_reason(some, page.filter)
                }
            };
            rows.extend(self.rows(of_state, page).await?);
        }
        rows.sort_by(|a, b| {
            let order = (a.entered_at, &a.session_id).cmp(&(b.entered_at, &b.session_id));
            match page.filter.order {
                ReviewOrder::OldestFirst => order,
                ReviewOrder::NewestFirst => order.reverse(),
            }
        });
        rows.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
        Ok(rows)
    }

    /// The rows of a page, by what is left of its filter.
    async fn rows(
        &self,
        wanted: Select<Entity>,
        page: ReviewPage<'_>,
    ) -> Result<Vec<Model>, StoreError> {
        let filter = page.filter;
        let mut left = Condition::all().add_option(
            filter
                .outcome
                .map(|outcome| Column::Outcome.eq(outcome.name())),
        );
        left = left.add_option(filter.claimed_by.map(|officer| held_by(officer, page.now)));
        if let Some((from, to)) = filter.score {
            left = left.add(Column::Score.gte(from)).add(Column::Score.lte(to));
        }
        let order = match filter.order {
            ReviewOrder::OldestFirst => Order::Asc,
            ReviewOrder::NewestFirst => Order::Desc,
        };
        // Whoever reads by a code reads its index, whose time and session are the case's own.
        let by_reason = filter.reason.is_some() && is_by_reason(filter);
        let wanted = if by_reason {
            use review_reasons::Column as Reason;
            place(wanted, page, Reason::EnteredAt, Reason::SessionId)
                .order_by(Reason::EnteredAt, order.clone())
                .order_by(Reason::SessionId, order)
        } else {
            place(wanted, page, Column::EnteredAt, Column::SessionId)
                .order_by(Column::EnteredAt, order.clone())
                .order_by(Column::SessionId, order)
        };
        Ok(wanted
            .filter(left)
            .limit(page.limit)
            .all(&self.database)
            .await?)
    }

    /// Puts references and reasons to the rows of a page.
    async fn complete(&self, rows: Vec<Model>, now: Timestamp) -> Result<Vec<Review>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<&str> = rows.iter().map(|row| row.session_id.as_str()).collect();
        let references: Vec<(String, Option<String>)> = sessions::Entity::find()
            .select_only()
            .columns([sessions::Column::Id, sessions::Column::Reference])
            .filter(sessions::Column::Id.is_in(ids.iter().copied()))
            .into_tuple()
            .all(&self.database)
            .await?;
        let keys = ids.iter().map(|id| (*id).to_owned());
        let keys = self.vault.keys(&self.database, keys).await?;
        let mut references = references
            .into_iter()
            .map(|(id, reference)| {
                let place = place_of("reference", &id);
                let reference = open_column(keys.get(&id), place, reference)?;
                Ok((id, reference))
            })
            .collect::<Result<HashMap<_, _>, StoreError>>()?;
        let codes: Vec<(String, String)> = review_reasons::Entity::find()
            .select_only()
            .columns([
                review_reasons::Column::SessionId,
                review_reasons::Column::Code,
            ])
            .filter(review_reasons::Column::SessionId.is_in(ids))
            .order_by_asc(review_reasons::Column::Code)
            .into_tuple()
            .all(&self.database)
            .await?;
        let mut reasons: HashMap<String, Vec<ReasonCode>> = HashMap::new();
        for (session, code) in codes {
            let row = Row {
                table: "review_reasons",
                id: &session,
            };
            let code = row.known("code", ReasonCode::from_name(&code))?;
            reasons.entry(session).or_default().push(code);
        }
        let complete = |row: &Model| {
            let mut review = read(row, now)?;
            review.reference = references.remove(&row.session_id).flatten();
            review.reasons = reasons.remove(&row.session_id).unwrap_or_default();
            Ok(review)
        };
        rows.iter().map(complete).collect()
    }
}

/// Whether a page is read from the index of the codes. What an officer holds is less than what a code
/// is said of.
fn is_by_reason(filter: &ReviewFilter) -> bool {
    filter.search.is_none() && filter.claimed_by.is_none()
}

fn held_by(officer: OfficerId, now: Timestamp) -> Condition {
    Condition::all()
        .add(Column::ClaimedBy.eq(officer.0.to_string()))
        .add(Column::ClaimedUntil.gt(now.0))
}

fn reasons_of_case() -> RelationDef {
    Entity::belongs_to(review_reasons::Entity)
        .from(Column::SessionId)
        .to(review_reasons::Column::SessionId)
        .into()
}

/// The cases of one state and code. Nothing but the codes' own columns is asked for, so that the
/// database reads their index first.
fn by_reason(project: ProjectId, code: ReasonCode, state: ReviewState) -> Select<Entity> {
    Entity::find()
        .join(JoinType::InnerJoin, reasons_of_case())
        .filter(review_reasons::Column::ProjectId.eq(project.0.to_string()))
        .filter(review_reasons::Column::Code.eq(code.name()))
        .filter(review_reasons::Column::State.eq(state.name()))
}

/// The same for cases that are found by something else.
fn with_reason(some: Select<Entity>, filter: &ReviewFilter) -> Select<Entity> {
    match filter.reason {
        Some(code) => some
            .join(JoinType::InnerJoin, reasons_of_case())
            .filter(review_reasons::Column::Code.eq(code.name())),
        None => some,
    }
}

/// What lies in the time that is asked for, beyond where the last page ended.
fn place<C: ColumnTrait>(
    wanted: Select<Entity>,
    page: ReviewPage<'_>,
    entered_at: C,
    session: C,
) -> Select<Entity> {
    let span = page.filter.entered;
    let wanted = wanted
        .filter(entered_at.gte(span.from.0))
        .filter(entered_at.lt(span.to.0));
    let Some(after) = page.after else {
        return wanted;
    };
    let (at, id) = (after.entered_at.0, after.session.0.to_string());
    // The first bound says nothing that the second does not; it is the one that an index is
    // entered by.
    match page.filter.order {
        ReviewOrder::OldestFirst => wanted
            .filter(entered_at.gte(at))
            .filter(Condition::any().add(entered_at.gt(at)).add(session.gt(id))),
        ReviewOrder::NewestFirst => wanted
            .filter(entered_at.lte(at))
            .filter(Condition::any().add(entered_at.lt(at)).add(session.lt(id))),
    }
}

fn read(model: &Model, now: Timestamp) -> Result<Review, StoreError> {
    let row = Row {
        table: "reviews",
        id: &model.session_id,
    };
    let kind = |column, name: &str| row.known(column, DecisionKind::from_name(name));
    let outcome = model.outcome.as_deref();
    let outcome = outcome.map(|name| row.known("outcome", Outcome::from_name(name)));
    let settled = match (&model.settled_kind, &model.settled_by, model.settled_at) {
        (Some(name), Some(by), Some(at)) => Some(Settlement {
            kind: kind("settled_kind", name)?,
            by: row.known("settled_by", by.parse::<Actor>().ok())?,
            at: Timestamp(at),
        }),
        (_, _, _) => None,
    };
    let proposal = match (&model.proposed_kind, &model.proposed_by) {
        (Some(name), Some(by)) => Some(Proposal {
            kind: row.known("proposed_kind", kind("proposed_kind", name)?.proposes())?,
            by: OfficerId(row.uuid("proposed_by", by)?),
        }),
        (_, _) => None,
    };
    Ok(Review {
        session: SessionId(row.uuid("session_id", &model.session_id)?),
        examination: ExaminationId(row.uuid("examination_id", &model.examination_id)?),
        reference: None,
        state: row.known("state", ReviewState::from_name(&model.state))?,
        outcome: outcome.transpose()?,
        reasons: Vec::new(),
        score: model.score,
        liveness: model.liveness,
        entered_at: Timestamp(model.entered_at),
        claim: claims::of(model)?.filter(|claim| claim.until > now),
        proposal,
        settled,
    })
}
