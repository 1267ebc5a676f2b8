//! What is shown of a sign-in.

use chrono::{DateTime, Utc};
use entity::{SessionId, session};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::device;

/// Which page of the sign-ins.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SessionsQuery {
    /// Entries, 1–100; 50 when left out.
    #[garde(skip)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[garde(skip)]
    pub cursor: Option<String>,
    /// `total` counts all entries.
    #[garde(skip)]
    pub include: Option<String>,
}

/// Which sign-ins are ended.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EndQuery {
    /// Whether the one that asks ends too; it stays when this is left out.
    #[garde(skip)]
    pub include_current: Option<bool>,
}

/// A sign-in in a path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct SessionPath {
    /// The sign-in.
    pub session_id: SessionId,
}

/// A sign-in that lasts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "ses_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "device": "Firefox on Linux",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "ip": "203.0.113.9",
    "created_at": "2026-11-21T09:00:00Z",
    "last_used_at": "2026-11-21T11:30:00Z",
    "expires_at": "2026-12-21T11:30:00Z",
    "current": true,
}))]
pub struct SessionView {
    /// Which.
    pub id: SessionId,
    /// Browser and system, as far as the program said what it is.
    pub device: Option<String>,
    /// What the program called itself when it signed in.
    pub user_agent: Option<String>,
    /// The address it signed in from.
    pub ip: Option<String>,
    /// When it signed in.
    pub created_at: DateTime<Utc>,
    /// When it last took new tokens; it does so every 15 minutes while it is used.
    pub last_used_at: DateTime<Utc>,
    /// When it ends, if it is not used before.
    pub expires_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// A sign-in as it is kept, whether it lasts or not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "ses_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "device": "Firefox on Linux",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "ip": "203.0.113.9",
    "created_at": "2026-11-21T09:00:00Z",
    "last_used_at": "2026-11-21T11:30:00Z",
    "expires_at": "2026-12-21T11:30:00Z",
    "ended_at": null,
    "ended_because": null,
}))]
pub struct KeptSession {
    /// Which.
    pub id: SessionId,
    /// Browser and system, as far as the program said what it is.
    pub device: Option<String>,
    /// What the program called itself when it signed in.
    pub user_agent: Option<String>,
    /// The address it signed in from.
    pub ip: Option<String>,
    /// When it signed in.
    pub created_at: DateTime<Utc>,
    /// When it last took new tokens.
    pub last_used_at: DateTime<Utc>,
    /// When it ends, or ended, if it is not used before.
    pub expires_at: DateTime<Utc>,
    /// When it was ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// `logout`, `revoked`, `token_reuse`, …
    pub ended_because: Option<String>,
}

impl From<session::Model> for KeptSession {
    fn from(row: session::Model) -> Self {
        Self {
            id: row.id,
            device: row.user_agent.as_deref().and_then(device::describe),
            user_agent: row.user_agent,
            ip: row.ip,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
            ended_at: row.revoked_at,
            ended_because: row.revoked_reason,
        }
    }
}

impl SessionView {
    pub(super) fn new(row: session::Model, current: SessionId) -> Self {
        Self {
            id: row.id,
            device: row.user_agent.as_deref().and_then(device::describe),
            user_agent: row.user_agent,
            ip: row.ip,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
            current: row.id == current,
        }
    }
}
