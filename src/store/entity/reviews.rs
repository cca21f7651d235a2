//! A row of `reviews`.

use std::fmt;

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "reviews")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub session_id: String,
    pub project_id: String,
    pub examination_id: String,
    pub state: String,
    pub outcome: Option<String>,
    pub score: Option<f64>,
    pub liveness: Option<f64>,
    pub entered_at: i64,
    pub claimed_by: Option<String>,
    pub claimed_at: Option<i64>,
    pub claimed_until: Option<i64>,
    pub proposed_kind: Option<String>,
    pub proposed_by: Option<String>,
    pub settled_kind: Option<String>,
    pub settled_by: Option<String>,
    pub settled_at: Option<i64>,
    pub day: Option<i64>,
    pub score_bin: Option<i64>,
    pub liveness_bin: Option<i64>,
}

/// Shows no more than which row it is.
impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "reviews({}, …)", self.session_id)
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
