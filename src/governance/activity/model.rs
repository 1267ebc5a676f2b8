//! What comes in and goes out.

use chrono::{DateTime, Utc};
use entity::{ActivityId, UserId};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// What the log is narrowed to.
#[derive(Clone, Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ActivityQuery {
    /// Only actions that begin with this: `invoice.`.
    #[garde(length(chars, min = 1, max = 100))]
    pub action: Option<String>,
    /// Only entries about this kind of thing: `invoice`.
    #[garde(length(chars, min = 1, max = 50))]
    pub entity_type: Option<String>,
    /// Only entries about this thing, by its id.
    #[garde(length(chars, min = 1, max = 64))]
    pub entity_id: Option<String>,
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

/// An entry of the log.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "act_01jd3k9v5xe8rt2m4n6p8q0s2v", "action": "invoice.sent", "entity_type": "invoice",
    "entity_id": "01935c0b-8f7e-7c52-a1f4-c9d2e6b7a890", "user_id": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "actor": "Grace Hopper", "source": "api", "api_key_id": null, "old_values": null,
    "new_values": {"number": "INV-2026-0001"}, "created_at": "2026-11-21T02:00:00Z"
}))]
pub struct ActivityView {
    /// Which.
    pub id: ActivityId,
    /// What was done.
    pub action: String,
    /// To which kind of thing.
    pub entity_type: String,
    /// To which.
    pub entity_id: Option<Uuid>,
    /// Who did it.
    pub user_id: Option<UserId>,
    /// The name of who did it: `System` for the server, `Client` for a visitor, `Unknown` for
    /// somebody who has left.
    pub actor: String,
    /// `api`, `api_key`, `public` or `system`.
    pub source: String,
    /// The API key that did it on that person's behalf.
    pub api_key_id: Option<String>,
    /// The changed fields before.
    pub old_values: Option<serde_json::Value>,
    /// The changed fields after.
    pub new_values: Option<serde_json::Value>,
    /// When.
    pub created_at: DateTime<Utc>,
}
