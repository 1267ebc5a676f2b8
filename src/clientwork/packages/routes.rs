//! The operations.

use actix_web::{delete, get, patch, post, put, web};
use entity::{PackageId, package};
use kernel::error::Result;
use kernel::http::operation::Operation;
use kernel::http::{
    Authorized, Created, ETag, IfMatch, Listed, NoContent, PageView, Read, ValidJson, ValidQuery,
};
use kernel::store::PageRequest;
use kernel::tenancy::{Permission, TenantContext, perm};
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::{
    NewPackage, PackagePatch, PackagePath, PackageQuery, PackageReference, PackageView,
};
use super::service;
use crate::price_list::model::Order;

/// The rules of the operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::member("GET", "/api/v1/agencies/{agency_slug}/packages", Permission::PackagesView),
    Operation::member(
        "POST",
        "/api/v1/agencies/{agency_slug}/packages",
        Permission::PackagesCreate,
    ),
    Operation::member(
        "PUT",
        "/api/v1/agencies/{agency_slug}/packages/order",
        Permission::PackagesEdit,
    )
    .without_if_match(),
    Operation::member(
        "GET",
        "/api/v1/agencies/{agency_slug}/packages/{package_id}",
        Permission::PackagesView,
    ),
    Operation::member(
        "PATCH",
        "/api/v1/agencies/{agency_slug}/packages/{package_id}",
        Permission::PackagesEdit,
    ),
    Operation::member(
        "DELETE",
        "/api/v1/agencies/{agency_slug}/packages/{package_id}",
        Permission::PackagesDelete,
    ),
    Operation::member(
        "POST",
        "/api/v1/agencies/{agency_slug}/packages/{package_id}/duplicate",
        Permission::PackagesCreate,
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

/// List the agency's packages.
///
/// In the order of the price list. Those that are switched off are left out unless asked for.
#[utoipa::path(tag = "packages", operation_id = "packages_list", params(PackageQuery),
    responses((status = 200, description = "A page of packages.", body = PageView<PackageView>)))]
#[get("/api/v1/agencies/{agency_slug}/packages")]
pub async fn list(
    ctx: Authorized<perm::PackagesView>,
    query: ValidQuery<PackageQuery>,
) -> Result<Listed<PackageView>> {
    let PackageQuery { include_inactive, limit, cursor, include } = query.into_inner();
    let page = PageRequest::parse(limit, cursor.as_deref(), include.as_deref())?;
    let packages = service::list(&ctx, include_inactive, &page).await?;
    Ok(packages.map(PackageView::from).into())
}

/// Create a package.
///
/// It is added at the end of the price list, switched on.
#[utoipa::path(tag = "packages", operation_id = "packages_create", request_body = NewPackage,
    responses((status = 201, description = "The new package.", body = PackageView)))]
#[post("/api/v1/agencies/{agency_slug}/packages")]
pub async fn create(
    ctx: Authorized<perm::PackagesCreate>,
    body: ValidJson<NewPackage>,
) -> Result<Created<PackageView>> {
    let package = service::create(&ctx, body.into_inner()).await?;
    Ok(created(&ctx, package))
}

/// Order the price list's packages.
///
/// Packages that are not named stay where they are.
#[utoipa::path(tag = "packages", operation_id = "packages_reorder",
    request_body(content = Order<PackageId>, example = json!({"entries": [
        {"id": "pkg_01jd3k9v5xe8rt2m4n6p8q0s2v", "display_order": 1},
        {"id": "pkg_01jd3k9v5xe8rt2m4n6p8q0s2w", "display_order": 0},
    ]})),
    responses((status = 200, description = "The places given.", body = Order<PackageId>,
        example = json!({"entries": [
            {"id": "pkg_01jd3k9v5xe8rt2m4n6p8q0s2v", "display_order": 1},
            {"id": "pkg_01jd3k9v5xe8rt2m4n6p8q0s2w", "display_order": 0},
        ]}))))]
#[put("/api/v1/agencies/{agency_slug}/packages/order")]
pub async fn reorder(
    ctx: Authorized<perm::PackagesEdit>,
    body: ValidJson<Order<PackageId>>,
) -> Result<web::Json<Order<PackageId>>> {
    Ok(web::Json(service::reorder(&ctx, body.into_inner()).await?))
}

/// Read a package by its id or slug.
#[utoipa::path(tag = "packages", operation_id = "packages_read",
    responses((status = 200, description = "The package.", body = PackageView)))]
#[get("/api/v1/agencies/{agency_slug}/packages/{package_id}")]
pub async fn read(
    ctx: Authorized<perm::PackagesView>,
    path: web::Path<PackageReference>,
) -> Result<Read<PackageView>> {
    Ok(shown(service::read(&ctx, &path.package_id).await?))
}

/// Change a package.
///
/// Add-ons that name it follow a new slug. Documents keep what they sold.
#[utoipa::path(tag = "packages", operation_id = "packages_update", request_body = PackagePatch,
    responses((status = 200, description = "The changed package.", body = PackageView)))]
#[patch("/api/v1/agencies/{agency_slug}/packages/{package_id}")]
pub async fn change(
    ctx: Authorized<perm::PackagesEdit>,
    path: web::Path<PackagePath>,
    if_match: IfMatch,
    body: ValidJson<PackagePatch>,
) -> Result<Read<PackageView>> {
    Ok(shown(service::change(&ctx, path.package_id, &if_match, body.into_inner()).await?))
}

/// Switch a package off.
///
/// It is no longer offered; `is_active` brings it back. Documents keep what they sold.
#[utoipa::path(tag = "packages", operation_id = "packages_delete",
    responses((status = 204, description = "It is switched off.")))]
#[delete("/api/v1/agencies/{agency_slug}/packages/{package_id}")]
pub async fn switch_off(
    ctx: Authorized<perm::PackagesDelete>,
    path: web::Path<PackagePath>,
    if_match: IfMatch,
) -> Result<NoContent> {
    service::switch_off(&ctx, path.package_id, &if_match).await?;
    Ok(NoContent)
}

/// Duplicate a package.
///
/// The copy stands at the end of the price list, switched off and not featured.
#[utoipa::path(tag = "packages", operation_id = "packages_duplicate",
    responses((status = 201, description = "The copy.", body = PackageView)))]
#[post("/api/v1/agencies/{agency_slug}/packages/{package_id}/duplicate")]
pub async fn duplicate(
    ctx: Authorized<perm::PackagesCreate>,
    path: web::Path<PackagePath>,
) -> Result<Created<PackageView>> {
    let package = service::duplicate(&ctx, path.package_id).await?;
    Ok(created(&ctx, package))
}

fn shown(package: package::Model) -> Read<PackageView> {
    Read::new(ETag::version(package.version), package.into())
}

fn created(ctx: &TenantContext, package: package::Model) -> Created<PackageView> {
    let path = ctx.path(&format!("packages/{}", package.id));
    let etag = ETag::version(package.version);
    Created::at(path, package.into()).etag(etag)
}
