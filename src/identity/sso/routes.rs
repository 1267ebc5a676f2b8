//! The API of single sign-on.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, post, put};
use kernel::App;
use kernel::error::Result;
use kernel::http::problem::Problem;
use kernel::http::{Authorized, IfMatch, NoContent, Read, RequestInfo, ValidJson, ValidQuery};
use kernel::perm;

use super::model::{SsoSettings, SsoTest, SsoView};
use super::service;
use crate::oauth::{self, Callback, StartQuery};

/// Begin to sign in with an agency's identity provider.
///
/// For browsers: sends them to the page of the agency's issuer, and remembers them with a cookie for
/// 15 minutes. 404 where the agency has no issuer with a proven domain.
#[utoipa::path(
    tag = "auth",
    operation_id = "sso_start",
    params(StartQuery),
    responses(
        (status = 302, description = "To the issuer's page."),
        (status = 404, description = "The agency has no single sign-on.", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The issuer does not answer.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/api/v1/auth/sso/{agency_slug}/start")]
pub(super) async fn start(
    app: Data<App>,
    request: HttpRequest,
    slug: Path<String>,
    query: ValidQuery<StartQuery>,
) -> Result<HttpResponse> {
    let StartQuery { return_url, invite_token } = query.into_inner();
    let browser = oauth::browser(&app, &request);
    let url = service::start(&app, &slug, return_url, &browser.secret).await?;
    Ok(oauth::sent_away(&app, &url, browser, invite_token))
}

/// End a sign-in with an agency's identity provider.
///
/// As `GET /api/v1/auth/oauth/{provider}/callback`. Signs in members of the agency and people whom
/// it has invited, with addresses of domains that it has proven; all others are refused with
/// `sso_domain_unproven` or `sso_not_member`.
#[utoipa::path(
    tag = "auth",
    operation_id = "sso_callback",
    responses(
        (status = 302, description = "To the web client, signed in or with `error` in the query."),
        (status = 401, description = "The sign-in was not begun in this browser, or the issuer's token does not hold.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The issuer may not vouch for this person.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "The agency has no single sign-on.", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The issuer does not answer.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/api/v1/auth/sso/{agency_slug}/callback")]
pub(super) async fn callback(
    app: Data<App>,
    info: RequestInfo,
    request: HttpRequest,
    slug: Path<String>,
) -> Result<HttpResponse> {
    let callback = Callback::read(&app, &request);
    let finished = service::callback(&app, &info, &slug, &callback.returned).await?;
    callback.answer(&app, &info, finished)
}

/// Read an agency's identity provider.
///
/// With the record that proves each domain, and without the client's secret.
#[utoipa::path(tag = "agencies", operation_id = "sso_read", responses((status = 200, body = SsoView)))]
#[get("/api/v1/agencies/{agency_slug}/sso")]
pub(super) async fn read(ctx: Authorized<perm::SsoManage>) -> Result<Read<SsoView>> {
    let sso = service::read(&ctx).await?;
    Ok(Read::new(sso.etag(), sso.view(&ctx)))
}

/// Set an agency's identity provider up.
///
/// An OpenID Connect issuer on the public internet. It signs people in when their domain is proven:
/// publish the record that the answer shows, then call `verify-domains`. A domain that stays keeps
/// its proof.
#[utoipa::path(tag = "agencies", operation_id = "sso_set", request_body = SsoSettings, responses((status = 200, body = SsoView)))]
#[put("/api/v1/agencies/{agency_slug}/sso")]
pub(super) async fn put(
    ctx: Authorized<perm::SsoManage>,
    if_match: IfMatch,
    body: ValidJson<SsoSettings>,
) -> Result<Read<SsoView>> {
    let sso = service::put(&ctx, if_match, body.into_inner()).await?;
    Ok(Read::new(sso.etag(), sso.view(&ctx)))
}

/// Remove an agency's identity provider.
///
/// Its people sign in otherwise from then on; who is signed in stays so.
#[utoipa::path(tag = "agencies", operation_id = "sso_remove", responses((status = 204, description = "Removed.")))]
#[delete("/api/v1/agencies/{agency_slug}/sso")]
pub(super) async fn delete(
    ctx: Authorized<perm::SsoManage>,
    if_match: IfMatch,
) -> Result<NoContent> {
    service::delete(&ctx, if_match).await?;
    Ok(NoContent)
}

/// Test an agency's identity provider.
///
/// Reads what the issuer says of itself, and its keys. Changes nothing.
#[utoipa::path(tag = "agencies", operation_id = "sso_test", responses((status = 200, body = SsoTest)))]
#[post("/api/v1/agencies/{agency_slug}/sso/test")]
pub(super) async fn test(ctx: Authorized<perm::SsoManage>) -> Result<Json<SsoTest>> {
    service::test(&ctx).await.map(Json)
}

/// Look for the records that prove an agency's domains.
///
/// A domain whose record is there counts as proven, one whose record is gone no more. It is looked
/// for again when somebody signs in and the proof is older than a week.
#[utoipa::path(
    tag = "agencies",
    operation_id = "sso_verify_domains",
    responses(
        (status = 200, body = SsoView),
        (status = 502, description = "The domain name system does not answer.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/agencies/{agency_slug}/sso/verify-domains")]
pub(super) async fn verify_domains(ctx: Authorized<perm::SsoManage>) -> Result<Read<SsoView>> {
    let sso = service::verify_domains(&ctx).await?;
    Ok(Read::new(sso.etag(), sso.view(&ctx)))
}
