//! What is shown of a person, and what they may change.

use chrono::{DateTime, Utc};
use entity::agency::AgencyStatus;
use entity::membership::Role;
use entity::{AgencyId, ImpersonationGrantId, UserId, user};
use garde::Validate;
use kernel::error::{Context, Result};
use kernel::http::{ETag, not_null};
use kernel::ports::sms::mask;
use kernel::text::sha256_hex;
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::rules;

/// The person who is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "email": "ada@riverbend.example",
    "avatar": "",
    "phone_masked": "+••••••••678",
    "is_super_admin": false,
    "default_agency_id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "current_agency_id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "agencies": [{"id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v", "slug": "riverbend", "name": "Riverbend Studio", "status": "active", "primary_color": "#0F766E", "role": "owner", "is_default": true}],
    "impersonations": [],
}))]
pub struct MeView {
    /// Who.
    pub id: UserId,
    /// The address that signs in.
    pub email: String,
    /// Address of a picture; may be empty.
    pub avatar: String,
    /// The telephone number that gets sign-in codes, all but its end hidden.
    pub phone_masked: Option<String>,
    /// Whether the person runs the platform.
    pub is_super_admin: bool,
    /// Used where a call names no agency.
    pub default_agency_id: Option<AgencyId>,
    /// Which agency a call that names none means now: the one that this browser has chosen, else the
    /// default, else the one with the highest role.
    pub current_agency_id: Option<AgencyId>,
    /// The person's agencies, by name.
    pub agencies: Vec<MyAgency>,
    /// The agencies in which the person acts for the owner now; only an operator of the platform
    /// has any. Say so on every page while there is one.
    pub impersonations: Vec<MyImpersonation>,
    #[serde(skip)]
    #[schema(ignore)]
    pub(super) version: i64,
}

impl MeView {
    pub(super) fn new(
        person: user::Model,
        agencies: Vec<MyAgency>,
        impersonations: Vec<MyImpersonation>,
        chosen: Option<AgencyId>,
    ) -> Self {
        Self {
            id: person.id,
            email: person.email,
            avatar: person.avatar,
            phone_masked: Some(mask(&person.phone)).filter(|phone| !phone.is_empty()),
            is_super_admin: person.is_super_admin,
            default_agency_id: person.default_agency_id,
            current_agency_id: current(&agencies, chosen),
            agencies,
            impersonations,
            version: person.version,
        }
    }

    /// The version of the person's row; the tag differs too when an agency does.
    ///
    /// # Errors
    /// [`kernel::Error::Internal`] when the view has no JSON form.
    pub fn etag(&self) -> Result<ETag> {
        let beside = (&self.agencies, &self.impersonations, self.current_agency_id);
        let json = serde_json::to_vec(&beside).context("the tag of a person")?;
        let hash: String = sha256_hex(json).chars().take(16).collect();
        Ok(ETag::variant(self.version, hash))
    }
}

/// Which of a person's agencies is meant where none is named (spec §1.3).
fn current(agencies: &[MyAgency], chosen: Option<AgencyId>) -> Option<AgencyId> {
    let usable = agencies.iter().filter(|agency| agency.status == AgencyStatus::Active);
    let best = usable.min_by_key(|agency| {
        let rank = match agency.role {
            Role::Owner => 0,
            Role::Admin => 1,
            Role::Member => 2,
        };
        (Some(agency.id) != chosen, !agency.is_default, rank, &agency.name)
    });
    best.map(|agency| agency.id)
}

/// An agency in which an operator of the platform acts for the owner.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult, Serialize, ToSchema)]
#[schema(example = json!({"id": "img_01jd3k9v5xe8rt2m4n6p8q0s2v", "agency_id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v", "agency_slug": "riverbend", "agency_name": "Riverbend Studio", "reason": "ticket 4711: an invoice shows the wrong tax", "expires_at": "2026-11-21T13:00:00Z"}))]
pub struct MyImpersonation {
    /// By which leave.
    pub id: ImpersonationGrantId,
    /// Where.
    pub agency_id: AgencyId,
    /// Part of every path of the agency.
    pub agency_slug: String,
    /// The agency, for people.
    pub agency_name: String,
    /// Why.
    pub reason: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// An agency of the person.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult, Serialize, ToSchema)]
#[schema(example = json!({"id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v", "slug": "riverbend", "name": "Riverbend Studio", "status": "active", "primary_color": "#0F766E", "role": "owner", "is_default": true}))]
pub struct MyAgency {
    /// Which.
    pub id: AgencyId,
    /// Part of every path of the agency.
    pub slug: String,
    /// For people.
    pub name: String,
    /// Whether it may be used.
    pub status: AgencyStatus,
    /// `#rrggbb`.
    pub primary_color: String,
    /// The person's role in it.
    pub role: Role,
    /// Whether it is the person's default.
    #[sea_orm(skip)]
    pub is_default: bool,
}

/// Changes of the person.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"avatar": "https://riverbend.example/ada.png"}))]
pub struct MePatch {
    /// Address of a picture, at most 2048 characters; may be empty.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::address_or_empty)))]
    pub avatar: Option<String>,
}

/// The decision to delete one's account.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"confirm": "ada@riverbend.example"}))]
pub struct AccountDeletion {
    /// One's own e-mail address, to show that it is meant. Upper and lower case are the same.
    #[garde(length(bytes, min = 1, max = 320))]
    pub confirm: String,
}

/// Which agency is meant by this browser where none is named.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"agency_id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v"}))]
pub struct CurrentAgency {
    /// One of the person's agencies that may be used.
    #[garde(skip)]
    pub agency_id: AgencyId,
}

/// Which agency is meant where none is named.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"agency_id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v"}))]
pub struct DefaultAgency {
    /// One of the person's agencies.
    #[garde(skip)]
    pub agency_id: AgencyId,
}
