//! Reading the two logs as one.

use kernel::error::Result;
use kernel::http::Operator;
use kernel::store::{Cursor, Page, PageRequest};
use uuid::Uuid;

use super::model::{AuditEntry, AuditQuery};
use super::repo;

const REASON: &str = "the operator's audit log spans agencies";

/// A page of the audit log, newest first.
///
/// Each log gives as many entries as the page takes; the newest of both are shown, and the next
/// page starts in both logs after the last of them: ids of both are in order of time, and no two are
/// the same.
///
/// # Errors
/// [`kernel::Error::Validation`] for a cursor of another list.
pub async fn page(
    operator: &Operator,
    query: &AuditQuery,
    page: &PageRequest,
) -> Result<Page<AuditEntry>> {
    let db = operator.app.store().platform(REASON);
    let activities = repo::activities(&db, query, page).await?;
    let events = repo::security_events(&db, query, page).await?;
    let total = activities.total.zip(events.total).map(|(a, b)| a.saturating_add(b));
    let more_left = activities.next.is_some() || events.next.is_some();
    let mut entries: Vec<(Uuid, AuditEntry)> = activities
        .data
        .into_iter()
        .map(|row| (row.id.uuid(), row.into()))
        .chain(events.data.into_iter().map(|row| (row.id.uuid(), row.into())))
        .collect();
    entries.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let has_more = more_left || entries.len() > limit;
    entries.truncate(limit);
    let last = entries.last().map(|(id, _)| *id);
    let next = last.filter(|_| has_more).map(Cursor::at_id);
    let data = entries.into_iter().map(|(_, entry)| entry).collect();
    Ok(Page { data, next, total })
}
