//! How often something was tried within a window of time, by key.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

/// A row of `attempt_windows`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempt_windows")]
pub struct Model {
    /// What is counted, and for whom.
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub key: String,
    /// How often, in this window.
    pub count: i32,
    /// When the window ends, and counting begins anew.
    pub ends_at: DateTime<Utc>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
