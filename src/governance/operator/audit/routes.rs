//! The API of the audit log.

use actix_web::get;
use kernel::error::Result;
use kernel::http::{Listed, Operator, PageView, ValidQuery};
use kernel::store::PageRequest;

use super::model::{AuditEntry, AuditQuery};
use super::service;

/// List what happened on the platform.
///
/// Newest first: the activity of all agencies, and the security log (kept 90 days) with sign-ins,
/// refusals and what operators did to people.
#[utoipa::path(tag = "operator", operation_id = "admin_audit_logs", params(AuditQuery), responses((status = 200, body = PageView<AuditEntry>)))]
#[get("/api/v1/admin/audit-logs")]
pub(super) async fn list(
    operator: Operator,
    query: ValidQuery<AuditQuery>,
) -> Result<Listed<AuditEntry>> {
    let query = query.into_inner();
    let (cursor, include) = (query.cursor.as_deref(), query.include.as_deref());
    let page = PageRequest::parse(query.limit, cursor, include)?;
    Ok(service::page(&operator, &query, &page).await?.into())
}
