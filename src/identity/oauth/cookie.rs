//! The cookie that binds a sign-in at a provider to the browser that began it (RFC 9700 §4.7.1).

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use kernel::App;
use kernel::http::cookies;
use kernel::text::secret_token;

/// Its name where there is TLS: a browser takes it from this host alone, for this host alone
/// (RFC 6265bis §4.1.3), so that no neighbour can put its own in the place.
const HOST_NAME: &str = "__Host-login_browser";

/// Its name on a developer's own machine.
const LOCAL_NAME: &str = "login_browser";

/// How long it lasts: as long as a sign-in may take.
const MAX_AGE: Duration = Duration::minutes(15);

/// What the browser is known by.
pub(crate) struct Browser {
    /// A secret that only this browser has.
    pub(crate) secret: String,
    /// The cookie that keeps it.
    pub(crate) cookie: Cookie<'static>,
}

fn name(app: &App) -> &'static str {
    if app.config().public_base_url.starts_with("https://") { HOST_NAME } else { LOCAL_NAME }
}

/// The browser that makes a request, with a secret of its own; the one it has is kept, so that
/// sign-ins in two tabs do not disturb each other.
pub(crate) fn browser(app: &App, request: &HttpRequest) -> Browser {
    let secret = known(app, request).unwrap_or_else(|| secret_token(app.rng()));
    let name = name(app);
    let cookie = Cookie::build(name, secret.clone())
        .path("/")
        .max_age(MAX_AGE)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(name == HOST_NAME)
        .finish();
    Browser { secret, cookie }
}

/// The secret of the browser that makes a request, if it has one.
pub(crate) fn known(app: &App, request: &HttpRequest) -> Option<String> {
    cookies::value(request, name(app)).filter(|secret| secret.len() >= 32 && secret.len() <= 64)
}
