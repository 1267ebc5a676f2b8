//! What is taken and shown of invitations.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::beta_invite::{self, InviteStatus};
use entity::{AgencyId, BetaInviteId, UserId};
use garde::Validate;
use identity::invites::status_at;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What the list is narrowed to.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InvitesQuery {
    /// Only invitations that stand so.
    #[garde(skip)]
    pub status: Option<InviteStatus>,
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

/// An invitation. Its link is shown to nobody: it is in the mail alone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "bti_01jd3k9v5xe8rt2m4n6p8q0s2v", "email": "ada@riverbend.example", "status": "pending",
    "notes": "met at the trade fair", "created_by": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "sent_at": "2026-11-21T09:00:00Z", "used_at": null, "used_by_agency_id": null,
    "expires_at": "2026-12-21T09:00:00Z", "created_at": "2026-11-21T09:00:00Z",
}))]
pub struct BetaInviteView {
    /// Which.
    pub id: BetaInviteId,
    /// Who can use it.
    pub email: String,
    /// How it stands.
    pub status: InviteStatus,
    /// For the operator; may be empty.
    pub notes: String,
    /// Who invited; null once that person is gone.
    pub created_by: Option<UserId>,
    /// When the newest mail went out; null while none has.
    pub sent_at: Option<DateTime<Utc>>,
    /// When an agency was created with it.
    pub used_at: Option<DateTime<Utc>>,
    /// Which.
    pub used_by_agency_id: Option<AgencyId>,
    /// Until when it works.
    pub expires_at: DateTime<Utc>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl BetaInviteView {
    /// An invitation at an instant.
    pub fn new(row: beta_invite::Model, now: DateTime<Utc>) -> Self {
        Self {
            status: status_at(&row, now),
            id: row.id,
            email: row.email,
            notes: row.notes,
            created_by: row.created_by,
            sent_at: row.sent_at,
            used_at: row.used_at,
            used_by_agency_id: row.used_by_agency_id,
            expires_at: row.expires_at,
            created_at: row.created_at,
        }
    }
}

/// A page of invitations, and how many stand how.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "data": [{
        "id": "bti_01jd3k9v5xe8rt2m4n6p8q0s2v", "email": "ada@riverbend.example",
        "status": "pending", "notes": "", "created_by": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v",
        "sent_at": "2026-11-21T09:00:00Z", "used_at": null, "used_by_agency_id": null,
        "expires_at": "2026-12-21T09:00:00Z", "created_at": "2026-11-21T09:00:00Z",
    }],
    "has_more": false, "next_cursor": null,
    "by_status": {"pending": 1, "used": 0, "expired": 0, "revoked": 0},
}))]
pub struct BetaInvitePageView {
    /// The invitations, newest first.
    pub data: Vec<BetaInviteView>,
    /// Whether another page follows.
    pub has_more: bool,
    /// Send it as `cursor` to read the next page; null on the last.
    pub next_cursor: Option<String>,
    /// All entries of the list, when asked for with `include=total`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// How many stand how, whatever the list is narrowed to.
    pub by_status: BTreeMap<&'static str, u64>,
}
