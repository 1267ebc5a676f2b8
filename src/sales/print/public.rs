//! What outsiders may know, field by field (DEC-29): never a whole row.

use comms::branding::Branding;
use serde::Serialize;
use utoipa::ToSchema;

use crate::documents::PartyContent;

/// The agency, to outsiders.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgencyPublic {
    /// The name it trades under.
    pub name: String,
    /// The name by law.
    pub legal_name: String,
    /// ABN or the like.
    pub business_number: String,
    /// Public contact.
    pub email: String,
    /// Public contact.
    pub phone: String,
    /// Public contact.
    pub website: String,
    /// In one line.
    pub address: String,
    /// `#rrggbb`.
    pub primary_color: String,
    /// `#rrggbb`.
    pub secondary_color: String,
    /// `#rrggbb`.
    pub accent_color: String,
    /// A CSS `linear-gradient()`; empty when none is to be shown.
    pub accent_gradient: String,
    /// The path of the logo.
    pub logo_url: Option<String>,
    /// Whether to say who makes the software.
    pub show_powered_by: bool,
}

/// Shows an agency to outsiders.
pub fn agency(branding: &Branding) -> AgencyPublic {
    AgencyPublic {
        name: branding.brand.name.clone(),
        legal_name: branding.legal_name().to_owned(),
        business_number: branding.profile.business_number.clone(),
        email: branding.email.clone(),
        phone: branding.phone.clone(),
        website: branding.website.clone(),
        address: branding.address_lines().join(", "),
        primary_color: branding.brand.primary_color.clone(),
        secondary_color: branding.brand.secondary_color.clone(),
        accent_color: branding.brand.accent_color.clone(),
        accent_gradient: branding
            .brand
            .accent_gradient
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        logo_url: branding.brand.logo.as_ref().map(|logo| logo.url.clone()),
        show_powered_by: branding.brand.show_powered_by,
    }
}

/// The recipient, to whoever holds the link.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartyPublic {
    /// The business.
    pub name: String,
    /// The person; may be empty.
    pub contact_name: String,
    /// May be empty.
    pub email: String,
}

impl From<PartyContent> for PartyPublic {
    fn from(party: PartyContent) -> Self {
        Self { name: party.name, contact_name: party.contact_name, email: party.email }
    }
}
