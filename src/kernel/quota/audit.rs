//! Whether the counters say what the rows do.

use entity::file;
use entity::membership::{self, MembershipStatus};
use entity::usage_reservation;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::counter;
use crate::error::Result;
use crate::store::AgencyTx;
use crate::tenancy::TenantContext;
use crate::tenancy::plan::Limit;

/// A counter that says something else than the rows it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// Of what.
    pub limit: Limit,
    /// What the counter says.
    pub counted: i64,
    /// What the rows say, with what is reserved.
    pub actual: i64,
}

/// The counters of an agency that have drifted from their rows; there should be none.
///
/// Looks at what is counted in all: what was made in a month may be deleted and stays counted
/// (DEC-06). Each counter is locked while its rows are read: a unit of work that changes both
/// commits before or after.
///
/// # Errors
/// Those of the database.
pub async fn drift(context: &TenantContext) -> Result<Vec<Drift>> {
    let tx = context.begin().await?;
    let mut found = Vec::new();
    for limit in [Limit::Members, Limit::StorageMb] {
        let counted = counter::lock_total(&tx, limit).await?;
        let actual = rows(&tx, limit).await?.saturating_add(reserved(&tx, limit).await?);
        if counted != actual {
            found.push(Drift { limit, counted, actual });
        }
    }
    Ok(found)
}

/// What the rows say.
async fn rows(tx: &AgencyTx, limit: Limit) -> Result<i64> {
    match limit {
        Limit::Members => {
            let seats = [MembershipStatus::Active, MembershipStatus::Invited];
            let seats = membership::Entity::find().filter(membership::Column::Status.is_in(seats));
            Ok(i64::try_from(tx.count(seats).await?).unwrap_or(i64::MAX))
        }
        Limit::StorageMb => tx.sum(file::Entity::find(), file::Column::FileSize).await,
        // Counted by the month, or made by nothing so far.
        Limit::Consultations | Limit::AiGenerations | Limit::Templates => Ok(0),
    }
}

/// What running work has reserved.
async fn reserved(tx: &AgencyTx, limit: Limit) -> Result<i64> {
    use usage_reservation::{Column, Entity};

    tx.sum(Entity::find().filter(Column::Metric.eq(limit.metric())), Column::Amount).await
}
