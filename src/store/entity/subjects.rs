//! A row of `subjects`.

use std::fmt;

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subjects")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub project_id: String,
    pub label: String,
    pub name: String,
    pub details: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub name_index: Option<String>,
    /// The session that the person was enrolled from.
    pub session_id: Option<String>,
}

/// Shows no more than which row it is.
impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "subjects({}, …)", self.id)
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
