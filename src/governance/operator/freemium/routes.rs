//! The API of freemium.

use actix_web::web::{Json, Path};
use actix_web::{delete, get, patch, post};
use entity::AgencyId;
use kernel::error::Result;
use kernel::http::{IfMatch, NoContent, Operator, Read, ValidJson, ValidQuery};
use kernel::store::PageRequest;

use super::model::{FreemiumGrant, FreemiumPageView, FreemiumPatch, FreemiumQuery, FreemiumView};
use super::service;

/// List the agencies that use everything without a charge.
///
/// Newest first, those whose time is over among them; with how many have it why.
#[utoipa::path(tag = "operator", operation_id = "admin_freemium_list", params(FreemiumQuery), responses((status = 200, body = FreemiumPageView)))]
#[get("/api/v1/admin/freemium")]
pub(super) async fn list(
    operator: Operator,
    query: ValidQuery<FreemiumQuery>,
) -> Result<Json<FreemiumPageView>> {
    let query = query.into_inner();
    let (cursor, include) = (query.cursor.as_deref(), query.include.as_deref());
    let page = PageRequest::parse(query.limit, cursor, include)?;
    service::list(&operator, &query, &page).await.map(Json)
}

/// Let an agency use everything without a charge.
///
/// Effective at once. One that has it already is 409 `already_freemium`.
#[utoipa::path(tag = "operator", operation_id = "admin_freemium_grant", request_body = FreemiumGrant, responses((status = 200, body = FreemiumView)))]
#[post("/api/v1/admin/agencies/{agency_id}/freemium")]
pub(super) async fn grant(
    operator: Operator,
    id: Path<AgencyId>,
    body: ValidJson<FreemiumGrant>,
) -> Result<Read<FreemiumView>> {
    let (etag, view) = service::grant(&operator, id.into_inner(), body.into_inner()).await?;
    Ok(Read::new(etag, view))
}

/// Change the end of an agency's freemium.
///
/// One that has none is 409 `not_freemium`.
#[utoipa::path(tag = "operator", operation_id = "admin_freemium_change", request_body = FreemiumPatch, responses((status = 200, body = FreemiumView)))]
#[patch("/api/v1/admin/agencies/{agency_id}/freemium")]
pub(super) async fn change(
    operator: Operator,
    id: Path<AgencyId>,
    if_match: IfMatch,
    body: ValidJson<FreemiumPatch>,
) -> Result<Read<FreemiumView>> {
    let (etag, view) =
        service::change_end(&operator, id.into_inner(), if_match, body.into_inner()).await?;
    Ok(Read::new(etag, view))
}

/// Take an agency's freemium back.
///
/// It falls back to what it pays for, at once. One that has none is 409 `not_freemium`.
#[utoipa::path(tag = "operator", operation_id = "admin_freemium_revoke", responses((status = 204, description = "Taken back.")))]
#[delete("/api/v1/admin/agencies/{agency_id}/freemium")]
pub(super) async fn revoke(
    operator: Operator,
    id: Path<AgencyId>,
    if_match: IfMatch,
) -> Result<NoContent> {
    service::revoke(&operator, id.into_inner(), if_match).await?;
    Ok(NoContent)
}
