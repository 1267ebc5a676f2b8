//! The API of signing in with a provider, and the page on which it may end.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, Accept, Header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, delete, get, post};
use entity::IdentityId;
use entity::external_identity::IdentityProvider;
use kernel::App;
use kernel::error::{Error, Result};
use kernel::http::problem::Problem;
use kernel::http::respond::html;
use kernel::http::{
    Listed, NoContent, PageView, RequestInfo, SignedIn, ValidJson, ValidQuery, cookies, log_error,
};
use kernel::store::Page;

use super::cookie::{self, Browser};
use super::model::{ConnectionStart, IdentityView, NewIdentity, StartQuery};
use super::service::{self, Arrival, Finished, Returned};
use crate::auth::{SignInOutcome, return_url};
use crate::invites::COOKIE;

/// How long an invitation is kept in the browser (spec §8.5).
const INVITATION_MAX_AGE: actix_web::cookie::time::Duration =
    actix_web::cookie::time::Duration::days(7);

fn provider(text: &str) -> Result<IdentityProvider> {
    text.parse().map_err(|()| Error::NotFound)
}

/// Begin to sign in with a provider.
///
/// For browsers: sends them to the provider's page, and remembers them with a cookie for 15 minutes.
/// `GET /api/v1/auth/providers` tells which providers are on; every other is 404.
#[utoipa::path(
    tag = "auth",
    operation_id = "oauth_start",
    params(("provider" = String, Path, description = "`google`, `github`, `microsoft` or `facebook`."), StartQuery),
    responses(
        (status = 302, description = "To the provider's page."),
        (status = 404, description = "The provider is not offered here.", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The provider does not answer.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/api/v1/auth/oauth/{provider}/start")]
pub(super) async fn start(
    app: Data<App>,
    request: HttpRequest,
    name: Path<String>,
    query: ValidQuery<StartQuery>,
) -> Result<HttpResponse> {
    let StartQuery { return_url, invite_token } = query.into_inner();
    let browser = cookie::browser(&app, &request);
    let url = service::start(&app, provider(&name)?, return_url, &browser.secret).await?;
    Ok(sent_away(&app, &url, browser, invite_token))
}

/// End a sign-in with a provider.
///
/// Where the provider sends the browser back to, with `code` and `state`, or with `error`. Sets the
/// cookies of a sign-in and leads on to the `return_url`; with `second_factor=required` in its query
/// when a second factor is missing, for which the cookie `session_token` stands. Where it is not
/// known or not allowed, to the first configured client, else to a page of this server.
///
/// A refusal leads there too, with its code as `error` in the query; a client that would rather have
/// JSON (`Accept: application/json`) gets the problem document. The codes: `oauth_state_invalid`
/// (not begun in this browser, over, or used), `oauth_denied`, `oauth_failed` (the provider's token
/// does not hold), `upstream_failed`, `email_missing`, `email_unverified` (sign in with a link by
/// mail once and connect the account then), `account_suspended`, `identity_taken`.
#[utoipa::path(
    tag = "auth",
    operation_id = "oauth_callback",
    params(("provider" = String, Path, description = "`google`, `github`, `microsoft` or `facebook`.")),
    responses(
        (status = 302, description = "To the web client, signed in or with `error` in the query."),
        (status = 401, description = "The sign-in was not begun in this browser, or the provider's token does not hold.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Refused: no address, an unverified one, a suspended person.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "The provider is not offered here.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Somebody else has connected the account.", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The provider does not answer.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/api/v1/auth/oauth/{provider}/callback")]
pub(super) async fn callback(
    app: Data<App>,
    info: RequestInfo,
    request: HttpRequest,
    name: Path<String>,
) -> Result<HttpResponse> {
    let callback = Callback::read(&app, &request);
    let provider = provider(&name)?;
    let finished = service::callback(&app, &info, provider, &callback.returned).await?;
    callback.answer(&app, &info, finished)
}

/// List the accounts one signs in with.
///
/// Accounts at providers that are connected to the person, oldest first; all on one page.
#[utoipa::path(tag = "me", operation_id = "identities_list", responses((status = 200, body = PageView<IdentityView>)))]
#[get("/api/v1/me/identities")]
pub(super) async fn identities(caller: SignedIn) -> Result<Listed<IdentityView>> {
    let data = service::list(&caller.app, caller.user.user.id).await?;
    Ok(Listed::from(Page { data, next: None, total: None }))
}

/// Begin to connect an account.
///
/// Open the `authorization_url` in the browser that got this answer: its cookie is asked for when
/// it comes back. Whatever address the account has, the person who is signed in signs in with it
/// from then on; the sign-in must therefore not be older than 15 minutes (403
/// `recent_sign_in_required`).
#[utoipa::path(
    tag = "me",
    operation_id = "identities_connect",
    request_body = NewIdentity,
    responses(
        (status = 200, body = ConnectionStart),
        (status = 502, description = "The provider does not answer.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/me/identities")]
pub(super) async fn connect(
    caller: SignedIn,
    request: HttpRequest,
    body: ValidJson<NewIdentity>,
) -> Result<HttpResponse> {
    let browser = cookie::browser(&caller.app, &request);
    let started = service::connect(&caller, body.into_inner(), &browser.secret).await?;
    Ok(HttpResponse::Ok().cookie(browser.cookie).json(started))
}

/// Disconnect an account.
///
/// It signs nobody in any more. A link by mail always does.
#[utoipa::path(tag = "me", operation_id = "identities_disconnect", responses((status = 204, description = "Disconnected.")))]
#[delete("/api/v1/me/identities/{identity_id}")]
pub(super) async fn disconnect(caller: SignedIn, id: Path<IdentityId>) -> Result<NoContent> {
    let user_id = caller.user.user.id;
    service::disconnect(&caller.app, &caller.request, user_id, *id).await?;
    Ok(NoContent)
}

/// Where a sign-in ends that no web client asked for.
#[get("/auth/signed-in")]
pub(super) async fn signed_in(app: Data<App>) -> Result<HttpResponse> {
    let page = serde_json::json!({"state": "done"});
    Ok(html(StatusCode::OK, app.pages().render("sign_in.html", page)?))
}

/// Sends a browser to a provider.
pub(crate) fn sent_away(
    app: &App,
    url: &str,
    browser: Browser,
    invite_token: Option<String>,
) -> HttpResponse {
    let mut response = found(url);
    response.cookie(browser.cookie);
    if let Some(token) = invite_token {
        response.cookie(cookies::make(app.config(), COOKIE, token, "/", INVITATION_MAX_AGE));
    }
    response.finish()
}

fn found(url: &str) -> HttpResponseBuilder {
    let mut response = HttpResponse::Found();
    response.insert_header((header::LOCATION, url));
    response
}

/// A browser that comes back from a provider.
pub(crate) struct Callback {
    /// What it brings.
    pub(crate) returned: Returned,
    wants_json: bool,
}

impl Callback {
    /// Reads the parameters that matter. Providers add others; one that comes twice is ambiguous,
    /// and then nothing of it is believed.
    pub(crate) fn read(app: &App, request: &HttpRequest) -> Self {
        let parameters: Vec<(String, String)> =
            serde_urlencoded::from_str(request.query_string()).unwrap_or_default();
        let parameter = |name: &str| {
            let mut found = parameters.iter().filter(|(known, _)| known == name);
            match (found.next(), found.next()) {
                (Some((_, value)), None) if !value.contains('\0') => Some(value.clone()),
                _ => None,
            }
        };
        let returned = Returned {
            state: parameter("state"),
            code: parameter("code"),
            error: parameter("error"),
            issuer: parameter("iss"),
            browser: cookie::known(app, request),
        };
        let wants_json = Accept::parse(request).is_ok_and(|accept| {
            accept.ranked().first().is_some_and(|best| best.subtype() == "json")
        });
        Self { returned, wants_json }
    }

    /// Leads on to where the person wanted to go.
    ///
    /// # Errors
    /// The outcome's own, for a client that would rather have JSON.
    pub(crate) fn answer(
        self,
        app: &App,
        info: &RequestInfo,
        finished: Finished,
    ) -> Result<HttpResponse> {
        let config = app.config();
        let Finished { return_url, outcome } = finished;
        let wanted = Some(return_url).filter(|url| return_url::is_allowed(config, url));
        let wanted = wanted.or_else(|| return_url::landing(config));
        match outcome {
            Err(error) if self.wants_json => Err(error),
            Err(error) => {
                log_error(&error, info);
                let page = || format!("{}/auth/sign-in", config.public_base_url);
                let url = with_parameter(&wanted.unwrap_or_else(page), "error", error.code());
                Ok(found(&url).finish())
            }
            Ok(arrival) => {
                let page = || format!("{}/auth/signed-in", config.public_base_url);
                let url = wanted.unwrap_or_else(page);
                Ok(match arrival {
                    Arrival::Connected => found(&url).finish(),
                    Arrival::SignedIn(SignInOutcome::SignedIn(pair)) => {
                        let [access, refresh] =
                            cookies::sign_in(config, &pair.access_token, &pair.refresh_token);
                        found(&url).cookie(access).cookie(refresh).finish()
                    }
                    Arrival::SignedIn(SignInOutcome::SecondFactor(step)) => {
                        let pending = cookies::pending_sign_in(config, &step.session_token);
                        let url = with_parameter(&url, "second_factor", "required");
                        found(&url).cookie(pending).finish()
                    }
                })
            }
        }
    }
}

/// An address with one more parameter. It has no fragment: see [`return_url::check`].
fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{name}={value}")
}
