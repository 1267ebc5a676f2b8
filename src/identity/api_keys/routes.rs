//! The API of API keys.

use actix_web::web::Path;
use actix_web::{delete, get, patch, post};
use kernel::error::Result;
use kernel::http::{
    Authorized, Created, IfMatch, Listed, NoContent, OptionalJson, PageView, Read, ValidJson,
    ValidQuery,
};
use kernel::perm;
use kernel::store::PageRequest;

use super::model::{
    ApiKeyPatch, ApiKeyPath, ApiKeyView, ApiKeysQuery, IssuedApiKey, NewApiKey, RotateApiKey,
};
use super::service;

/// List the API keys of an agency.
///
/// Newest first; expired and revoked ones are among them.
#[utoipa::path(
    tag = "api_keys",
    operation_id = "api_keys_list",
    params(ApiKeysQuery),
    responses((status = 200, body = PageView<ApiKeyView>))
)]
#[get("/api/v1/agencies/{agency_slug}/api-keys")]
pub(super) async fn list(
    ctx: Authorized<perm::ApiKeyManage>,
    query: ValidQuery<ApiKeysQuery>,
) -> Result<Listed<ApiKeyView>> {
    let ApiKeysQuery { limit, cursor, include } = query.into_inner();
    let page = PageRequest::parse(limit, cursor.as_deref(), include.as_deref())?;
    Ok(Listed::from(service::list(&ctx, &page).await?.map(ApiKeyView::from)))
}

/// Make an API key.
///
/// The answer holds the key, and no other answer ever will. The key acts on behalf of the caller:
/// what it makes is theirs, and it never may do more than they may.
#[utoipa::path(
    tag = "api_keys",
    operation_id = "api_keys_create",
    request_body = NewApiKey,
    responses((status = 201, body = IssuedApiKey))
)]
#[post("/api/v1/agencies/{agency_slug}/api-keys")]
pub(super) async fn create(
    ctx: Authorized<perm::ApiKeyManage>,
    body: ValidJson<NewApiKey>,
) -> Result<Created<IssuedApiKey>> {
    let key = service::create(&ctx, body.into_inner()).await?;
    let (location, etag) = (ctx.path(&format!("api-keys/{}", key.row.id)), key.etag());
    Ok(Created::at(location, key.into()).etag(etag))
}

/// Read an API key.
///
/// Everything but the key itself.
#[utoipa::path(tag = "api_keys", operation_id = "api_keys_read", responses((status = 200, body = ApiKeyView)))]
#[get("/api/v1/agencies/{agency_slug}/api-keys/{api_key_id}")]
pub(super) async fn read(
    ctx: Authorized<perm::ApiKeyManage>,
    path: Path<ApiKeyPath>,
) -> Result<Read<ApiKeyView>> {
    let key = service::read(&ctx, path.api_key_id).await?;
    Ok(Read::new(key.etag(), key.into()))
}

/// Change an API key's name, scopes, end or limit.
///
/// The key itself stays; the change holds from the next request on.
#[utoipa::path(
    tag = "api_keys",
    operation_id = "api_keys_change",
    request_body = ApiKeyPatch,
    responses((status = 200, body = ApiKeyView))
)]
#[patch("/api/v1/agencies/{agency_slug}/api-keys/{api_key_id}")]
pub(super) async fn change(
    ctx: Authorized<perm::ApiKeyManage>,
    path: Path<ApiKeyPath>,
    if_match: IfMatch,
    body: ValidJson<ApiKeyPatch>,
) -> Result<Read<ApiKeyView>> {
    let key = service::change(&ctx, path.api_key_id, if_match, body.into_inner()).await?;
    Ok(Read::new(key.etag(), key.into()))
}

/// Replace an API key by a new one.
///
/// Name, scopes and limits stay, the secret is another; the answer holds it, and no other ever
/// will. The replaced key stops at once, or after `grace_s` seconds.
#[utoipa::path(
    tag = "api_keys",
    operation_id = "api_keys_rotate",
    request_body = Option<RotateApiKey>,
    responses((status = 200, body = IssuedApiKey))
)]
#[post("/api/v1/agencies/{agency_slug}/api-keys/{api_key_id}/rotate")]
pub(super) async fn rotate(
    ctx: Authorized<perm::ApiKeyManage>,
    path: Path<ApiKeyPath>,
    if_match: IfMatch,
    body: OptionalJson<RotateApiKey>,
) -> Result<Read<IssuedApiKey>> {
    let key = service::rotate(&ctx, path.api_key_id, if_match, body.into_inner()).await?;
    Ok(Read::new(key.etag(), key.into()))
}

/// Revoke an API key.
///
/// It stops at once and for good, and stays in the list.
#[utoipa::path(tag = "api_keys", operation_id = "api_keys_revoke", responses((status = 204, description = "It works no more.")))]
#[delete("/api/v1/agencies/{agency_slug}/api-keys/{api_key_id}")]
pub(super) async fn revoke(
    ctx: Authorized<perm::ApiKeyManage>,
    path: Path<ApiKeyPath>,
    if_match: IfMatch,
) -> Result<NoContent> {
    service::revoke(&ctx, path.api_key_id, if_match).await?;
    Ok(NoContent)
}
