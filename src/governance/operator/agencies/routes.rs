//! The API of agencies, for the operator.

use actix_web::web::Path;
use actix_web::{get, patch};
use entity::AgencyId;
use kernel::error::Result;
use kernel::http::{IfMatch, Listed, Operator, PageView, Read, ValidJson, ValidQuery};
use kernel::store::PageRequest;

use super::model::{AgenciesQuery, AgencyDetail, AgencyStatePatch, AgencySummary};
use super::service;

/// List all agencies.
///
/// Newest first, deleted ones among them.
#[utoipa::path(tag = "operator", operation_id = "admin_agencies_list", params(AgenciesQuery), responses((status = 200, body = PageView<AgencySummary>)))]
#[get("/api/v1/admin/agencies")]
pub(super) async fn list(
    operator: Operator,
    query: ValidQuery<AgenciesQuery>,
) -> Result<Listed<AgencySummary>> {
    let query = query.into_inner();
    let (cursor, include) = (query.cursor.as_deref(), query.include.as_deref());
    let page = PageRequest::parse(query.limit, cursor, include)?;
    Ok(service::list(&operator, &query, &page).await?.into())
}

/// Read an agency from outside.
///
/// With its members, its subscription, how many documents it has and what it uses of its plan.
#[utoipa::path(tag = "operator", operation_id = "admin_agencies_read", responses((status = 200, body = AgencyDetail)))]
#[get("/api/v1/admin/agencies/{agency_id}")]
pub(super) async fn read(operator: Operator, id: Path<AgencyId>) -> Result<Read<AgencyDetail>> {
    let view = service::read(&operator, id.into_inner()).await?;
    Ok(Read::new(view.etag()?, view))
}

/// Change an agency's state or tier.
///
/// The members of an agency that is not `active` are refused at once (403 `agency_suspended`), its
/// public links answer 404 but for invoices, and live streams end within a minute. The tier is not
/// changed against a subscription in force (409 `subscription_in_force`) unless it is forced.
#[utoipa::path(tag = "operator", operation_id = "admin_agencies_update", request_body = AgencyStatePatch, responses((status = 200, body = AgencyDetail)))]
#[patch("/api/v1/admin/agencies/{agency_id}")]
pub(super) async fn update(
    operator: Operator,
    id: Path<AgencyId>,
    if_match: IfMatch,
    body: ValidJson<AgencyStatePatch>,
) -> Result<Read<AgencyDetail>> {
    let view = service::update(&operator, id.into_inner(), if_match, body.into_inner()).await?;
    Ok(Read::new(view.etag()?, view))
}
