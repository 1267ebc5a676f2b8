//! The page of an invitation: it tells what the link is for, has the browser keep the token through
//! the sign-in, and leads there.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use kernel::App;
use kernel::error::{Error, Result};
use kernel::http::respond::html;
use serde::Serialize;

use super::service;

/// The cookie that carries the token of an invitation through the sign-in.
pub const COOKIE: &str = "beta_invite_token";

/// How long the browser keeps it.
const KEPT: Duration = Duration::days(7);

/// What the template is filled with.
#[derive(Serialize)]
struct Page {
    state: &'static str,
    email: String,
    until: String,
}

/// Opens an invitation. Changes nothing: a scanner that follows the link of a mail does not use it
/// up.
#[get("/invite/{token}")]
pub(super) async fn open(app: Data<App>, token: Path<String>) -> Result<HttpResponse> {
    let invite = match service::look_up(&app, &token).await {
        Ok(invite) => invite,
        Err(Error::NotFound) => {
            let page = Page { state: "unknown", email: String::new(), until: String::new() };
            let page = app.pages().render("invite.html", page)?;
            return Ok(html(StatusCode::NOT_FOUND, page));
        }
        Err(error) => return Err(error),
    };
    let page = Page {
        state: invite.status.as_str(),
        email: invite.email,
        until: invite.expires_at.format("%-d %B %Y").to_string(),
    };
    let page = app.pages().render("invite.html", page)?;
    let mut response = html(StatusCode::OK, page);
    if invite.valid {
        let cookie = Cookie::build(COOKIE, token.into_inner())
            .path("/")
            .max_age(KEPT)
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(app.config().public_base_url.starts_with("https://"))
            .finish();
        response
            .add_cookie(&cookie)
            .map_err(|_| Error::internal("a token that does not fit into a cookie"))?;
    }
    // The address of the page is a credential.
    response.headers_mut().insert(
        header::HeaderName::from_static("x-robots-tag"),
        header::HeaderValue::from_static("noindex"),
    );
    Ok(response)
}
