//! A row of `sessions`.

use std::fmt;

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub project_id: String,
    pub status: String,
    pub origin: String,
    pub reference: Option<String>,
    pub metadata: Option<String>,
    pub subject_name: Option<String>,
    pub device_info: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub held_at: Option<i64>,
    pub erased_at: Option<i64>,
    pub reference_index: Option<String>,
    pub name_index: Option<String>,
}

/// Shows no more than which row it is.
impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sessions({}, …)", self.id)
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
