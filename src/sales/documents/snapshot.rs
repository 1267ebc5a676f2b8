//! What a document copies from elsewhere when it is made: the client, the tax rules, the agency.

use chrono::NaiveDate;
use clientwork::clients;
use comms::branding::Branding;
use entity::client::ClientStatus;
use entity::document::{self, DocumentKind};
use entity::{ClientId, client, profile};
use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::store::AgencyDb;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;

use super::content::PartyContent;
use crate::pricing::TaxRules;

/// The agency's business details.
///
/// # Errors
/// [`Error::Internal`] when there are none: they are made with the agency.
pub async fn profile(db: &AgencyDb) -> Result<profile::Model> {
    let profile = db.one(profile::Entity::find()).await?;
    profile.ok_or_else(|| Error::internal("an agency without profile"))
}

/// A client that documents can be made for.
///
/// # Errors
/// [`Error::Validation`] when the agency has none with this id, or has archived it.
pub async fn require_client(db: &AgencyDb, id: ClientId) -> Result<client::Model> {
    match clients::service::require(db, id).await {
        Ok(client) if client.status == ClientStatus::Active => Ok(client),
        Ok(_) | Err(Error::NotFound) => {
            Err(Error::invalid("/client_id", "unknown", "is not an active client of this agency"))
        }
        Err(error) => Err(error),
    }
}

/// The tax rules of a profile.
pub fn tax_rules(profile: &profile::Model) -> TaxRules {
    TaxRules {
        registered: profile.tax_registered,
        label: profile.tax_label.clone(),
        rate_bps: profile.tax_rate_bps,
    }
}

/// The tax rules that a document was made with.
pub fn document_tax_rules(document: &document::Model) -> TaxRules {
    TaxRules {
        registered: document.tax_registered,
        label: document.tax_label.clone(),
        rate_bps: document.tax_rate_bps,
    }
}

/// A fresh shared row for a client, without amounts.
pub fn new_document(
    context: &TenantContext,
    kind: DocumentKind,
    status: &str,
    currency: &str,
    tax: &TaxRules,
) -> document::ActiveModel {
    let now = context.now();
    document::ActiveModel {
        agency_id: Set(context.agency_id()),
        id: Set(context.new_id()),
        kind: Set(kind),
        number: Set(None),
        status: Set(status.to_owned()),
        title: Set(String::new()),
        client_id: Set(None),
        source_id: Set(None),
        client_business_name: Set(String::new()),
        client_contact_name: Set(String::new()),
        client_email: Set(String::new()),
        client_phone: Set(String::new()),
        client_address: Set(String::new()),
        client_business_number: Set(String::new()),
        currency: Set(currency.to_owned()),
        subtotal: Set(0),
        discount: Set(0),
        tax: Set(0),
        total: Set(0),
        tax_registered: Set(tax.registered),
        tax_label: Set(tax.label.clone()),
        tax_rate_bps: Set(tax.rate_bps),
        valid_until: Set(None),
        expires_at: Set(None),
        revision: Set(1),
        issued_content: Set(None),
        content_hash: Set(None),
        public_token: Set(None),
        view_count: Set(0),
        first_viewed_at: Set(None),
        last_viewed_at: Set(None),
        sent_at: Set(None),
        responded_at: Set(None),
        created_by: Set(context.user_id()),
        deleted_at: Set(None),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    }
}

/// Copies the client onto a shared row.
pub fn with_client(row: document::ActiveModel, client: &client::Model) -> document::ActiveModel {
    document::ActiveModel {
        client_id: Set(Some(client.id)),
        client_business_name: Set(client.business_name.clone()),
        client_contact_name: Set(client.contact_name.clone().unwrap_or_default()),
        client_email: Set(client.email.clone()),
        client_phone: Set(client.phone.clone().unwrap_or_default()),
        client_address: Set(client.address.clone().unwrap_or_default()),
        client_business_number: Set(client.business_number.clone().unwrap_or_default()),
        ..row
    }
}

/// Copies the client of another document onto a shared row.
pub fn with_client_of(
    row: document::ActiveModel,
    source: &document::Model,
) -> document::ActiveModel {
    document::ActiveModel {
        client_id: Set(source.client_id),
        source_id: Set(Some(source.id)),
        client_business_name: Set(source.client_business_name.clone()),
        client_contact_name: Set(source.client_contact_name.clone()),
        client_email: Set(source.client_email.clone()),
        client_phone: Set(source.client_phone.clone()),
        client_address: Set(source.client_address.clone()),
        client_business_number: Set(source.client_business_number.clone()),
        created_by: Set(source.created_by),
        ..row
    }
}

/// Sets the last valid day, and with it the instant at which validity ends.
pub fn with_validity(
    row: document::ActiveModel,
    context: &TenantContext,
    valid_until: Option<NaiveDate>,
) -> document::ActiveModel {
    document::ActiveModel {
        valid_until: Set(valid_until),
        expires_at: Set(valid_until.map(|day| context.end_of_day(day))),
        ..row
    }
}

/// The client's side of the content.
pub fn client_party(document: &document::Model) -> PartyContent {
    PartyContent {
        name: document.client_business_name.clone(),
        contact_name: document.client_contact_name.clone(),
        email: document.client_email.clone(),
        phone: document.client_phone.clone(),
        address: document.client_address.clone(),
        business_number: document.client_business_number.clone(),
    }
}

/// The agency's side of the content.
pub fn agency_party(branding: &Branding) -> PartyContent {
    PartyContent {
        name: branding.legal_name().to_owned(),
        contact_name: String::new(),
        email: branding.email.clone(),
        phone: branding.phone.clone(),
        address: branding.address_lines().join("\n"),
        business_number: branding.profile.business_number.clone(),
    }
}
