//! What API keys take and answer.

use chrono::{DateTime, SubsecRound, Utc};
use entity::{ApiKeyId, UserId, api_key};
use garde::Validate;
use kernel::http::{ETag, Patch, not_null, patch};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::rules::{check_limit, check_scope};
use crate::rules;

/// Longest time for which a rotated key works beside the new one.
const GRACE_MAX_S: u32 = 24 * 60 * 60;

/// A key to be made.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({
    "name": "Accounting import",
    "scopes": ["invoice:view_all", "client:view"],
    "expires_at": "2027-06-30T00:00:00Z",
    "requests_per_minute": 30,
}))]
pub struct NewApiKey {
    /// What it is for, 1–100 characters.
    #[garde(custom(rules::line(1, 100)))]
    pub name: String,
    /// The permissions it carries: at least one, each one that the caller has.
    #[garde(length(min = 1, max = 200), inner(custom(check_scope)))]
    pub scopes: Vec<String>,
    /// When it ends, within five years; without end when left out or null.
    #[serde(default)]
    #[garde(skip)]
    pub expires_at: Option<DateTime<Utc>>,
    /// Requests a minute, at most those of the limit class `api_key`, which hold when it is left out
    /// or null.
    #[serde(default)]
    #[garde(inner(custom(check_limit)))]
    pub requests_per_minute: Option<u32>,
}

/// A change of a key: what is absent stays, null clears. The key itself stays as it is.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"name": "Accounting", "expires_at": null}))]
pub struct ApiKeyPatch {
    /// What it is for, 1–100 characters.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::line(1, 100))))]
    pub name: Option<String>,
    /// The permissions it carries: at least one, each one that the caller has.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(length(min = 1, max = 200), inner(inner(custom(check_scope))))]
    pub scopes: Option<Vec<String>>,
    /// When it ends, within five years; null for never.
    #[serde(default, deserialize_with = "patch")]
    #[garde(skip)]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub expires_at: Patch<DateTime<Utc>>,
    /// Requests a minute; null for those of the limit class.
    #[serde(default, deserialize_with = "patch")]
    #[garde(inner(inner(custom(check_limit))))]
    #[schema(value_type = Option<u32>)]
    pub requests_per_minute: Patch<u32>,
}

/// How a key is replaced.
#[derive(Clone, Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[schema(example = json!({"grace_s": 3600}))]
pub struct RotateApiKey {
    /// For how many seconds the replaced key goes on working, up to a day; not at all when left
    /// out.
    #[garde(range(max = GRACE_MAX_S))]
    pub grace_s: u32,
}

/// Which page of the keys.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ApiKeysQuery {
    /// Entries of a page, 1–100; 50 by default.
    #[garde(skip)]
    pub limit: Option<u64>,
    /// Where the previous page ended.
    #[garde(skip)]
    pub cursor: Option<String>,
    /// `total` counts all entries too.
    #[garde(skip)]
    pub include: Option<String>,
}

/// A key in a path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ApiKeyPath {
    /// The key.
    pub api_key_id: ApiKeyId,
}

/// Whether a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApiKeyStatus {
    /// It works.
    Active,
    /// Its time is over; a later end brings it back.
    Expired,
    /// It was switched off for good.
    Revoked,
}

impl ApiKeyStatus {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// A key as it is at one moment.
pub struct ApiKey {
    /// Its row.
    pub row: api_key::Model,
    /// The moment.
    pub at: DateTime<Utc>,
    /// The key itself, where it has just been made.
    pub secret: Option<SecretString>,
}

impl ApiKey {
    /// A key whose secret nobody knows any more.
    pub fn new(row: api_key::Model, at: DateTime<Utc>) -> Self {
        Self { row, at, secret: None }
    }

    /// Whether it works.
    pub fn status(&self) -> ApiKeyStatus {
        match &self.row {
            row if row.revoked_at.is_some() => ApiKeyStatus::Revoked,
            row if row.expires_at.is_some_and(|end| end <= self.at) => ApiKeyStatus::Expired,
            _ => ApiKeyStatus::Active,
        }
    }

    /// Until when the key that it replaced works, while it does.
    fn previous_until(&self) -> Option<DateTime<Utc>> {
        self.row.previous_until.filter(|end| *end > self.at)
    }

    /// The version of the row; the tag differs too with what time and use change.
    pub fn etag(&self) -> ETag {
        let used = self.row.last_used_at.map_or(0, |at| at.timestamp_micros());
        let replaced = if self.previous_until().is_some() { "+" } else { "" };
        let status = self.status().as_str();
        ETag::variant(self.row.version, format_args!("{status}{replaced}.{used}"))
    }
}

/// An API key.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "key_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "name": "Accounting import",
    "prefix": "rk_live_8fKq2Zpd",
    "scopes": ["client:view", "invoice:view_all"],
    "status": "active",
    "requests_per_minute": 30,
    "last_used_at": "2026-11-21T09:41:00Z",
    "last_used_ip": "203.0.113.9",
    "expires_at": "2027-06-30T00:00:00Z",
    "previous_valid_until": null,
    "revoked_at": null,
    "created_by": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "created_at": "2026-11-21T09:00:00Z",
    "updated_at": "2026-11-21T09:00:00Z",
}))]
pub struct ApiKeyView {
    /// Which.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// How the key begins.
    pub prefix: String,
    /// The permissions it carries. It has those of them that the person who made it has.
    pub scopes: Vec<String>,
    /// Whether it works.
    pub status: ApiKeyStatus,
    /// Requests a minute, where less than the limit class allows.
    pub requests_per_minute: Option<i32>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// From which address.
    pub last_used_ip: Option<String>,
    /// When it ends; null for never.
    pub expires_at: Option<DateTime<Utc>>,
    /// Until when the key that it replaced works too, while it does.
    pub previous_valid_until: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// On whose behalf it acts: who made it.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl From<ApiKey> for ApiKeyView {
    fn from(key: ApiKey) -> Self {
        let (status, previous_valid_until) = (key.status(), key.previous_until());
        let row = key.row;
        let scopes = row.scopes.as_array().into_iter().flatten();
        Self {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            scopes: scopes.filter_map(|s| s.as_str().map(ToOwned::to_owned)).collect(),
            status,
            requests_per_minute: row.requests_per_minute,
            last_used_at: row.last_used_at,
            last_used_ip: row.last_used_ip,
            expires_at: row.expires_at,
            previous_valid_until,
            revoked_at: row.revoked_at,
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// An API key that has just been made: the only answer that holds it.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "key": "rk_live_8fKq2Zpd…",
    "id": "key_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "name": "Accounting import",
    "prefix": "rk_live_8fKq2Zpd",
    "scopes": ["client:view", "invoice:view_all"],
    "status": "active",
    "requests_per_minute": 30,
    "last_used_at": null,
    "last_used_ip": null,
    "expires_at": "2027-06-30T00:00:00Z",
    "previous_valid_until": null,
    "revoked_at": null,
    "created_by": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "created_at": "2026-11-21T09:00:00Z",
    "updated_at": "2026-11-21T09:00:00Z",
}))]
pub struct IssuedApiKey {
    /// The key. Keep it safe: it is not shown again.
    pub key: String,
    /// What is known of it from now on.
    #[serde(flatten)]
    pub facts: ApiKeyView,
}

impl From<ApiKey> for IssuedApiKey {
    fn from(mut key: ApiKey) -> Self {
        let secret = key.secret.take().unwrap_or_default();
        Self { key: secret.expose_secret().to_owned(), facts: key.into() }
    }
}

/// An instant as both databases keep it.
pub(super) fn kept(instant: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    instant.map(|instant| instant.trunc_subsecs(6))
}
