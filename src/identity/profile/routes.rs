//! The API of the profile.

use actix_web::{get, patch};
use kernel::error::Result;
use kernel::http::{Authorized, IfMatch, Read, ValidJson, ValidQuery};
use kernel::perm;

use super::model::{ProfilePatch, ProfileQuery, ProfileView};
use super::service;

/// Read an agency's business details.
///
/// Branch and account number are masked; `reveal=true` shows them and is logged.
#[utoipa::path(
    tag = "agencies",
    operation_id = "profile_read",
    params(ProfileQuery),
    responses((status = 200, body = ProfileView))
)]
#[get("/api/v1/agencies/{agency_slug}/profile")]
pub(super) async fn read(
    ctx: Authorized<perm::ProfileView>,
    query: ValidQuery<ProfileQuery>,
) -> Result<Read<ProfileView>> {
    let (etag, view) = service::read(&ctx, query.into_inner().reveal).await?;
    Ok(Read::new(etag, view))
}

/// Change an agency's business details.
///
/// What is left out stays. New tax, currency and terms hold for new documents; those that exist
/// keep what they were made with.
#[utoipa::path(
    tag = "agencies",
    operation_id = "profile_update",
    request_body = ProfilePatch,
    responses((status = 200, body = ProfileView))
)]
#[patch("/api/v1/agencies/{agency_slug}/profile")]
pub(super) async fn update(
    ctx: Authorized<perm::ProfileEdit>,
    if_match: IfMatch,
    body: ValidJson<ProfilePatch>,
) -> Result<Read<ProfileView>> {
    let (etag, view) = service::update(&ctx, if_match, body.into_inner()).await?;
    Ok(Read::new(etag, view))
}
