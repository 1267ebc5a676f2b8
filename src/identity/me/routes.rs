//! The API of the person who is signed in.

use actix_web::{get, patch, put};
use kernel::error::Result;
use kernel::http::{IfMatch, Listed, PageView, Read, SignedIn, ValidJson};
use kernel::store::Page;

use super::model::{DefaultAgency, MePatch, MeView, MyAgency};
use super::service;

/// Read who is signed in.
#[utoipa::path(tag = "me", operation_id = "me_read", responses((status = 200, body = MeView)))]
#[get("/api/v1/me")]
pub(super) async fn read(caller: SignedIn) -> Result<Read<MeView>> {
    let view = service::read(&caller.app, caller.user.user.id).await?;
    Ok(Read::new(view.etag()?, view))
}

/// Change one's picture.
#[utoipa::path(tag = "me", operation_id = "me_update", request_body = MePatch, responses((status = 200, body = MeView)))]
#[patch("/api/v1/me")]
pub(super) async fn update(
    caller: SignedIn,
    if_match: IfMatch,
    body: ValidJson<MePatch>,
) -> Result<Read<MeView>> {
    let id = caller.user.user.id;
    let view = service::update(&caller.app, id, if_match, body.into_inner()).await?;
    Ok(Read::new(view.etag()?, view))
}

/// List one's agencies.
///
/// Those with an active membership, by name; all on one page.
#[utoipa::path(tag = "me", operation_id = "me_agencies", responses((status = 200, body = PageView<MyAgency>)))]
#[get("/api/v1/me/agencies")]
pub(super) async fn agencies(caller: SignedIn) -> Result<Listed<MyAgency>> {
    let data = service::agencies(&caller.app, &caller.user.user).await?;
    Ok(Listed::from(Page { data, next: None, total: None }))
}

/// Choose one's default agency.
///
/// It is meant where a call names no agency.
#[utoipa::path(tag = "me", operation_id = "me_set_default_agency", request_body = DefaultAgency, responses((status = 200, body = MeView)))]
#[put("/api/v1/me/default-agency")]
pub(super) async fn set_default_agency(
    caller: SignedIn,
    if_match: IfMatch,
    body: ValidJson<DefaultAgency>,
) -> Result<Read<MeView>> {
    let (id, agency_id) = (caller.user.user.id, body.into_inner().agency_id);
    let view = service::set_default_agency(&caller.app, id, if_match, agency_id).await?;
    Ok(Read::new(view.etag()?, view))
}
