//! The API of the person who is signed in.

use actix_web::{HttpResponse, get, patch, put};
use kernel::error::Result;
use kernel::http::cookies;
use kernel::http::problem::Problem;
use kernel::http::{IfMatch, Listed, PageView, Read, SignedIn, ValidJson};
use kernel::store::Page;

use super::model::{CurrentAgency, DefaultAgency, MePatch, MeView, MyAgency};
use super::service;

/// Read who is signed in.
#[utoipa::path(tag = "me", operation_id = "me_read", responses((status = 200, body = MeView)))]
#[get("/api/v1/me")]
pub(super) async fn read(caller: SignedIn) -> Result<Read<MeView>> {
    let view =
        service::read(&caller.app, caller.user.user.id, caller.request.current_agency).await?;
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
    let person = (caller.user.user.id, caller.request.current_agency);
    let view = service::update(&caller.app, person, if_match, body.into_inner()).await?;
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
    let person = (caller.user.user.id, caller.request.current_agency);
    let agency_id = body.into_inner().agency_id;
    let view = service::set_default_agency(&caller.app, person, if_match, agency_id).await?;
    Ok(Read::new(view.etag()?, view))
}

/// Choose the agency of this browser.
///
/// It is meant where a call names no agency, before one's default, and is kept in a cookie for 30
/// days. One that the person has left meanwhile is passed over.
#[utoipa::path(
    tag = "me",
    operation_id = "me_set_current_agency",
    request_body = CurrentAgency,
    responses(
        (status = 200, body = MyAgency),
        (status = 403, description = "The agency is suspended.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/api/v1/me/current-agency")]
pub(super) async fn set_current_agency(
    caller: SignedIn,
    body: ValidJson<CurrentAgency>,
) -> Result<HttpResponse> {
    let agency_id = body.into_inner().agency_id;
    let agency = service::usable_agency(&caller.app, &caller.user.user, agency_id).await?;
    let cookie = cookies::current_agency(caller.app.config(), agency_id);
    Ok(HttpResponse::Ok().cookie(cookie).json(agency))
}
