//! Work to do after the transaction that asked for it.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, JobId};

/// A row of `jobs`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JobId,
    /// For which agency; absent for the platform.
    pub agency_id: Option<AgencyId>,
    /// Which workers take it.
    pub lane: Lane,
    /// Which handler.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Its arguments: ids, not data.
    #[sea_orm(column_type = "JsonBinary")]
    pub payload: Json,
    /// How far it got.
    pub state: JobState,
    /// Not before.
    pub run_at: DateTime<Utc>,
    /// Attempts so far.
    pub attempts: i32,
    /// Then it is dead.
    pub max_attempts: i32,
    /// A running job may be taken over after that.
    pub lease_until: Option<DateTime<Utc>>,
    /// Which worker runs it.
    #[sea_orm(column_type = "Text", nullable)]
    pub lease_owner: Option<String>,
    /// At most one waiting job for each key.
    #[sea_orm(column_type = "Text", nullable)]
    pub unique_key: Option<String>,
    /// Why the last attempt failed.
    #[sea_orm(column_type = "Text", nullable)]
    pub last_error: Option<String>,
    /// When done or dead.
    pub finished_at: Option<DateTime<Utc>>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::text_enum! {
   /// The lanes of the queue, each with its own workers.
   Lane {
       /// Payments.
       Money = "money",
       /// Mail and notices.
       Message = "message",
       /// PDF and files.
       Document = "document",
       /// Everything that can wait.
       Bulk = "bulk",
   }
}

crate::text_enum! {
   /// How far a job got.
   JobState {
       /// Waiting for its time and a worker.
       Ready = "ready",
       /// Leased to a worker.
       Running = "running",
       /// Finished.
       Done = "done",
       /// Given up after its last attempt.
       Dead = "dead",
   }
}
