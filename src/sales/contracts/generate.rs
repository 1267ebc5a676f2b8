//! A draft contract from a proposal (spec §5.3, §6.5).

use chrono::Days;
use comms::branding::Branding;
use entity::document::{self, DocumentKind};
use entity::{ContractId, contract};
use kernel::TenantContext;
use kernel::error::Result;
use kernel::money::Currency;
use kernel::store::{Activity, AgencyTx, Event};
use sea_orm::ActiveValue::Set;
use serde_json::json;

use super::status::ContractStatus;
use crate::documents::Lifecycle;
use crate::documents::snapshot::{document_tax_rules, new_document, with_client_of, with_validity};
use crate::pricing::Price;
use crate::print::money;
use crate::proposals::model::Proposal;

/// Makes the draft inside the caller's unit of work. Its price is the proposal's upfront part, to
/// the minor unit.
///
/// # Errors
/// Those of the database.
pub async fn from_proposal(
    context: &TenantContext,
    tx: &AgencyTx,
    branding: &Branding,
    proposal: &Proposal,
) -> Result<document::Model> {
    let source = &proposal.document;
    let price = proposal.price()?;
    let tax = document_tax_rules(source);
    let row = new_document(
        context,
        DocumentKind::Contract,
        ContractStatus::Draft.name(),
        &source.currency,
        &tax,
    );
    let days = u64::try_from(branding.profile.default_contract_validity_days).unwrap_or(30);
    let valid_until = context.today().checked_add_days(Days::new(days));
    let row = with_validity(with_client_of(row, source), context, valid_until);
    let row = document::ActiveModel {
        title: Set(source.title.clone()),
        // The discount is already in the price that was agreed.
        subtotal: Set(price.upfront.net),
        discount: Set(0),
        tax: Set(price.upfront.tax),
        total: Set(price.upfront.total),
        ..row
    };
    let document = tx.insert(row).await?;
    let own = contract::ActiveModel {
        id: Set(document.id),
        services_description: Set(services(&price)),
        special_conditions: Set(String::new()),
        payment_terms: Set(payment_terms(&price)),
        terms: Set(String::new()),
        commencement_date: Set(None),
        completion_date: Set(None),
        price_includes_tax: Set(true),
        agency_signatory_name: Set(String::new()),
        agency_signatory_title: Set(String::new()),
        agency_signed_at: Set(None),
        require_client_title: Set(false),
        client_signatory_name: Set(None),
        client_signatory_title: Set(None),
        client_signed_at: Set(None),
        client_signature_ip: Set(None),
        client_signature_user_agent: Set(None),
        consent_text: Set(None),
        signed_content_hash: Set(None),
        ..Default::default()
    };
    tx.insert(own).await?;
    tx.record(
        Activity::new("contract.created", "contract", document.id)
            .owned_by(document.created_by)
            .with(json!({"total": document.total})),
    );
    let payload = json!({"id": ContractId::from(document.id), "status": document.status});
    tx.publish(Event::new("contract.created", payload)?.owned_by(document.created_by));
    Ok(document)
}

/// What will be done, from what was priced.
fn services(price: &Price) -> String {
    let mut text = String::new();
    if let Some(package) = &price.package {
        text.push_str(&package.name);
        if !package.description.is_empty() {
            text.push_str(": ");
            text.push_str(&package.description);
        }
        for feature in &package.included_features {
            text.push_str("\n- ");
            text.push_str(feature);
        }
    }
    for line in price.lines.iter().filter(|line| line.addon_id.is_some()) {
        text.push_str("\n- ");
        text.push_str(&line.description);
    }
    let text = text.trim();
    if text.is_empty() {
        "The services described in the accepted proposal.".to_owned()
    } else {
        text.to_owned()
    }
}

/// How it is paid (spec §6.5).
fn payment_terms(price: &Price) -> String {
    let currency = Currency::parse(&price.currency);
    let money = |amount| money(currency, &price.currency, amount);
    let with_tax = if price.tax.registered {
        format!(" including {}", price.tax.label)
    } else {
        String::new()
    };
    let mut terms = Vec::new();
    if price.upfront.total > 0 {
        terms.push(format!("{}{with_tax} is due on signing.", money(price.upfront.total)));
    }
    if price.monthly.total > 0 {
        terms.push(format!(
            "{}{with_tax} is billed each month in advance.",
            money(price.monthly.total)
        ));
    }
    if price.monthly.total > 0 && price.minimum_term_months > 0 {
        terms.push(format!("The minimum term is {} months.", price.minimum_term_months));
    }
    if terms.is_empty() { "Payment is to be agreed.".to_owned() } else { terms.join("\n") }
}
