//! A row of `examinations`, which is a job of the queue as well.

use std::fmt;

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "examinations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub session_id: String,
    pub project_id: String,
    pub status: String,
    pub order_json: String,
    pub queued_at: i64,
    pub finished_at: Option<i64>,
    pub attempts: i32,
    pub worker: Option<String>,
    pub lease_until: Option<i64>,
    pub report_json: Option<String>,
    pub verdict_json: Option<String>,
    pub failure: Option<String>,
    pub scope: Option<String>,
    pub outcome: Option<String>,
    pub signals_json: Option<String>,
    pub provenance_json: Option<String>,
    pub finished_day: Option<i64>,
    pub wait_bin: Option<i64>,
    pub pictures_erased_at: Option<i64>,
    pub cause: Option<String>,
}

/// Shows no more than which row it is.
impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "examinations({}, …)", self.id)
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
