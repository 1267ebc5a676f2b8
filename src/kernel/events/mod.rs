//! Events: facts for whoever listens, in the order in which they became true.
//!
//! They leave the unit of work as rows of the outbox. The [`relay`] passes them on and marks
//! them; consumers get each at least once and de-duplicate by its id. The live stream reads the
//! rows themselves and uses the [`Bus`] only to know when to look.

mod bus;
mod relay;

use chrono::{DateTime, Utc};
use entity::{AgencyId, EventId, UserId, outbox};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;

pub use bus::{AccessChange, Bus};
pub use relay::{relay, relay_once};

use crate::error::Result;
use crate::store::AgencyDb;

/// A published event.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct PublishedEvent {
    /// What consumers de-duplicate by.
    pub id: EventId,
    /// Its place among the agency's events, from 1, without gaps.
    pub seq: i64,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: String,
    /// To what: ids and states.
    pub data: serde_json::Value,
    /// When.
    pub at: DateTime<Utc>,
    /// Whose row it is about.
    #[serde(skip)]
    pub owner_id: Option<UserId>,
    /// For which agency.
    #[serde(skip)]
    pub agency_id: AgencyId,
}

impl From<outbox::Model> for PublishedEvent {
    fn from(row: outbox::Model) -> Self {
        Self {
            id: row.id,
            seq: row.seq,
            event_type: row.event_type,
            data: row.payload,
            at: row.created_at,
            owner_id: row.owner_id,
            agency_id: row.agency_id,
        }
    }
}

/// The agency's events after `seq`, oldest first, at most `limit`.
///
/// # Errors
/// Those of the database.
pub async fn after(db: &AgencyDb, seq: i64, limit: u64) -> Result<Vec<PublishedEvent>> {
    let query = outbox::Entity::find()
        .filter(outbox::Column::Seq.gt(seq))
        .order_by_asc(outbox::Column::Seq)
        .limit(limit);
    Ok(db.all(query).await?.into_iter().map(Into::into).collect())
}

/// The first and the last sequence number that are still kept; `None` before the first event.
///
/// # Errors
/// Those of the database.
pub async fn bounds(db: &AgencyDb) -> Result<Option<(i64, i64)>> {
    let oldest = db.one(outbox::Entity::find().order_by_asc(outbox::Column::Seq)).await?;
    let newest = db.one(outbox::Entity::find().order_by_desc(outbox::Column::Seq)).await?;
    Ok(oldest.zip(newest).map(|(oldest, newest)| (oldest.seq, newest.seq)))
}
