//! Versions as strong entity tags (RFC 9110 §8.8), and the conditions on them.
//!
//! A tag is `"<version>"`, or `"<version>.<variant>"` where the representation depends on more
//! than the stored content (the effective status, the count of views). `If-None-Match` compares
//! the whole tag; `If-Match` compares the version, so that a client who opens a document does not
//! make the editor's change fail.

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::{Ready, ready};

use crate::error::{Error, Result};

/// The tag of a representation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag {
    version: i64,
    variant: Option<String>,
}

impl ETag {
    /// The tag of a stored version.
    pub fn version(version: i64) -> Self {
        Self { version, variant: None }
    }

    /// The tag of a representation that also depends on something else.
    pub fn variant(version: i64, variant: impl std::fmt::Display) -> Self {
        Self { version, variant: Some(variant.to_string()) }
    }

    /// Whether a request says that it has this representation already.
    pub(super) fn is_known_to(&self, request: &HttpRequest) -> bool {
        let mine = self.to_string();
        let header = request.headers().get(header::IF_NONE_MATCH);
        header.and_then(|value| value.to_str().ok()).is_some_and(|value| {
            value.trim() == "*"
                || value.split(',').any(|tag| tag.trim().trim_start_matches("W/") == mine)
        })
    }
}

impl std::fmt::Display for ETag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.variant {
            Some(variant) => write!(f, "\"{}.{variant}\"", self.version),
            None => write!(f, "\"{}\"", self.version),
        }
    }
}

/// The versions that a request is willing to change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IfMatch(Option<Vec<i64>>);

impl IfMatch {
    /// Any version: no condition.
    pub fn any() -> Self {
        Self(None)
    }

    /// Refuses when the current version is not one of those named.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`].
    pub fn check(&self, current: i64) -> Result<()> {
        match &self.0 {
            Some(versions) if !versions.contains(&current) => Err(Error::PreconditionFailed),
            _ => Ok(()),
        }
    }

    fn parse(value: &str) -> Self {
        if value.trim() == "*" {
            return Self(None);
        }
        // A weak or malformed tag matches nothing (strong comparison).
        let versions = value.split(',').filter_map(|tag| {
            let inner = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
            inner.split('.').next()?.parse().ok()
        });
        Self(Some(versions.collect()))
    }
}

impl FromRequest for IfMatch {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request.headers().get(header::IF_MATCH).map(header::HeaderValue::to_str);
        ready(match header {
            None => Ok(Self::any()),
            Some(Ok(value)) => Ok(Self::parse(value)),
            Some(Err(_)) => Err(Error::BadRequest("If-Match is not readable".into())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_decides_whatever_the_variant() {
        assert!(IfMatch::parse("\"3\"").check(3).is_ok());
        assert!(IfMatch::parse("\"3.viewed.7\"").check(3).is_ok());
        assert!(IfMatch::parse("\"2\", \"3\"").check(3).is_ok());
        assert!(IfMatch::parse("*").check(3).is_ok());
    }

    #[test]
    fn stale_weak_and_malformed_tags_match_nothing() {
        for value in ["\"2\"", "W/\"3\"", "3", "\"\"", "\"x\""] {
            assert!(IfMatch::parse(value).check(3).is_err(), "{value}");
        }
    }
}
