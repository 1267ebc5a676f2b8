//! What is shown of a person, and what they may change.

use entity::agency::AgencyStatus;
use entity::membership::Role;
use entity::{AgencyId, UserId, user};
use garde::Validate;
use kernel::error::{Context, Result};
use kernel::http::{ETag, not_null};
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
    "is_super_admin": false,
    "default_agency_id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "agencies": [{"id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v", "slug": "riverbend", "name": "Riverbend Studio", "status": "active", "primary_color": "#0F766E", "role": "owner", "is_default": true}],
}))]
pub struct MeView {
    /// Who.
    pub id: UserId,
    /// The address that signs in.
    pub email: String,
    /// Address of a picture; may be empty.
    pub avatar: String,
    /// Whether the person runs the platform.
    pub is_super_admin: bool,
    /// Used where a call names no agency.
    pub default_agency_id: Option<AgencyId>,
    /// The person's agencies, by name.
    pub agencies: Vec<MyAgency>,
    #[serde(skip)]
    #[schema(ignore)]
    pub(super) version: i64,
}

impl MeView {
    pub(super) fn new(person: user::Model, agencies: Vec<MyAgency>) -> Self {
        Self {
            id: person.id,
            email: person.email,
            avatar: person.avatar,
            is_super_admin: person.is_super_admin,
            default_agency_id: person.default_agency_id,
            agencies,
            version: person.version,
        }
    }

    /// The version of the person's row; the tag differs too when an agency does.
    ///
    /// # Errors
    /// [`kernel::Error::Internal`] when the view has no JSON form.
    pub fn etag(&self) -> Result<ETag> {
        let json = serde_json::to_vec(&self.agencies).context("the tag of a person")?;
        let hash: String = sha256_hex(json).chars().take(16).collect();
        Ok(ETag::variant(self.version, hash))
    }
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

/// Which agency is meant where none is named.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"agency_id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v"}))]
pub struct DefaultAgency {
    /// One of the person's agencies.
    #[garde(skip)]
    pub agency_id: AgencyId,
}
