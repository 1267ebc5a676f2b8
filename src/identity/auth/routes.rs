//! The sign-in API.

use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, get, post};
use kernel::App;
use kernel::error::Result;
use kernel::http::problem::Problem;
use kernel::http::{OptionalJson, RequestInfo, SignedIn, ValidJson};

use super::cookies;
use super::model::{
    LinkRequest, LinkRequested, LinkToken, Providers, RefreshToken, SignInOutcome, TokenPair,
};
use super::service;
use crate::oauth;

/// List the ways to sign in.
#[utoipa::path(tag = "auth", operation_id = "auth_providers", responses((status = 200, body = Providers)))]
#[get("/api/v1/auth/providers")]
pub(super) async fn providers(app: Data<App>) -> Json<Providers> {
    let oauth = oauth::offered(&app);
    Json(Providers { magic_link: true, oauth, sign_up: app.config().signup_mode.as_str() })
}

/// Ask for a sign-in link by mail.
///
/// The answer is the same for every address, known or not. The link works once, for 15 minutes; a
/// new one voids the earlier ones. An address gets at most 5 links an hour.
#[utoipa::path(
    tag = "auth",
    operation_id = "auth_request_link",
    request_body = LinkRequest,
    responses((status = 202, description = "A link is on its way, if mail reaches the address.", body = LinkRequested))
)]
#[post("/api/v1/auth/magic-link")]
pub(super) async fn request_link(
    app: Data<App>,
    body: ValidJson<LinkRequest>,
) -> Result<HttpResponse> {
    let LinkRequest { email, return_url } = body.into_inner();
    service::request_link(&app, &email, return_url).await?;
    Ok(HttpResponse::Accepted().json(LinkRequested {
        message: "If mail reaches this address, a sign-in link is on its way. It works once, for 15 minutes.",
    }))
}

/// Sign in with the token of a link.
///
/// Makes the person when the address is new, and accepts the invitations that wait for it. Where
/// the person has a second factor, or has to have one, the answer is no pair of tokens but a
/// `session_token` with `second_factor_required`: go on with `POST /api/v1/auth/second-factor` or
/// `POST /api/v1/auth/phone/start`. A token that is unknown, used or expired is 401
/// `invalid_token`; a suspended person is 403 `account_suspended`.
#[utoipa::path(
    tag = "auth",
    operation_id = "auth_verify_link",
    request_body = LinkToken,
    responses(
        (status = 200, body = SignInOutcome),
        (status = 401, description = "The token is unknown, used or expired.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The person is suspended.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/auth/magic-link/verify")]
pub(super) async fn verify_link(
    app: Data<App>,
    request: HttpRequest,
    info: RequestInfo,
    body: ValidJson<LinkToken>,
) -> Result<HttpResponse> {
    let outcome = service::verify(&app, &body.into_inner().token, &info).await?;
    cookies::outcome(&app, &request, outcome)
}

/// Exchange a refresh token for new tokens.
///
/// The refresh token stands in the body or in the cookie of a browser, whose `Origin` must then be
/// this server or a configured client. It works once, and for another minute so that parallel
/// requests do not fail; one that comes back later ends the sign-in (401 `token_reused`). When the
/// access token comes along and lasts for more than a minute, the answer is the same pair again.
/// The new tokens are set as cookies too.
#[utoipa::path(
    tag = "auth",
    operation_id = "auth_refresh",
    request_body = RefreshToken,
    responses(
        (status = 200, body = TokenPair),
        (status = 401, description = "The token is unknown, expired or was used before, or the sign-in has ended.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A cookie came from a page of another origin (`origin_mismatch`).", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/auth/refresh")]
pub(super) async fn refresh(
    app: Data<App>,
    request: HttpRequest,
    info: RequestInfo,
    body: OptionalJson<RefreshToken>,
) -> Result<HttpResponse> {
    let presented = body.into_inner().refresh_token;
    let refresh = cookies::refresh_token(&app, &request, &info, presented).await?;
    let access = cookies::access_token(&request);
    let pair = service::refresh(&app, &refresh, access.as_deref(), &info).await?;
    cookies::pair(&app, &request, pair)
}

/// Sign out.
///
/// Ends this sign-in with all its tokens, and removes its cookies.
#[utoipa::path(tag = "auth", operation_id = "auth_logout", responses((status = 204, description = "Signed out.")))]
#[post("/api/v1/auth/logout")]
pub(super) async fn logout(caller: SignedIn) -> Result<HttpResponse> {
    service::logout(&caller.app, &caller.user, &caller.request).await?;
    cookies::signed_out(&caller.app)
}
