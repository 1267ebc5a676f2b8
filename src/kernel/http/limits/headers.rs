//! What is left, as headers (draft-ietf-httpapi-ratelimit-headers).

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use super::Standing;

/// Says which budget is the tightest and how it stands.
pub(crate) fn set(headers: &mut HeaderMap, standing: &Standing) {
    let Standing { class, quota, left, reset_s } = standing;
    let name = class.name();
    let policy = format!("\"{name}\";q={};w={}", quota.requests, quota.seconds);
    let limit = format!("\"{name}\";r={left};t={reset_s}");
    for (header, value) in [("ratelimit-policy", policy), ("ratelimit", limit)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(header), value);
        }
    }
}
