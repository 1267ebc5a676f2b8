//! The operations.

use actix_web::{delete, get, patch, post, put, web};
use entity::{AddonId, addon};
use kernel::error::Result;
use kernel::http::operation::Operation;
use kernel::http::{
    Authorized, Created, ETag, IfMatch, Listed, NoContent, PageView, Read, ValidJson, ValidQuery,
};
use kernel::store::PageRequest;
use kernel::tenancy::{Permission, TenantContext, perm};
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::{AddonPatch, AddonPath, AddonQuery, AddonReference, AddonView, NewAddon};
use super::service;
use crate::price_list::model::Order;

/// The rules of the operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::member("GET", "/api/v1/agencies/{agency_slug}/addons", Permission::AddonsView),
    Operation::member("POST", "/api/v1/agencies/{agency_slug}/addons", Permission::AddonsCreate),
    Operation::member("PUT", "/api/v1/agencies/{agency_slug}/addons/order", Permission::AddonsEdit)
        .without_if_match(),
    Operation::member(
        "GET",
        "/api/v1/agencies/{agency_slug}/addons/{addon_id}",
        Permission::AddonsView,
    ),
    Operation::member(
        "PATCH",
        "/api/v1/agencies/{agency_slug}/addons/{addon_id}",
        Permission::AddonsEdit,
    ),
    Operation::member(
        "DELETE",
        "/api/v1/agencies/{agency_slug}/addons/{addon_id}",
        Permission::AddonsDelete,
    ),
    Operation::member(
        "POST",
        "/api/v1/agencies/{agency_slug}/addons/{addon_id}/duplicate",
        Permission::AddonsCreate,
    ),
];

/// Adds the routes; fixed segments before parameters, which would match them too.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list)
        .service(create)
        .service(reorder)
        .service(read)
        .service(change)
        .service(switch_off)
        .service(duplicate);
}

/// List the agency's add-ons.
///
/// In the order of the price list. Those that are switched off are left out unless asked for.
#[utoipa::path(tag = "addons", operation_id = "addons_list", params(AddonQuery),
    responses((status = 200, description = "A page of add-ons.", body = PageView<AddonView>)))]
#[get("/api/v1/agencies/{agency_slug}/addons")]
pub async fn list(
    ctx: Authorized<perm::AddonsView>,
    query: ValidQuery<AddonQuery>,
) -> Result<Listed<AddonView>> {
    let AddonQuery { include_inactive, package_slug, limit, cursor, include } = query.into_inner();
    let page = PageRequest::parse(limit, cursor.as_deref(), include.as_deref())?;
    let addons = service::list(&ctx, package_slug.as_deref(), include_inactive, &page).await?;
    Ok(addons.map(AddonView::from).into())
}

/// Create an add-on.
///
/// It is added at the end of the price list, switched on.
#[utoipa::path(tag = "addons", operation_id = "addons_create", request_body = NewAddon,
    responses((status = 201, description = "The new add-on.", body = AddonView)))]
#[post("/api/v1/agencies/{agency_slug}/addons")]
pub async fn create(
    ctx: Authorized<perm::AddonsCreate>,
    body: ValidJson<NewAddon>,
) -> Result<Created<AddonView>> {
    let addon = service::create(&ctx, body.into_inner()).await?;
    Ok(created(&ctx, addon))
}

/// Order the price list's add-ons.
///
/// Add-ons that are not named stay where they are.
#[utoipa::path(tag = "addons", operation_id = "addons_reorder",
    request_body(content = Order<AddonId>, example = json!({"entries": [
        {"id": "add_01jd3k9v5xe8rt2m4n6p8q0s2v", "display_order": 1},
        {"id": "add_01jd3k9v5xe8rt2m4n6p8q0s2w", "display_order": 0},
    ]})),
    responses((status = 200, description = "The places given.", body = Order<AddonId>,
        example = json!({"entries": [
            {"id": "add_01jd3k9v5xe8rt2m4n6p8q0s2v", "display_order": 1},
            {"id": "add_01jd3k9v5xe8rt2m4n6p8q0s2w", "display_order": 0},
        ]}))))]
#[put("/api/v1/agencies/{agency_slug}/addons/order")]
pub async fn reorder(
    ctx: Authorized<perm::AddonsEdit>,
    body: ValidJson<Order<AddonId>>,
) -> Result<web::Json<Order<AddonId>>> {
    Ok(web::Json(service::reorder(&ctx, body.into_inner()).await?))
}

/// Read an add-on by its id or slug.
#[utoipa::path(tag = "addons", operation_id = "addons_read",
    responses((status = 200, description = "The add-on.", body = AddonView)))]
#[get("/api/v1/agencies/{agency_slug}/addons/{addon_id}")]
pub async fn read(
    ctx: Authorized<perm::AddonsView>,
    path: web::Path<AddonReference>,
) -> Result<Read<AddonView>> {
    Ok(shown(service::read(&ctx, &path.addon_id).await?))
}

/// Change an add-on.
///
/// Documents keep what they sold.
#[utoipa::path(tag = "addons", operation_id = "addons_update", request_body = AddonPatch,
    responses((status = 200, description = "The changed add-on.", body = AddonView)))]
#[patch("/api/v1/agencies/{agency_slug}/addons/{addon_id}")]
pub async fn change(
    ctx: Authorized<perm::AddonsEdit>,
    path: web::Path<AddonPath>,
    if_match: IfMatch,
    body: ValidJson<AddonPatch>,
) -> Result<Read<AddonView>> {
    Ok(shown(service::change(&ctx, path.addon_id, &if_match, body.into_inner()).await?))
}

/// Switch an add-on off.
///
/// It is no longer offered; `is_active` brings it back. Documents keep what they sold.
#[utoipa::path(tag = "addons", operation_id = "addons_delete",
    responses((status = 204, description = "It is switched off.")))]
#[delete("/api/v1/agencies/{agency_slug}/addons/{addon_id}")]
pub async fn switch_off(
    ctx: Authorized<perm::AddonsDelete>,
    path: web::Path<AddonPath>,
    if_match: IfMatch,
) -> Result<NoContent> {
    service::switch_off(&ctx, path.addon_id, &if_match).await?;
    Ok(NoContent)
}

/// Duplicate an add-on.
///
/// The copy stands at the end of the price list, switched off.
#[utoipa::path(tag = "addons", operation_id = "addons_duplicate",
    responses((status = 201, description = "The copy.", body = AddonView)))]
#[post("/api/v1/agencies/{agency_slug}/addons/{addon_id}/duplicate")]
pub async fn duplicate(
    ctx: Authorized<perm::AddonsCreate>,
    path: web::Path<AddonPath>,
) -> Result<Created<AddonView>> {
    let addon = service::duplicate(&ctx, path.addon_id).await?;
    Ok(created(&ctx, addon))
}

fn shown(addon: addon::Model) -> Read<AddonView> {
    Read::new(ETag::version(addon.version), addon.into())
}

fn created(ctx: &TenantContext, addon: addon::Model) -> Created<AddonView> {
    let path = ctx.path(&format!("addons/{}", addon.id));
    let etag = ETag::version(addon.version);
    Created::at(path, addon.into()).etag(etag)
}
