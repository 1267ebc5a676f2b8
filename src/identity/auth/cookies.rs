//! The tokens of a sign-in as cookies, for clients in a browser (spec §8.5).
//!
//! Every answer with a pair of tokens sets them as well, unless a page of somebody else asked for
//! it. A client that keeps the tokens itself ignores the cookies; a browser takes them from another
//! origin only when its request was made with credentials.

use actix_web::cookie::Cookie;
use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse};
use kernel::App;
use kernel::error::{Error, Result};
use kernel::http::cookies::{self, REFRESH_TOKEN, SESSION_TOKEN};
use kernel::http::{RequestInfo, cookies::ACCESS_TOKEN};
use kernel::security::{self, SecurityEvent};
use serde::Serialize;

use super::model::{SignInOutcome, TokenPair};
use crate::second_factor::SecondFactorStep;

/// Answers with a pair of tokens, in the body and as cookies.
pub(crate) fn pair(app: &App, request: &HttpRequest, pair: TokenPair) -> Result<HttpResponse> {
    let mut response = HttpResponse::Ok().json(&pair);
    set(app, request.headers(), &mut response, &pair)?;
    Ok(response)
}

/// Answers with what a proven first factor gives; tokens as cookies too.
pub(crate) fn outcome(
    app: &App,
    request: &HttpRequest,
    outcome: SignInOutcome,
) -> Result<HttpResponse> {
    match outcome {
        SignInOutcome::SignedIn(tokens) => pair(app, request, tokens),
        SignInOutcome::SecondFactor(step) => {
            let mut response = HttpResponse::Ok().json(&step);
            set_pending(app, request.headers(), &mut response, &step)?;
            Ok(response)
        }
    }
}

/// Adds the cookie of a sign-in whose second factor is missing to an answer; `asked` are the
/// headers of its request.
pub(crate) fn set_pending(
    app: &App,
    asked: &HeaderMap,
    response: &mut HttpResponse,
    step: &SecondFactorStep,
) -> Result<()> {
    if !cookies::may_be_set(app.config(), asked) {
        return Ok(());
    }
    add(response, [cookies::pending_sign_in(app.config(), &step.session_token)])
}

/// Answers a sign-in whose second factor came: sets its cookies, and removes the one that waited.
pub(crate) fn completed(
    app: &App,
    request: &HttpRequest,
    body: &impl Serialize,
    pair: &TokenPair,
) -> Result<HttpResponse> {
    let mut response = HttpResponse::Ok().json(body);
    set(app, request.headers(), &mut response, pair)?;
    if cookies::value(request, SESSION_TOKEN).is_some() {
        add(&mut response, [cookies::pending_sign_in_ended(app.config())])?;
    }
    Ok(response)
}

/// The session token of a request: that of the body, else that of the cookie, which a page of this
/// server or of a configured client must have sent.
///
/// # Errors
/// [`Error::Validation`] when there is none; [`Error::Refused`] (`origin_mismatch`).
pub(crate) async fn session_token(
    app: &App,
    request: &HttpRequest,
    info: &RequestInfo,
    body: Option<String>,
) -> Result<String> {
    token(app, request, info, body, SESSION_TOKEN, "/session_token").await
}

/// Adds the cookies of a pair of tokens to an answer; `asked` are the headers of its request.
pub(crate) fn set(
    app: &App,
    asked: &HeaderMap,
    response: &mut HttpResponse,
    pair: &TokenPair,
) -> Result<()> {
    if !cookies::may_be_set(app.config(), asked) {
        return Ok(());
    }
    add(response, cookies::sign_in(app.config(), &pair.access_token, &pair.refresh_token))
}

/// Answers a sign-out: nothing stays in the browser.
pub(crate) fn signed_out(app: &App) -> Result<HttpResponse> {
    let mut response = HttpResponse::NoContent().finish();
    add(&mut response, cookies::sign_out(app.config()))?;
    Ok(response)
}

fn add<const N: usize>(response: &mut HttpResponse, cookies: [Cookie<'static>; N]) -> Result<()> {
    for cookie in cookies {
        response
            .add_cookie(&cookie)
            .map_err(|_| Error::internal("a cookie that does not fit into a header"))?;
    }
    Ok(())
}

/// The refresh token of a request: that of the body, else that of the cookie, which a page of this
/// server or of a configured client must have sent.
///
/// # Errors
/// [`Error::Validation`] when there is none; [`Error::Refused`] (`origin_mismatch`).
pub(super) async fn refresh_token(
    app: &App,
    request: &HttpRequest,
    info: &RequestInfo,
    body: Option<String>,
) -> Result<String> {
    token(app, request, info, body, REFRESH_TOKEN, "/refresh_token").await
}

async fn token(
    app: &App,
    request: &HttpRequest,
    info: &RequestInfo,
    body: Option<String>,
    cookie: &'static str,
    pointer: &'static str,
) -> Result<String> {
    if let Some(token) = body {
        return Ok(token);
    }
    let token = cookies::value(request, cookie).ok_or_else(|| {
        Error::invalid(pointer, "required", "is missing, and there is no cookie with it")
    })?;
    let checked = cookies::check_origin(app.config(), request.headers());
    if checked.is_err() {
        security::record(app, info, SecurityEvent::OriginMismatch).await;
    }
    checked.map(|()| token)
}

/// The access token that came with a request for new tokens, wherever it stood.
pub(super) fn access_token(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(actix_web::http::header::AUTHORIZATION);
    let bearer = header
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim().to_owned());
    bearer.or_else(|| cookies::value(request, ACCESS_TOKEN))
}
