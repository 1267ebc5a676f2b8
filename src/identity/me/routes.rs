//! The API of the person who is signed in.

use actix_web::http::header;
use actix_web::{HttpResponse, delete, get, patch, put};
use kernel::error::Result;
use kernel::http::cookies;
use kernel::http::problem::Problem;
use kernel::http::{IfMatch, Listed, PageView, Read, SignedIn, ValidJson};
use kernel::store::Page;

use super::export::{AccountExport, gather};
use super::model::{AccountDeletion, CurrentAgency, DefaultAgency, MePatch, MeView, MyAgency};
use super::service;
use crate::auth::cookies::signed_out;

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

/// Delete one's account for good.
///
/// Within 15 minutes of a sign-in (403 `recent_sign_in_required`). Every sign-in ends, and the
/// memberships, connected accounts, second factor and API keys go; documents and activity stay
/// without naming anybody. 409 `sole_owner` names the agencies that would be left without owner: hand
/// them over first. Whoever operates the platform is refused (403 `super_admin_protected`) until they
/// do no longer.
#[utoipa::path(
    tag = "me",
    operation_id = "me_delete",
    request_body = AccountDeletion,
    responses((status = 204, description = "Deleted; the cookies of the sign-in are removed."))
)]
#[delete("/api/v1/me")]
pub(super) async fn delete(
    caller: SignedIn,
    body: ValidJson<AccountDeletion>,
) -> Result<HttpResponse> {
    service::delete(&caller, &body.into_inner()).await?;
    signed_out(&caller.app)
}

/// Export what is kept about oneself.
///
/// A JSON file: the account, memberships, sign-ins, connected accounts, the state of the second
/// factor, and the newest 1,000 entries each of the security log and of what one did in agencies. It
/// has no secrets, and nothing of anybody else's: of an action it says what was done and to what, not
/// what stood there.
#[utoipa::path(tag = "me", operation_id = "me_export", responses((status = 200, body = AccountExport)))]
#[get("/api/v1/me/export")]
pub(super) async fn export(caller: SignedIn) -> Result<HttpResponse> {
    let export = gather(&caller).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"account.json\""))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .json(export))
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
