//! Counting across agencies.

use chrono::{DateTime, Utc};
use entity::agency::{AgencyStatus, SubscriptionStatus, Tier};
use entity::{agency, user};
use kernel::error::Result;
use kernel::store::PlatformDb;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};

/// Agencies of one state, tier and subscription.
#[derive(Debug, FromQueryResult)]
pub(super) struct AgencyGroup {
    pub(super) status: AgencyStatus,
    pub(super) subscription_tier: Tier,
    pub(super) subscription_status: SubscriptionStatus,
    pub(super) agencies: i64,
}

/// Agencies in groups: few rows, in one pass.
pub(super) async fn agency_groups(db: &PlatformDb<'_>) -> Result<Vec<AgencyGroup>> {
    use agency::Column;

    let query = agency::Entity::find()
        .select_only()
        .columns([Column::Status, Column::SubscriptionTier, Column::SubscriptionStatus])
        .column_as(Column::Id.count(), "agencies")
        .filter(Column::DeletedAt.is_null())
        .group_by(Column::Status)
        .group_by(Column::SubscriptionTier)
        .group_by(Column::SubscriptionStatus);
    db.all_as(query.into_model::<AgencyGroup>()).await
}

/// How many agencies use everything without a charge.
pub(super) async fn freemium(db: &PlatformDb<'_>, now: DateTime<Utc>) -> Result<u64> {
    use agency::Column;

    let lasts = Condition::any()
        .add(Column::FreemiumExpiresAt.is_null())
        .add(Column::FreemiumExpiresAt.gt(now));
    let query = agency::Entity::find()
        .filter(Column::DeletedAt.is_null())
        .filter(Column::IsFreemium.eq(true))
        .filter(lasts);
    db.count(query).await
}

/// How many people there are, with a condition or without.
pub(super) async fn people(db: &PlatformDb<'_>, which: Option<Condition>) -> Result<u64> {
    let query = user::Entity::find();
    db.count(match which {
        Some(condition) => query.filter(condition),
        None => query,
    })
    .await
}

/// The last people who came, newest first.
pub(super) async fn newest(db: &PlatformDb<'_>, count: u64) -> Result<Vec<user::Model>> {
    db.all(user::Entity::find().order_by_desc(user::Column::Id).limit(count)).await
}
