//! Recording and listing payments.

use comms::branding::Branding;
use entity::payment::{self, PaymentKind};
use entity::{DocumentId, InvoiceId};
use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::http::IfMatch;
use kernel::store::{Activity, Page, PageRequest, Sort};
use sales::invoices::model::Invoice;
use sales::invoices::{paid, service as invoices};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::model::NewPayment;

/// Records the payment of an invoice in full, and marks it as paid.
///
/// # Errors
/// [`Error::InvalidState`] when it is paid or withdrawn already; [`Error::Validation`] when the
/// amount is not the amount due, or the time is in the future.
pub async fn record(
    context: &TenantContext,
    id: InvoiceId,
    if_match: &IfMatch,
    new: NewPayment,
) -> Result<(payment::Model, Invoice)> {
    let NewPayment { method, amount, paid_at, reference, notes } = new;
    let branding = Branding::load(context).await?;
    let notices = branding.notice_address(context).await?;
    let now = context.now();
    let received_at = paid_at.unwrap_or(now);
    if received_at > now {
        return Err(Error::invalid("/paid_at", "future", "must not be in the future"));
    }
    let tx = context.begin().await?;
    let invoice = paid::lock_open(context, &tx, id, if_match).await?;
    let due = invoice.amount_due();
    if amount.is_some_and(|amount| amount != due) {
        return Err(Error::invalid(
            "/amount",
            "not_the_amount_due",
            format!("must be the amount due, {due} {} in minor units", invoice.document.currency),
        ));
    }
    if due <= 0 {
        return Err(Error::invalid(
            "/amount",
            "nothing_due",
            "there is nothing to pay on this invoice",
        ));
    }
    let row = payment::ActiveModel {
        id: Set(context.new_id()),
        invoice_id: Set(invoice.document.id),
        kind: Set(PaymentKind::Payment),
        amount: Set(due),
        currency: Set(invoice.document.currency.clone()),
        method: Set(method),
        reference: Set(reference),
        notes: Set(notes),
        received_at: Set(received_at),
        source: Set("manual".to_owned()),
        recorded_by: Set(context.user_id()),
        created_at: Set(now),
        ..Default::default()
    };
    let payment = tx.insert(row).await?;
    let invoice =
        paid::mark_paid(context, &tx, &branding, notices, invoice, received_at, method.label())
            .await?;
    tx.record(
        Activity::new("invoice.payment_recorded", "invoice", invoice.document.id)
            .owned_by(invoice.document.created_by)
            .with(json!({"amount": due, "currency": payment.currency, "method": method})),
    );
    tx.commit().await?;
    Ok((payment, invoice))
}

/// The payments of an invoice, newest first.
///
/// # Errors
/// [`Error::NotFound`] when there is no such invoice that the caller may see.
pub async fn page(
    context: &TenantContext,
    id: InvoiceId,
    page: &PageRequest,
) -> Result<Page<payment::Model>> {
    let invoice = invoices::read(context, id).await?;
    let invoice_id: DocumentId = invoice.document.id;
    let query = payment::Entity::find().filter(payment::Column::InvoiceId.eq(invoice_id));
    context.db().page(query, &Sort::descending([payment::Column::Id]), page).await
}
