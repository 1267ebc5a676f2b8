//! The API of agencies.

use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, get, patch, post};
use kernel::error::Result;
use kernel::http::{Authorized, Created, ETag, IfMatch, Read, SignedIn, ValidJson, ValidQuery};
use kernel::{App, Error, perm};

use super::model::{AgencyPatch, AgencyView, NewAgency, SlugAvailability, SlugQuery};
use super::permissions::{self, PermissionsView};
use super::service;
use crate::invites;

/// Ask whether a slug is free.
///
/// `reason` says why not: `format`, `reserved` or `taken`.
#[utoipa::path(
    tag = "agencies",
    operation_id = "agencies_slug_available",
    params(SlugQuery),
    responses((status = 200, body = SlugAvailability))
)]
#[get("/api/v1/agencies/slug-available")]
pub(super) async fn slug_available(
    app: Data<App>,
    query: ValidQuery<SlugQuery>,
) -> Result<Json<SlugAvailability>> {
    service::slug_availability(&app, query.into_inner().slug).await.map(Json)
}

/// Create an agency.
///
/// The caller becomes its owner. Profile, tax defaults and number series are made with it. With an
/// invitation of the operator it uses everything without a charge; where sign-up is `invite_only`
/// it cannot be created without one (403 `invite_required`). An invitation is for one address (403
/// `invite_email_mismatch`) and works once (409 `invalid_state`).
#[utoipa::path(
    tag = "agencies",
    operation_id = "agencies_create",
    request_body = NewAgency,
    responses((status = 201, body = AgencyView))
)]
#[post("/api/v1/agencies")]
pub(super) async fn create(
    caller: SignedIn,
    request: HttpRequest,
    body: ValidJson<NewAgency>,
) -> Result<Created<AgencyView>> {
    let cookie = request.cookie(invites::COOKIE);
    let carried = cookie.as_ref().map(|cookie| cookie.value());
    let SignedIn { user, app, request } = &caller;
    let agency = service::found(app, &user.user, request, carried, body.into_inner()).await?;
    let (location, etag) = (format!("/api/v1/agencies/{}", agency.row.slug), agency.etag());
    Ok(Created::at(location, agency.into()).etag(etag))
}

/// Read an agency.
///
/// With the caller's role and permissions in it.
#[utoipa::path(tag = "agencies", operation_id = "agencies_read", responses((status = 200, body = AgencyView)))]
#[get("/api/v1/agencies/{agency_slug}")]
pub(super) async fn read(ctx: Authorized<perm::AgencyView>) -> Result<Read<AgencyView>> {
    let agency = service::read(&ctx).await?;
    Ok(Read::new(agency.etag(), agency.into()))
}

/// Change an agency's name or public contact.
///
/// The slug stays, so that no link breaks.
#[utoipa::path(
    tag = "agencies",
    operation_id = "agencies_update",
    request_body = AgencyPatch,
    responses((status = 200, body = AgencyView))
)]
#[patch("/api/v1/agencies/{agency_slug}")]
pub(super) async fn update(
    ctx: Authorized<perm::SettingsEdit>,
    if_match: IfMatch,
    body: ValidJson<AgencyPatch>,
) -> Result<Read<AgencyView>> {
    let agency = service::update(&ctx, if_match, body.into_inner()).await?;
    Ok(Read::new(agency.etag(), agency.into()))
}

/// Read the matrix of roles and permissions.
///
/// Grouped by resource, with what the caller's role grants.
#[utoipa::path(tag = "agencies", operation_id = "permissions_read", responses((status = 200, body = PermissionsView)))]
#[get("/api/v1/agencies/{agency_slug}/permissions")]
pub(super) async fn read_permissions(
    ctx: Authorized<perm::AgencyView>,
) -> Result<Read<PermissionsView>> {
    let role = ctx.role().ok_or_else(|| Error::internal("a permission without a role"))?;
    let view = permissions::view(role, &ctx.permissions());
    // The matrix changes with the server alone: its tag is who asks.
    let etag = match ctx.api_key() {
        Some(key) => ETag::variant(key.version, format_args!("{}.{role}", key.id)),
        None if ctx.impersonator().is_some() => ETag::variant(1, "impersonator"),
        None => ETag::variant(1, role),
    };
    Ok(Read::new(etag, view))
}
