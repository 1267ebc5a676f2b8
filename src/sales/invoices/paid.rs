//! Marking an invoice as paid: called by whatever records the money.

use chrono::{DateTime, Utc};
use comms::branding::Branding;
use entity::document::{self, DocumentKind};
use entity::{InvoiceId, invoice};
use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::http::IfMatch;
use kernel::money::Currency;
use kernel::ports::print::Fact;
use kernel::store::{AgencyTx, Event};
use kernel::tenancy::RowFilter;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::model::Invoice;
use super::service::complete;
use super::status::{InvoiceEvent, InvoiceStatus};
use crate::documents::delivery::{Words, to_agency, to_client};
use crate::documents::{Lifecycle, lifecycle, repo};
use crate::print::{moment, money};

/// An invoice that is about to be paid: locked, so that it is paid once.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::PreconditionFailed`]; [`Error::InvalidState`] when it is paid or
/// withdrawn already.
pub async fn lock_open(
    context: &TenantContext,
    tx: &AgencyTx,
    id: InvoiceId,
    if_match: &IfMatch,
) -> Result<Invoice> {
    let document = repo::lock(tx, DocumentKind::Invoice, id.into(), RowFilter::All).await?;
    if_match.check(document.version)?;
    InvoiceStatus::effective(&document, context.now())?.next(InvoiceEvent::Pay)?;
    complete(tx, document).await
}

/// Marks a locked invoice as paid in full, tells both sides and publishes it.
///
/// # Errors
/// Those of the templates and of the database.
pub async fn mark_paid(
    context: &TenantContext,
    tx: &AgencyTx,
    branding: &Branding,
    notices: Option<String>,
    invoice: Invoice,
    paid_at: DateTime<Utc>,
    method: &str,
) -> Result<Invoice> {
    let now = context.now();
    let document = lifecycle::transition::<InvoiceStatus>(
        tx,
        &invoice.document,
        InvoiceEvent::Pay,
        now,
        |row| row.col_expr(document::Column::RespondedAt, Expr::value(paid_at)),
    )
    .await?;
    let update = invoice::Entity::update_many()
        .col_expr(invoice::Column::AmountPaid, Expr::value(document.total))
        .col_expr(invoice::Column::PaidAt, Expr::value(paid_at))
        .filter(invoice::Column::Id.eq(document.id));
    let own = tx.update_returning(update).await?.pop().ok_or(Error::NotFound)?;
    notify(context, tx, branding, notices, &document, paid_at, method).await?;
    let payload = json!({"id": InvoiceId::from(document.id), "status": document.status});
    tx.publish(Event::new("invoice.paid", payload)?.owned_by(document.created_by));
    Ok(Invoice { document, own, lines: invoice.lines })
}

async fn notify(
    context: &TenantContext,
    tx: &AgencyTx,
    branding: &Branding,
    notices: Option<String>,
    document: &document::Model,
    paid_at: DateTime<Utc>,
    method: &str,
) -> Result<()> {
    // One that was never sent has neither number nor link to tell of.
    let Some((number, token)) = document.number.as_ref().zip(document.public_token.as_ref()) else {
        return Ok(());
    };
    let client = &document.client_business_name;
    let currency = Currency::parse(&document.currency);
    let facts = vec![
        Fact::new("Invoice", number.clone()),
        Fact::new("Amount", money(currency, &document.currency, document.total)),
        Fact::new("Received", moment(context, paid_at)),
        Fact::new("By", method),
    ];
    let to_them = Words {
        kind: "invoice_paid_client",
        subject: format!("Payment received for invoice {number}"),
        heading: "Thank you for your payment".to_owned(),
        paragraphs: vec![format!("{} has received your payment.", branding.brand.name)],
        facts: facts.clone(),
        button: Some("See the invoice"),
    };
    to_client(context, tx, branding, document, token, to_them).await?;
    let to_us = Words {
        kind: "invoice_paid_agency",
        subject: format!("Payment received from {client}"),
        heading: format!("Payment received from {client}"),
        paragraphs: vec![format!("Invoice {number} is paid.")],
        facts,
        button: Some("See the invoice"),
    };
    to_agency(context, tx, branding, notices, document, token, to_us).await
}
