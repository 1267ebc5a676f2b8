//! What is taken and shown of the audit log.

use chrono::{DateTime, Utc};
use entity::{AgencyId, UserId, activity, security_event};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// What the log is narrowed to.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only entries about this agency, by its id.
    #[garde(skip)]
    pub agency: Option<AgencyId>,
    /// Only entries about what this person did, or what happened to their account, by their id.
    #[garde(skip)]
    pub user: Option<UserId>,
    /// Only actions that begin with this: `invoice.`, `security.`.
    #[garde(length(chars, min = 1, max = 100))]
    pub action: Option<String>,
    /// Only entries from this instant on.
    #[garde(skip)]
    pub from: Option<DateTime<Utc>>,
    /// Only entries before this instant.
    #[garde(skip)]
    pub to: Option<DateTime<Utc>>,
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

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "act_01jd3k9v5xe8rt2m4n6p8q0s2v", "at": "2026-11-21T09:00:00Z",
    "action": "agency.status_changed", "agency_id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "user_id": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v", "entity_type": "agency",
    "entity_id": "01935c0b-8f7e-7c52-a1f4-c9d2e6b7a890", "old_values": {"status": "active"},
    "new_values": {"status": "suspended", "reason": "spam"},
    "metadata": {"source": "super_admin", "request_id": "01a1fe174fdf7649a50ed19a0149ada2"},
    "ip_address": "203.0.113.9", "user_agent": "curl/8",
}))]
pub struct AuditEntry {
    /// Which: `act_…` of an agency's activity log, `sec_…` of the security log.
    pub id: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What was done; what is of the security log begins with `security.`.
    pub action: String,
    /// In or about which agency.
    pub agency_id: Option<AgencyId>,
    /// Who did it; in the security log, whom it is about.
    pub user_id: Option<UserId>,
    /// To which kind of thing.
    pub entity_type: Option<String>,
    /// To which.
    pub entity_id: Option<Uuid>,
    /// The changed fields before.
    pub old_values: Option<serde_json::Value>,
    /// The changed fields after.
    pub new_values: Option<serde_json::Value>,
    /// Where it came from (`source`, `request_id`, `impersonated_by`, …); in the security log,
    /// what else is worth knowing.
    pub metadata: serde_json::Value,
    /// The client's address.
    pub ip_address: Option<String>,
    /// The client's program.
    pub user_agent: Option<String>,
}

/// What actions of the security log begin with.
pub(super) const SECURITY: &str = "security.";

impl From<activity::Model> for AuditEntry {
    fn from(row: activity::Model) -> Self {
        Self {
            id: row.id.to_string(),
            at: row.created_at,
            action: row.action,
            agency_id: Some(row.agency_id),
            user_id: row.user_id,
            entity_type: Some(row.entity_type),
            entity_id: row.entity_id,
            old_values: row.old_values,
            new_values: row.new_values,
            metadata: row.metadata,
            ip_address: row.ip_address,
            user_agent: row.user_agent,
        }
    }
}

impl From<security_event::Model> for AuditEntry {
    fn from(row: security_event::Model) -> Self {
        let mut metadata = row.detail;
        if let (Some(id), Some(members)) = (row.request_id, metadata.as_object_mut()) {
            members.insert("request_id".to_owned(), id.into());
        }
        Self {
            id: row.id.to_string(),
            at: row.at,
            action: format!("{SECURITY}{}", row.kind),
            agency_id: row.agency_id,
            user_id: row.user_id,
            entity_type: None,
            entity_id: None,
            old_values: None,
            new_values: None,
            metadata,
            ip_address: row.ip,
            user_agent: row.user_agent,
        }
    }
}
