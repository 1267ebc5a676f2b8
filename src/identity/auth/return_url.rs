//! Where a sign-in may lead: nowhere but to this server and its configured clients.

use kernel::config::Config;
use kernel::error::{Error, Result};

/// Checks an address against the origins (RFC 6454) that may take a sign-in over.
///
/// # Errors
/// [`Error::Validation`] for any other address, and for one with a fragment: that is where the
/// token goes.
pub(crate) fn check(config: &Config, url: &str) -> Result<()> {
    if is_allowed(config, url) {
        return Ok(());
    }
    Err(Error::invalid(
        "/return_url",
        "origin_not_allowed",
        "must be an address, without fragment, of this server or of one of its configured clients",
    ))
}

/// Whether an address belongs to this server or to a configured client.
pub(crate) fn is_allowed(config: &Config, url: &str) -> bool {
    let origins = config.client_origins.iter().map(String::as_str);
    let readable = url.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'#' | b'\\'));
    readable
        && origins.chain([origin(&config.public_base_url)]).any(|origin| is_within(url, origin))
}

/// Where a sign-in leads that began on this server's own page: to the first configured client.
pub(crate) fn landing(config: &Config) -> Option<String> {
    config.client_origins.first().map(|origin| format!("{origin}/"))
}

/// The origin of an address: everything before its path.
pub(crate) fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |position| position + 3);
    let rest = url.get(host..).unwrap_or_default();
    let end = rest.find(['/', '?']).map_or(url.len(), |position| host + position);
    url.get(..end).unwrap_or(url)
}

/// Nothing may follow the origin that would make it part of a longer host, a port or a user name.
fn is_within(url: &str, origin: &str) -> bool {
    url.strip_prefix(origin)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || rest.starts_with('?'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn config() -> Config {
        let settings = [
            ("CLIENT_ORIGINS", "https://app.example.com,http://localhost:3000"),
            ("PUBLIC_BASE_URL", "https://api.example.com/retainer"),
        ];
        let settings: BTreeMap<String, String> =
            settings.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        Config::from_sources(None, settings).unwrap()
    }

    #[test]
    fn addresses_of_the_known_origins_are_taken() {
        for url in [
            "https://app.example.com",
            "https://app.example.com/welcome?x=1",
            "https://app.example.com?x=1",
            "http://localhost:3000/",
            "https://api.example.com/anything",
        ] {
            assert!(check(&config(), url).is_ok(), "{url}");
        }
    }

    #[test]
    fn every_other_address_is_refused() {
        for url in [
            "",
            "/welcome",
            "http://app.example.com/",
            "https://app.example.com.evil.test/",
            "https://app.example.com@evil.test/",
            "https://app.example.com:8443/",
            "http://localhost:30001/",
            "https://app.example.com\\@evil.test/",
            "https://app.example.com/\r\nx",
            "https://app.example.com/#a",
            "//app.example.com/",
            "javascript:alert(1)",
        ] {
            assert!(check(&config(), url).is_err(), "{url}");
        }
    }

    #[test]
    fn the_origin_ends_before_the_path() {
        assert_eq!(origin("https://a.test/b?c"), "https://a.test");
        assert_eq!(origin("https://a.test?c=/"), "https://a.test");
        assert_eq!(origin("https://a.test"), "https://a.test");
    }
}
