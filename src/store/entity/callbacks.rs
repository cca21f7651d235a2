//! A row of `callbacks`.

use std::fmt;

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "callbacks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub project_id: String,
    pub address: String,
    pub body: String,
    pub attempts: i64,
    pub next_at: i64,
    pub state: String,
    pub queued_at: i64,
    pub ended_at: Option<i64>,
    pub last_error: Option<String>,
    pub endpoint_id: Option<String>,
    pub event: Option<String>,
    pub lane: String,
}

/// Shows no more than which row it is.
impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "callbacks({}, …)", self.id)
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
