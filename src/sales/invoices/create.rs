//! Making invoices: from lines, or from a signed contract.

use chrono::NaiveDate;
use entity::document::{self, DocumentKind};
use entity::profile::{self, PaymentTerms};
use entity::{InvoiceId, invoice};
use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::money::Quantity;
use kernel::store::{Activity, AgencyTx, Event};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::lines;
use super::model::{FromContract, Invoice, LineCategory, NewInvoice, NewLine};
use super::service::complete;
use super::status::InvoiceStatus;
use crate::contracts;
use crate::contracts::status::ContractStatus;
use crate::documents::snapshot::{
    document_tax_rules, new_document, profile as agency_profile, require_client, tax_rules,
    with_client, with_client_of, with_validity,
};
use crate::documents::{Lifecycle, repo};
use crate::pricing::{Totals, totals};

/// What only the invoice's own row needs.
struct Own {
    issue_date: NaiveDate,
    terms: PaymentTerms,
    terms_custom: String,
    discount_description: String,
    notes: String,
    public_notes: String,
}

/// Makes a draft from lines.
///
/// # Errors
/// [`Error::Validation`] when the client is not in use, or the amounts or days do not fit.
pub async fn create(context: &TenantContext, new: NewInvoice) -> Result<Invoice> {
    let NewInvoice {
        client_id,
        lines,
        issue_date,
        payment_terms,
        payment_terms_custom,
        due_date,
        discount,
        discount_description,
        notes,
        public_notes,
        currency,
    } = new;
    let tx = context.begin().await?;
    let client = require_client(&tx, client_id).await?;
    let profile = agency_profile(&tx).await?;
    let tax = tax_rules(&profile);
    let amounts = totals(&lines::amounts(&lines)?, discount, &tax)?;
    let issue_date = issue_date.unwrap_or_else(|| context.today());
    let terms = payment_terms.unwrap_or(profile.default_payment_terms);
    let due = lines::due_date(issue_date, terms, due_date)?;
    let currency = currency.unwrap_or_else(|| profile.currency.clone());
    let row =
        new_document(context, DocumentKind::Invoice, InvoiceStatus::Draft.name(), &currency, &tax);
    let row = with_validity(with_client(row, &client), context, Some(due));
    let own = Own {
        issue_date,
        terms,
        terms_custom: payment_terms_custom,
        discount_description,
        notes,
        public_notes,
    };
    let invoice = insert(context, &tx, row, amounts, own, lines, "invoice.created").await?;
    tx.commit().await?;
    Ok(invoice)
}

/// Makes a draft from a signed contract. The line is the contract's price without tax and the tax
/// is the contract's own, so that the total is the one that was signed: tax is never charged twice
/// (DEC-25).
///
/// # Errors
/// [`Error::Validation`] when there is no such contract; [`Error::InvalidState`] when it is not
/// signed; [`Error::Conflict`] when it has been invoiced and `force` is not set.
pub async fn from_contract(context: &TenantContext, from: FromContract) -> Result<Invoice> {
    let tx = context.begin().await?;
    let rows = contracts::service::visible(context);
    let id = from.contract_id.into();
    // The lock makes two invoices from one contract happen one after the other.
    let source = match repo::lock(&tx, DocumentKind::Contract, id, rows).await {
        Err(Error::NotFound) => {
            return Err(Error::invalid(
                "/contract_id",
                "unknown",
                "is not a contract of this agency",
            ));
        }
        other => other?,
    };
    let status = ContractStatus::effective(&source, context.now())?;
    if !matches!(status, ContractStatus::Signed | ContractStatus::Completed) {
        return Err(Error::InvalidState {
            current: status.name().to_owned(),
            allowed: vec!["signed", "completed"],
        });
    }
    if !from.force {
        refuse_second(&tx, &source).await?;
    }
    let profile = agency_profile(&tx).await?;
    let issue_date = context.today();
    let (terms, due) = usual_terms(&profile, issue_date)?;
    let tax = document_tax_rules(&source);
    let row = new_document(
        context,
        DocumentKind::Invoice,
        InvoiceStatus::Draft.name(),
        &source.currency,
        &tax,
    );
    let row = with_validity(with_client_of(row, &source), context, Some(due));
    let row = document::ActiveModel { title: Set(source.title.clone()), ..row };
    let number = source.number.as_deref().unwrap_or_default();
    let line = NewLine {
        description: format!("{} – contract {number}", source.title),
        quantity: Quantity::ONE,
        unit_price: source.subtotal - source.discount,
        is_taxable: true,
        category: Some(LineCategory::Development),
    };
    let amounts = Totals {
        subtotal: source.subtotal - source.discount,
        discount: 0,
        tax: source.tax,
        total: source.total,
    };
    let own = Own {
        issue_date,
        terms,
        terms_custom: String::new(),
        discount_description: String::new(),
        notes: String::new(),
        public_notes: String::new(),
    };
    let action = "invoice.created_from_contract";
    let invoice = insert(context, &tx, row, amounts, own, vec![line], action).await?;
    tx.commit().await?;
    Ok(invoice)
}

/// The agency's usual terms, and the day that follows; custom ones count as 14 days.
fn usual_terms(
    profile: &profile::Model,
    issue_date: NaiveDate,
) -> Result<(PaymentTerms, NaiveDate)> {
    let terms = match profile.default_payment_terms {
        PaymentTerms::Custom => PaymentTerms::Net14,
        terms => terms,
    };
    Ok((terms, lines::due_date(issue_date, terms, None)?))
}

async fn refuse_second(tx: &AgencyTx, source: &document::Model) -> Result<()> {
    let earlier = document::Entity::find()
        .filter(document::Column::Kind.eq(DocumentKind::Invoice))
        .filter(document::Column::SourceId.eq(source.id))
        .filter(document::Column::Status.ne(InvoiceStatus::Cancelled.name()));
    match tx.one(earlier).await? {
        None => Ok(()),
        Some(earlier) => Err(Error::Conflict {
            code: "already_invoiced",
            detail: format!(
                "the contract has been invoiced by {}; send force: true to invoice it again",
                InvoiceId::from(earlier.id)
            )
            .into(),
            field: Some("contract_id"),
        }),
    }
}

async fn insert(
    context: &TenantContext,
    tx: &AgencyTx,
    row: document::ActiveModel,
    amounts: Totals,
    own: Own,
    lines: Vec<NewLine>,
    action: &'static str,
) -> Result<Invoice> {
    let row = document::ActiveModel {
        subtotal: Set(amounts.subtotal),
        discount: Set(amounts.discount),
        tax: Set(amounts.tax),
        total: Set(amounts.total),
        ..row
    };
    let document = tx.insert(row).await?;
    let own = invoice::ActiveModel {
        id: Set(document.id),
        issue_date: Set(own.issue_date),
        payment_terms: Set(own.terms),
        payment_terms_custom: Set(own.terms_custom),
        discount_description: Set(own.discount_description),
        notes: Set(own.notes),
        public_notes: Set(own.public_notes),
        amount_paid: Set(0),
        paid_at: Set(None),
        ..Default::default()
    };
    tx.insert(own).await?;
    tx.insert_all(lines::rows(context, document.id, lines)?).await?;
    tx.record(
        Activity::new(action, "invoice", document.id)
            .owned_by(document.created_by)
            .with(json!({"total": document.total, "client_id": document.client_id})),
    );
    let payload = json!({"id": InvoiceId::from(document.id), "status": document.status});
    tx.publish(Event::new("invoice.created", payload)?.owned_by(document.created_by));
    complete(tx, document).await
}
