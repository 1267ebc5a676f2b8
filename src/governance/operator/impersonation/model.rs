//! What is taken and shown of grants.

use chrono::{DateTime, Utc};
use entity::{AgencyId, ImpersonationGrantId, impersonation_grant};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why an operator enters an agency.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"reason": "ticket 4711: an invoice shows the wrong tax"}))]
pub struct NewGrant {
    /// 10–500 characters; the owner reads them.
    #[garde(custom(check_reason))]
    pub reason: String,
}

fn check_reason(text: &str, _: &()) -> garde::Result {
    let length = text.trim().chars().count();
    if !(10..=500).contains(&length) {
        return Err(garde::Error::new("must have 10 to 500 characters"));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(garde::Error::new("must not contain control characters"));
    }
    Ok(())
}

/// Leave to act inside an agency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "img_01jd3k9v5xe8rt2m4n6p8q0s2v", "agency_id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "agency_slug": "riverbend", "agency_name": "Riverbend Studio",
    "reason": "ticket 4711: an invoice shows the wrong tax",
    "created_at": "2026-11-21T09:00:00Z", "expires_at": "2026-11-21T13:00:00Z",
}))]
pub struct GrantView {
    /// Which.
    pub id: ImpersonationGrantId,
    /// Where.
    pub agency_id: AgencyId,
    /// Part of the agency's paths.
    pub agency_slug: String,
    /// The agency, for people.
    pub agency_name: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

impl GrantView {
    pub(super) fn new(row: impersonation_grant::Model, slug: &str, name: &str) -> Self {
        Self {
            id: row.id,
            agency_id: row.agency_id,
            agency_slug: slug.to_owned(),
            agency_name: name.to_owned(),
            reason: row.reason,
            created_at: row.created_at,
            expires_at: row.expires_at,
        }
    }
}

/// Grants that were ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"stopped": 1}))]
pub struct Stopped {
    /// How many.
    pub stopped: u64,
}
