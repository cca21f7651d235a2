//! A row of `shadow_verdicts`.

use std::fmt;

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shadow_verdicts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub examination_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    pub project_id: String,
    pub hash: String,
    pub outcome: String,
    pub verdict_json: String,
}

/// Shows no more than which row it is.
impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shadow_verdicts({}, …)", self.examination_id)
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
