//! Rows of agencies with freemium.

use chrono::{DateTime, Utc};
use entity::agency::{self, Column, FreemiumReason};
use kernel::error::Result;
use kernel::store::{Page, PageRequest, PlatformDb, Sort};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Select,
};

/// Agencies that were granted freemium which was not revoked, newest first; with `until` only those
/// whose freemium ends by then.
pub(super) async fn page(
    db: &PlatformDb<'_>,
    reason: Option<FreemiumReason>,
    ends: Option<(DateTime<Utc>, DateTime<Utc>)>,
    page: &PageRequest,
) -> Result<Page<agency::Model>> {
    let mut query = granted();
    if let Some(reason) = reason {
        query = query.filter(Column::FreemiumReason.eq(reason));
    }
    if let Some((after, until)) = ends {
        query = query
            .filter(Column::FreemiumExpiresAt.gt(after))
            .filter(Column::FreemiumExpiresAt.lte(until));
    }
    db.page(query, &Sort::descending([Column::Id]), page).await
}

/// How many agencies have freemium for a reason.
#[derive(Debug, FromQueryResult)]
pub(super) struct ReasonCount {
    pub(super) freemium_reason: Option<FreemiumReason>,
    pub(super) agencies: i64,
}

/// How many agencies have freemium now, by reason.
pub(super) async fn by_reason(db: &PlatformDb<'_>, now: DateTime<Utc>) -> Result<Vec<ReasonCount>> {
    let lasts = Condition::any()
        .add(Column::FreemiumExpiresAt.is_null())
        .add(Column::FreemiumExpiresAt.gt(now));
    let query = granted()
        .filter(lasts)
        .select_only()
        .column(Column::FreemiumReason)
        .column_as(Column::Id.count(), "agencies")
        .group_by(Column::FreemiumReason);
    db.all_as(query.into_model::<ReasonCount>()).await
}

/// How many agencies had freemium until its time was over.
pub(super) async fn expired(db: &PlatformDb<'_>, now: DateTime<Utc>) -> Result<u64> {
    db.count(granted().filter(Column::FreemiumExpiresAt.lte(now))).await
}

fn granted() -> Select<agency::Entity> {
    agency::Entity::find().filter(Column::IsFreemium.eq(true)).filter(Column::DeletedAt.is_null())
}
