//! The tables as sea-orm entities, and the typed ids that key them.
//!
//! No rules and no HTTP here. A table is either **agency-owned** — keyed `(agency_id, id)`,
//! implementing [`AgencyOwned`], reachable through an agency's scope alone — or one of the few
//! **global** tables, listed in [`GLOBAL_TABLES`] with the reason.

pub mod activity;
pub mod addon;
pub mod agency;
pub mod api_key;
pub mod attempt_window;
pub mod beta_invite;
pub mod client;
pub mod contract;
pub mod document;
pub mod document_line;
pub mod document_view;
pub mod email;
pub mod external_identity;
pub mod file;
pub mod id;
pub mod idempotency_key;
pub mod impersonation_grant;
pub mod invoice;
pub mod job;
pub mod login_state;
pub mod membership;
pub mod number_series;
pub mod outbox;
pub mod outbox_head;
pub mod package;
pub mod payment;
pub mod pending_sign_in;
pub mod profile;
pub mod proposal;
pub mod public_link;
pub mod recovery_code;
pub mod second_factor;
pub mod security_event;
pub mod session;
pub mod sso_connection;
pub mod sso_domain;
pub mod token;
pub mod usage_counter;
pub mod usage_reservation;
pub mod user;

pub use id::*;

/// A table whose every row belongs to one agency.
///
/// The store adds `agency_id = ?` to each statement on such a table and stamps it on each row it
/// writes; nothing else reaches the rows.
pub trait AgencyOwned: sea_orm::EntityTrait {
    /// The column that names the owner; the first of the primary key.
    fn agency_column() -> Self::Column;
}

/// An agency-owned table with a row id of its own: primary key `(agency_id, id)`.
pub trait Identified: AgencyOwned {
    /// The second column of the primary key.
    fn id_column() -> Self::Column;
}

/// The tables that belong to no agency, each with the reason.
pub const GLOBAL_TABLES: &[(&str, &str)] = &[
    ("agencies", "the tenants themselves"),
    ("users", "a person may belong to several agencies"),
    ("sessions", "a person signs in before an agency is chosen"),
    ("security_events", "refused sign-ins belong to no agency, and often to nobody known"),
    ("second_factors", "a person has one second factor for all agencies"),
    ("recovery_codes", "they belong to persons"),
    ("pending_sign_ins", "a person signs in before an agency is chosen"),
    ("attempt_windows", "counts what persons try while they sign in"),
    ("beta_invites", "the operator invites people who belong to no agency yet"),
    ("tokens", "one-time and refresh tokens belong to persons"),
    ("external_identities", "a person signs in before an agency is chosen"),
    ("login_states", "a browser is sent to a provider before anybody is known"),
    ("public_links", "maps an unguessable token to its agency, before any agency is known"),
    ("idempotency_keys", "keyed by caller, who may be nobody's member yet"),
    ("jobs", "workers claim across agencies; sign-in mail belongs to none"),
    ("seaql_migrations", "the record of applied migrations"),
];

macro_rules! agency_owned {
    () => {
        impl crate::AgencyOwned for Entity {
            fn agency_column() -> Column {
                Column::AgencyId
            }
        }
    };
    (identified) => {
        crate::agency_owned!();

        impl crate::Identified for Entity {
            fn id_column() -> Column {
                Column::Id
            }
        }
    };
}
use agency_owned;

macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, sea_orm::EnumIter, sea_orm::DeriveActiveEnum,
            serde::Serialize, serde::Deserialize,
        )]
        #[sea_orm(rs_type = "String", db_type = "String(StringLen::N(32))")]
        pub enum $name {
            $(
                $(#[$vdoc])*
                #[sea_orm(string_value = $text)]
                #[serde(rename = $text)]
                $variant,
            )+
        }

        impl $name {
            /// Every value, in order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The value as stored and as written in JSON.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        // By hand: the derive does not see a rename that a macro has filled in.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$($text),+]))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(()),
                }
            }
        }
    };
}
use text_enum;
