//! What is taken and shown of freemium.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::AgencyId;
use entity::agency::{self, FreemiumReason};
use garde::Validate;
use kernel::http::{Patch, patch};
use kernel::tenancy::plan::Subscription;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What the list is narrowed to.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FreemiumQuery {
    /// Only agencies that have it for this reason.
    #[garde(skip)]
    pub reason: Option<FreemiumReason>,
    /// Only agencies whose freemium ends within so many days from now, 1–365.
    #[garde(inner(range(min = 1, max = 365)))]
    pub expiring_within: Option<i64>,
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

/// What an agency has without a charge.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "agency_id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v", "agency_slug": "riverbend",
    "agency_name": "Riverbend Studio", "is_freemium": true, "is_in_force": true,
    "reason": "partner", "granted_at": "2026-11-21T09:00:00Z",
    "granted_by": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v", "expires_at": null,
}))]
pub struct FreemiumView {
    /// Which agency.
    pub agency_id: AgencyId,
    /// Part of its paths.
    pub agency_slug: String,
    /// For people.
    pub agency_name: String,
    /// Whether it was granted and not revoked.
    pub is_freemium: bool,
    /// Whether it holds now: granted, and its time is not over.
    pub is_in_force: bool,
    /// Why; kept after the end.
    pub reason: Option<FreemiumReason>,
    /// Since when.
    pub granted_at: Option<DateTime<Utc>>,
    /// By whom: a person's id, or `system:` and a word.
    pub granted_by: Option<String>,
    /// Until when; null is for good.
    pub expires_at: Option<DateTime<Utc>>,
}

impl FreemiumView {
    /// An agency at an instant.
    pub fn new(row: &agency::Model, now: DateTime<Utc>) -> Self {
        Self {
            agency_id: row.id,
            agency_slug: row.slug.clone(),
            agency_name: row.name.clone(),
            is_freemium: row.is_freemium,
            is_in_force: Subscription::from(row).is_freemium(now),
            reason: row.freemium_reason,
            granted_at: row.freemium_granted_at,
            granted_by: row.freemium_granted_by.clone(),
            expires_at: row.freemium_expires_at,
        }
    }
}

/// A page of agencies with freemium, and how many there are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "data": [{
        "agency_id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v", "agency_slug": "riverbend",
        "agency_name": "Riverbend Studio", "is_freemium": true, "is_in_force": true,
        "reason": "partner", "granted_at": "2026-11-21T09:00:00Z",
        "granted_by": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v", "expires_at": null,
    }],
    "has_more": false, "next_cursor": null,
    "by_reason": {"partner": 1}, "expired": 0,
}))]
pub struct FreemiumPageView {
    /// The agencies, newest first.
    pub data: Vec<FreemiumView>,
    /// Whether another page follows.
    pub has_more: bool,
    /// Send it as `cursor` to read the next page; null on the last.
    pub next_cursor: Option<String>,
    /// All entries of the list, when asked for with `include=total`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// How many agencies have it now, by reason, whatever the list is narrowed to.
    pub by_reason: BTreeMap<&'static str, u64>,
    /// How many had it until its time was over.
    pub expired: u64,
}

/// Freemium for an agency.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"reason": "partner", "expires_at": "2027-11-21T09:00:00Z"}))]
pub struct FreemiumGrant {
    /// Why.
    #[garde(skip)]
    pub reason: FreemiumReason,
    /// Until when; for good when left out.
    #[serde(default)]
    #[garde(skip)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// Another end of freemium.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"expires_at": null}))]
pub struct FreemiumPatch {
    /// Until when; null is for good.
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    #[garde(skip)]
    pub expires_at: Patch<DateTime<Utc>>,
}
