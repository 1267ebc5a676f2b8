//! The API of branding, and the public address of logos.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, put};
use comms::pages::IMMUTABLE;
use kernel::error::Result;
use kernel::http::{Authorized, IfMatch, NoContent, RawBody, Read, ValidJson};
use kernel::{App, perm};

use super::model::{BrandingPatch, BrandingView, ImageBytes};
use super::service;

/// Change an agency's colours and gradient.
///
/// A gradient that is set needs the feature `custom_branding`: without it 403
/// `feature_not_in_plan`. Taking it away does not. A smaller plan keeps it and no longer shows it;
/// the primary colour stands in. The version is that of the agency.
#[utoipa::path(
    tag = "agencies",
    operation_id = "branding_update",
    request_body = BrandingPatch,
    responses((status = 200, body = BrandingView))
)]
#[patch("/api/v1/agencies/{agency_slug}/branding")]
pub(super) async fn update(
    ctx: Authorized<perm::BrandingEdit>,
    if_match: IfMatch,
    body: ValidJson<BrandingPatch>,
) -> Result<Read<BrandingView>> {
    let (etag, view) = service::update(&ctx, if_match, body.into_inner()).await?;
    Ok(Read::new(etag, view))
}

/// Replace an agency's logo.
///
/// The body is the image itself: PNG, JPEG, GIF or WebP, at most 2 MiB and 16 million pixels. Its
/// type is read from the bytes. The version is that of the agency.
#[utoipa::path(
    tag = "agencies",
    operation_id = "branding_put_logo",
    request_body(content(
        (ImageBytes = "image/png"),
        (ImageBytes = "image/jpeg"),
        (ImageBytes = "image/gif"),
        (ImageBytes = "image/webp"),
    )),
    responses((status = 200, body = BrandingView))
)]
#[put("/api/v1/agencies/{agency_slug}/branding/logo")]
pub(super) async fn put_logo(
    ctx: Authorized<perm::BrandingEdit>,
    if_match: IfMatch,
    body: RawBody,
) -> Result<Read<BrandingView>> {
    let (etag, view) = service::put_logo(&ctx, if_match, &body.bytes).await?;
    Ok(Read::new(etag, view))
}

/// Take an agency's logo away.
///
/// What was sent with it still shows it.
#[utoipa::path(tag = "agencies", operation_id = "branding_delete_logo", responses((status = 204, description = "There is no logo.")))]
#[delete("/api/v1/agencies/{agency_slug}/branding/logo")]
pub(super) async fn delete_logo(
    ctx: Authorized<perm::BrandingEdit>,
    if_match: IfMatch,
) -> Result<NoContent> {
    service::delete_logo(&ctx, if_match).await?;
    Ok(NoContent)
}

/// A logo by the hash of its bytes.
#[get("/assets/logos/{sha256}")]
pub(super) async fn logo(app: Data<App>, sha256: Path<String>) -> Result<HttpResponse> {
    let (content_type, bytes) = service::public_logo(&app, &sha256).await?;
    Ok(HttpResponse::Ok().content_type(content_type).insert_header(IMMUTABLE).body(bytes))
}
