//! What is sent and answered.

use chrono::{DateTime, Utc};
use entity::client::{self, ClientStatus};
use entity::{ClientId, UserId};
use garde::Validate;
use kernel::http::{Patch, not_null, patch};
use kernel::text::{check_email, check_not_blank, normalize_email};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::text::{set, tidy, tidy_optional};

/// Longest business name and contact name, in characters.
const NAME_MAX: usize = 255;
/// Longest phone number and business number.
const NUMBER_MAX: usize = 50;
/// Longest postal address.
const ADDRESS_MAX: usize = 1_000;
/// Longest notes.
const NOTES_MAX: usize = 10_000;

/// A client to be made.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[schema(example = json!({
    "business_name": "Riverbend Plumbing",
    "email": "office@riverbend.example",
    "phone": "+61 2 5550 1234",
    "contact_name": "Ada Nguyen",
    "address": "12 Quay Street\nSydney NSW 2000",
    "business_number": "51 824 753 556",
    "notes": "Prefers to be called in the morning."
}))]
pub struct NewClient {
    /// 1–255 characters.
    #[garde(length(chars, max = NAME_MAX), custom(check_not_blank))]
    pub business_name: String,
    /// Kept in lower case; no other client of the agency may have it.
    #[garde(custom(check_email))]
    pub email: String,
    /// Up to 50 characters.
    #[garde(length(chars, max = NUMBER_MAX))]
    pub phone: Option<String>,
    /// The person to talk to, up to 255 characters.
    #[garde(length(chars, max = NAME_MAX))]
    pub contact_name: Option<String>,
    /// Postal address, lines kept; up to 1000 characters.
    #[garde(length(chars, max = ADDRESS_MAX))]
    pub address: Option<String>,
    /// ABN or the like, up to 50 characters.
    #[garde(length(chars, max = NUMBER_MAX))]
    pub business_number: Option<String>,
    /// For the agency's eyes only, up to 10000 characters.
    #[garde(length(chars, max = NOTES_MAX))]
    pub notes: Option<String>,
}

impl NewClient {
    /// The columns that come from the request.
    pub(super) fn into_columns(self) -> client::ActiveModel {
        let Self { business_name, email, phone, contact_name, address, business_number, notes } =
            self;
        ClientPatch {
            business_name: Some(business_name),
            email: Some(email),
            phone: Some(phone),
            contact_name: Some(contact_name),
            address: Some(address),
            business_number: Some(business_number),
            notes: Some(notes),
        }
        .into_columns()
    }
}

/// A change of a client: what is absent stays, null clears.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"contact_name": "Ada Nguyen", "phone": null}))]
pub struct ClientPatch {
    /// 1–255 characters.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(length(chars, max = NAME_MAX), inner(custom(check_not_blank)))]
    pub business_name: Option<String>,
    /// Kept in lower case; no other client of the agency may have it.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(check_email)))]
    pub email: Option<String>,
    /// Up to 50 characters.
    #[serde(default, deserialize_with = "patch")]
    #[garde(length(chars, max = NUMBER_MAX))]
    #[schema(value_type = Option<String>)]
    pub phone: Patch<String>,
    /// The person to talk to, up to 255 characters.
    #[serde(default, deserialize_with = "patch")]
    #[garde(length(chars, max = NAME_MAX))]
    #[schema(value_type = Option<String>)]
    pub contact_name: Patch<String>,
    /// Postal address, lines kept; up to 1000 characters.
    #[serde(default, deserialize_with = "patch")]
    #[garde(length(chars, max = ADDRESS_MAX))]
    #[schema(value_type = Option<String>)]
    pub address: Patch<String>,
    /// ABN or the like, up to 50 characters.
    #[serde(default, deserialize_with = "patch")]
    #[garde(length(chars, max = NUMBER_MAX))]
    #[schema(value_type = Option<String>)]
    pub business_number: Patch<String>,
    /// For the agency's eyes only, up to 10000 characters.
    #[serde(default, deserialize_with = "patch")]
    #[garde(length(chars, max = NOTES_MAX))]
    #[schema(value_type = Option<String>)]
    pub notes: Patch<String>,
}

impl ClientPatch {
    /// The columns to write.
    pub(super) fn into_columns(self) -> client::ActiveModel {
        let Self { business_name, email, phone, contact_name, address, business_number, notes } =
            self;
        let business_name = business_name.map(tidy);
        client::ActiveModel {
            name_key: set(business_name.as_ref().map(|name| name.to_lowercase())),
            business_name: set(business_name),
            email: set(email.map(|email| normalize_email(&email))),
            phone: set(phone.map(tidy_optional)),
            contact_name: set(contact_name.map(tidy_optional)),
            address: set(address.map(tidy_optional)),
            business_number: set(business_number.map(tidy_optional)),
            notes: set(notes.map(tidy_optional)),
            ..Default::default()
        }
    }
}

/// A client.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "cli_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "business_name": "Riverbend Plumbing",
    "email": "office@riverbend.example",
    "phone": "+61 2 5550 1234",
    "contact_name": "Ada Nguyen",
    "address": "12 Quay Street\nSydney NSW 2000",
    "business_number": "51 824 753 556",
    "notes": null,
    "status": "active",
    "created_by": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "created_at": "2026-11-21T01:02:03Z",
    "updated_at": "2026-11-21T01:02:03Z"
}))]
pub struct ClientView {
    /// Its id.
    pub id: ClientId,
    /// What it is called.
    pub business_name: String,
    /// In lower case.
    pub email: String,
    /// As it was written.
    pub phone: Option<String>,
    /// The person to talk to.
    pub contact_name: Option<String>,
    /// Postal address.
    pub address: Option<String>,
    /// ABN or the like.
    pub business_number: Option<String>,
    /// For the agency's eyes only.
    pub notes: Option<String>,
    /// Whether it is in use.
    pub status: ClientStatus,
    /// Who made it; null when the server did, or a person who is gone.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl From<client::Model> for ClientView {
    fn from(row: client::Model) -> Self {
        Self {
            id: row.id,
            business_name: row.business_name,
            email: row.email,
            phone: row.phone,
            contact_name: row.contact_name,
            address: row.address,
            business_number: row.business_number,
            notes: row.notes,
            status: row.status,
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Which clients are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusFilter {
    /// Those in use.
    #[default]
    Active,
    /// Those put away.
    Archived,
    /// Both.
    All,
}

impl StatusFilter {
    /// The one status that is meant; `None` for both.
    pub(super) fn status(self) -> Option<ClientStatus> {
        match self {
            Self::Active => Some(ClientStatus::Active),
            Self::Archived => Some(ClientStatus::Archived),
            Self::All => None,
        }
    }
}

/// Which page of which clients.
#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ClientQuery {
    /// Which of them; those in use when absent.
    #[serde(default)]
    #[garde(skip)]
    #[param(inline)]
    pub status: StatusFilter,
    /// Part of the business name, the e-mail address or the contact's name, in any case.
    #[garde(length(chars, max = NAME_MAX))]
    pub search: Option<String>,
    /// Entries of a page, 1–100; 50 when absent.
    #[garde(skip)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[garde(skip)]
    pub cursor: Option<String>,
    /// `total` to count all entries.
    #[garde(skip)]
    pub include: Option<String>,
}

/// Which clients to count.
#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CountQuery {
    /// Which of them; those in use when absent.
    #[serde(default)]
    #[garde(skip)]
    #[param(inline)]
    pub status: StatusFilter,
}

/// How many clients there are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"count": 42}))]
pub struct ClientCount {
    /// All that are meant.
    pub count: u64,
}

/// The path of one client.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ClientPath {
    /// The client's id.
    pub client_id: ClientId,
}
