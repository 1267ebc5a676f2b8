//! Rows of the two logs.

use entity::{activity, security_event};
use kernel::error::Result;
use kernel::store::{Page, PageRequest, PlatformDb, Sort};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};

use super::model::{AuditQuery, SECURITY};
use crate::operator::search::begins;

/// Entries of the agencies' logs, newest first.
pub(super) async fn activities(
    db: &PlatformDb<'_>,
    narrow: &AuditQuery,
    page: &PageRequest,
) -> Result<Page<activity::Model>> {
    use activity::Column;

    let mut query: Select<activity::Entity> = activity::Entity::find();
    if let Some(agency) = narrow.agency {
        query = query.filter(Column::AgencyId.eq(agency));
    }
    if let Some(user) = narrow.user {
        query = query.filter(Column::UserId.eq(user));
    }
    if let Some(action) = &narrow.action {
        query = query.filter(begins(Column::Action, action));
    }
    if let Some(from) = narrow.from {
        query = query.filter(Column::CreatedAt.gte(from));
    }
    if let Some(to) = narrow.to {
        query = query.filter(Column::CreatedAt.lt(to));
    }
    db.page(query, &Sort::descending([Column::Id]), page).await
}

/// Entries of the security log, newest first; none where the action cannot be one of its own.
pub(super) async fn security_events(
    db: &PlatformDb<'_>,
    narrow: &AuditQuery,
    page: &PageRequest,
) -> Result<Page<security_event::Model>> {
    use security_event::Column;

    let mut query: Select<security_event::Entity> = security_event::Entity::find();
    if let Some(action) = &narrow.action {
        if let Some(kind) = action.strip_prefix(SECURITY) {
            query = query.filter(begins(Column::Kind, kind));
        } else if !SECURITY.starts_with(action.as_str()) {
            let total = page.with_total.then_some(0);
            return Ok(Page { data: Vec::new(), next: None, total });
        }
    }
    if let Some(agency) = narrow.agency {
        query = query.filter(Column::AgencyId.eq(agency));
    }
    if let Some(user) = narrow.user {
        query = query.filter(Column::UserId.eq(user));
    }
    if let Some(from) = narrow.from {
        query = query.filter(Column::At.gte(from));
    }
    if let Some(to) = narrow.to {
        query = query.filter(Column::At.lt(to));
    }
    db.page(query, &Sort::descending([Column::Id]), page).await
}
