//! What the file says.

use chrono::{DateTime, Utc};
use entity::membership::{MembershipStatus, Role};
use entity::{ActivityId, AgencyId, MembershipId, SecurityEventId, UserId, security_event, user};
use sea_orm::FromQueryResult;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::oauth::IdentityView;
use crate::second_factor::SecondFactorView;
use crate::sessions::KeptSession;

/// Of what the file is made; grows when a member changes its meaning.
pub(super) const VERSION: &str = "1.0";

/// Everything that is kept about a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "version": "1.0",
    "exported_at": "2026-11-21T12:00:00Z",
    "account": {"id": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v", "email": "ada@riverbend.example", "avatar": "", "phone": "", "is_super_admin": false, "default_agency_id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v", "created_at": "2026-11-20T09:00:00Z", "updated_at": "2026-11-20T09:00:00Z"},
    "memberships": [{"id": "mem_01jd3k9v5xe8rt2m4n6p8q0s2v", "agency_id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v", "agency_slug": "riverbend", "agency_name": "Riverbend Studio", "role": "owner", "status": "active", "display_name": "Ada", "invited_at": null, "accepted_at": "2026-11-20T09:00:00Z"}],
    "sessions": [],
    "identities": [],
    "second_factor": {"required": false, "sms_available": false, "totp_enabled_at": null, "recovery_codes_left": 0, "phone_masked": null},
    "security_events": [{"id": "sec_01jd3k9v5xe8rt2m4n6p8q0s2v", "at": "2026-11-20T09:00:00Z", "kind": "login", "agency_id": null, "ip": "203.0.113.9", "user_agent": "curl/8", "detail": {"method": "magic_link"}}],
    "activity": [{"id": "act_01jd3k9v5xe8rt2m4n6p8q0s2v", "at": "2026-11-20T09:05:00Z", "agency_id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v", "action": "client.created", "entity_type": "client", "entity_id": "01935c0b-8f7e-7c52-a1f4-c9d2e6b7a890", "ip_address": "203.0.113.9", "user_agent": "curl/8"}],
}))]
pub struct AccountExport {
    /// Of what the file is made.
    pub version: &'static str,
    /// When.
    pub exported_at: DateTime<Utc>,
    /// Who.
    pub account: ExportedAccount,
    /// The person's places in agencies, in whatever state.
    pub memberships: Vec<ExportedMembership>,
    /// Sign-ins that are kept, the newest 1,000.
    pub sessions: Vec<KeptSession>,
    /// Accounts at identity providers.
    pub identities: Vec<IdentityView>,
    /// The state of the second factor; no secrets.
    pub second_factor: SecondFactorView,
    /// What happened to the account, the newest 1,000; kept for 90 days.
    pub security_events: Vec<ExportedSecurityEvent>,
    /// What the person did in agencies, the newest 1,000.
    pub activity: Vec<ExportedActivity>,
}

/// The person's own row.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedAccount {
    /// Who.
    pub id: UserId,
    /// The address that signs in.
    pub email: String,
    /// Address of a picture; may be empty.
    pub avatar: String,
    /// The telephone number that gets sign-in codes (E.164); may be empty.
    pub phone: String,
    /// Whether the person runs the platform.
    pub is_super_admin: bool,
    /// Used where a call names no agency.
    pub default_agency_id: Option<AgencyId>,
    /// Since when the account exists.
    pub created_at: DateTime<Utc>,
    /// Last change.
    pub updated_at: DateTime<Utc>,
}

impl From<user::Model> for ExportedAccount {
    fn from(row: user::Model) -> Self {
        Self {
            id: row.id,
            email: row.email,
            avatar: row.avatar,
            phone: row.phone,
            is_super_admin: row.is_super_admin,
            default_agency_id: row.default_agency_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A place in an agency.
#[derive(Debug, FromQueryResult, Serialize, ToSchema)]
pub struct ExportedMembership {
    /// Which.
    pub id: MembershipId,
    /// Where.
    pub agency_id: AgencyId,
    /// Part of every path of the agency.
    pub agency_slug: String,
    /// The agency, for people.
    pub agency_name: String,
    /// The person's role in it.
    pub role: Role,
    /// Whether it counts.
    pub status: MembershipStatus,
    /// The person's name in it; may be empty.
    pub display_name: String,
    /// When the (last) invitation went out.
    pub invited_at: Option<DateTime<Utc>>,
    /// When the person first came in.
    pub accepted_at: Option<DateTime<Utc>>,
}

/// An entry of the security log about the person.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedSecurityEvent {
    /// Which.
    pub id: SecurityEventId,
    /// When.
    pub at: DateTime<Utc>,
    /// What happened: `login`, `logout`, `token_reuse`, …
    pub kind: String,
    /// The agency it is about, if any.
    pub agency_id: Option<AgencyId>,
    /// From where; left out where an operator did it.
    pub ip: Option<String>,
    /// With what; left out where an operator did it.
    pub user_agent: Option<String>,
    /// What else is known of it: reasons, methods. Not who else did it.
    #[schema(value_type = Object)]
    pub detail: Value,
}

impl ExportedSecurityEvent {
    /// The entry as the person may see it.
    pub(super) fn new(row: security_event::Model, person: UserId) -> Self {
        let security_event::Model { id, at, kind, agency_id, ip, user_agent, mut detail, .. } = row;
        let by_another = is_by_another(&kind, &detail, person);
        if by_another && let Some(members) = detail.as_object_mut() {
            members.remove("by");
        }
        let own = |value: Option<String>| value.filter(|_| !by_another);
        Self { id, at, kind, agency_id, ip: own(ip), user_agent: own(user_agent), detail }
    }
}

/// Whether what happened to a person was done by somebody who is known and is not them: then the
/// address and the program are that one's.
fn is_by_another(kind: &str, detail: &Value, person: UserId) -> bool {
    let text = |name: &str| detail.get(name).and_then(Value::as_str);
    let named = text("by").is_some_and(|by| by != person.to_string());
    // Sign-ins end with a suspension, in the operator's request.
    named || (kind == "session_revoked" && text("reason") == Some("suspended"))
}

/// Something that the person did in an agency. What stood there is the agency's, or about others.
#[derive(Debug, FromQueryResult, Serialize, ToSchema)]
pub struct ExportedActivity {
    /// Which.
    pub id: ActivityId,
    /// When.
    pub at: DateTime<Utc>,
    /// In which agency.
    pub agency_id: AgencyId,
    /// What was done.
    pub action: String,
    /// To which kind of thing.
    pub entity_type: String,
    /// To which.
    pub entity_id: Option<Uuid>,
    /// From where.
    pub ip_address: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
}
