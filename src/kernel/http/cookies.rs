//! Cookies for clients in a browser (RFC 6265, spec §8.5), and the check that comes with them.
//!
//! A browser sends cookies whatever page asks it to. `SameSite=Lax` keeps other sites out, and a
//! request that changes something and is known by its cookie alone must name, in `Origin`, this
//! server or one of its configured clients. A bearer token goes before every cookie.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{self, HeaderMap};
use entity::AgencyId;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::tenancy::ACCESS_TOKEN_TTL;

/// Holds the access token.
pub const ACCESS_TOKEN: &str = "access_token";

/// Holds the refresh token; sent to the operations of sign-in alone.
pub const REFRESH_TOKEN: &str = "refresh_token";

/// Holds the session token of a sign-in whose second factor is missing; sent to the operations of
/// sign-in alone.
pub const SESSION_TOKEN: &str = "session_token";

/// Names the agency that is meant where a call names none.
pub const CURRENT_AGENCY: &str = "current_agency_id";

/// The operations that are sent the refresh token.
const SIGN_IN_PATH: &str = "/api/v1/auth";

/// How long a sign-in that is not used lasts.
const REFRESH_MAX_AGE: Duration = Duration::days(30);

/// How long a second factor may take.
const SESSION_MAX_AGE: Duration = Duration::minutes(15);

/// How long the choice of an agency lasts.
const CURRENT_AGENCY_MAX_AGE: Duration = Duration::days(30);

/// A cookie as all of this server's are: out of reach of scripts, not sent along by other sites,
/// and over TLS only, except on a developer's own machine. A `max_age` of zero removes it.
pub fn make(
    config: &Config,
    name: &'static str,
    value: String,
    path: &'static str,
    max_age: Duration,
) -> Cookie<'static> {
    let cookie = Cookie::build(name, value)
        .path(path)
        .max_age(max_age)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(!is_local(&config.public_base_url));
    match &config.cookie_domain {
        Some(domain) => cookie.domain(domain.clone()).finish(),
        None => cookie.finish(),
    }
}

/// The cookies of a sign-in.
pub fn sign_in(config: &Config, access_token: &str, refresh_token: &str) -> [Cookie<'static>; 2] {
    let access_max_age = Duration::seconds(ACCESS_TOKEN_TTL.num_seconds());
    [
        make(config, ACCESS_TOKEN, access_token.to_owned(), "/", access_max_age),
        make(config, REFRESH_TOKEN, refresh_token.to_owned(), SIGN_IN_PATH, REFRESH_MAX_AGE),
    ]
}

/// The cookie of a sign-in whose second factor is missing.
pub fn pending_sign_in(config: &Config, session_token: &str) -> Cookie<'static> {
    make(config, SESSION_TOKEN, session_token.to_owned(), SIGN_IN_PATH, SESSION_MAX_AGE)
}

/// Removes the cookie of a sign-in whose second factor was missing.
pub fn pending_sign_in_ended(config: &Config) -> Cookie<'static> {
    make(config, SESSION_TOKEN, String::new(), SIGN_IN_PATH, Duration::ZERO)
}

/// Removes everything that a sign-in left in the browser.
pub fn sign_out(config: &Config) -> [Cookie<'static>; 3] {
    [(ACCESS_TOKEN, "/"), (REFRESH_TOKEN, SIGN_IN_PATH), (CURRENT_AGENCY, "/")]
        .map(|(name, path)| make(config, name, String::new(), path, Duration::ZERO))
}

/// Remembers which agency is meant where a call names none.
pub fn current_agency(config: &Config, agency_id: AgencyId) -> Cookie<'static> {
    make(config, CURRENT_AGENCY, agency_id.to_string(), "/", CURRENT_AGENCY_MAX_AGE)
}

/// The value of a cookie of a request; `None` when it is missing or empty.
pub fn value(request: &HttpRequest, name: &str) -> Option<String> {
    request.cookie(name).map(|cookie| cookie.value().to_owned()).filter(|value| !value.is_empty())
}

/// Refuses a request that is known by a cookie and does not come from a page of this server or of a
/// configured client. One that does not say where it comes from is refused too.
///
/// # Errors
/// [`Error::Refused`] (`origin_mismatch`).
pub fn check_origin(config: &Config, headers: &HeaderMap) -> Result<()> {
    match origin(headers) {
        Some(origin) if is_own(config, origin) => Ok(()),
        _ => Err(Error::refused(
            "origin_mismatch",
            "a request that is signed in by a cookie must come from this server's pages or from \
             those of a configured client; else send `Authorization: Bearer …`",
        )),
    }
}

/// Whether an answer to this request may set cookies: not when a page of somebody else asked for
/// it, which could otherwise sign its visitor in as another person.
pub fn may_be_set(config: &Config, headers: &HeaderMap) -> bool {
    !headers.contains_key(header::ORIGIN)
        || origin(headers).is_some_and(|origin| is_own(config, origin))
}

fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ORIGIN)?.to_str().ok()
}

fn is_own(config: &Config, origin: &str) -> bool {
    let clients = config.client_origins.iter().map(String::as_str);
    clients.chain([origin_of(&config.public_base_url)]).any(|own| own.eq_ignore_ascii_case(origin))
}

/// The origin of an address (RFC 6454 §4): everything before its path.
fn origin_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |position| position + 3);
    let rest = url.get(host..).unwrap_or_default();
    let end = rest.find(['/', '?']).map_or(url.len(), |position| host + position);
    url.get(..end).unwrap_or(url)
}

/// Whether an address leads to the machine it is used on, without TLS.
fn is_local(url: &str) -> bool {
    let Some(rest) = origin_of(url).strip_prefix("http://") else { return false };
    let host = match rest.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => rest.split(':').next().unwrap_or_default(),
    };
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use actix_web::http::header::HeaderValue;

    use super::*;

    fn config(settings: &[(&str, &str)]) -> Config {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Config::from_sources(None, settings.collect::<BTreeMap<_, _>>()).unwrap()
    }

    fn from(origin: Option<&'static str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        headers
    }

    #[test]
    fn cookies_are_out_of_reach_of_scripts_and_of_the_plain_network() {
        let config = config(&[("PUBLIC_BASE_URL", "https://api.example.com/retainer")]);

        let [access, refresh] = sign_in(&config, "a", "r");

        assert_eq!(
            access.to_string(),
            "access_token=a; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=900"
        );
        assert_eq!(
            refresh.to_string(),
            "refresh_token=r; HttpOnly; SameSite=Lax; Secure; Path=/api/v1/auth; Max-Age=2592000"
        );
    }

    #[test]
    fn only_a_developer_s_own_machine_does_without_tls() {
        for (url, secure) in [
            ("http://localhost:8080", false),
            ("http://127.0.0.1:8080", false),
            ("http://[::1]:8080", false),
            ("http://api.localhost", false),
            ("http://example.com", true),
            ("http://localhost.example.com", true),
            ("http://10.0.0.7:8080", true),
            ("https://localhost", true),
        ] {
            let config = config(&[("PUBLIC_BASE_URL", url)]);
            let cookie = sign_in(&config, "a", "r")[0].clone();
            assert_eq!(cookie.secure(), Some(secure), "{url}");
        }
    }

    #[test]
    fn a_configured_domain_is_named() {
        let config = config(&[("COOKIE_DOMAIN", ".Example.com")]);

        assert_eq!(sign_in(&config, "a", "r")[0].domain(), Some("example.com"));
    }

    #[test]
    fn own_pages_and_those_of_configured_clients_may_act_by_cookie() {
        let config = config(&[
            ("PUBLIC_BASE_URL", "https://api.example.com/retainer"),
            ("CLIENT_ORIGINS", "https://app.example.com"),
        ]);

        for (origin, allowed) in [
            (Some("https://api.example.com"), true),
            (Some("https://app.example.com"), true),
            (Some("https://evil.example"), false),
            (Some("https://app.example.com.evil.example"), false),
            (Some("https://app.example.com:8443"), false),
            (Some("http://app.example.com"), false),
            (Some("null"), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(check_origin(&config, &from(origin)).is_ok(), allowed, "{origin:?}");
            assert_eq!(may_be_set(&config, &from(origin)), allowed || origin.is_none());
        }
    }
}
