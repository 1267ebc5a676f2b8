//! Reading and changing invoices.

use entity::document::{self, DocumentKind};
use entity::{DocumentId, InvoiceId, document_line, invoice};
use identity::profile::service::bank_account;
use kernel::error::Result;
use kernel::http::IfMatch;
use kernel::ports::print::Fact;
use kernel::store::{Activity, AgencyDb, Event, Page, PageRequest};
use kernel::tenancy::RowFilter;
use kernel::{Permission, TenantContext};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::lines;
use super::model::{Invoice, InvoicePatch};
use super::status::{InvoiceEvent, InvoiceStatus};
use crate::documents::list::Narrow;
use crate::documents::snapshot::document_tax_rules;
use crate::documents::{Lifecycle, lifecycle, list, repo};
use crate::pricing::{Totals, totals};

/// Whose invoices the caller may see.
pub fn visible(context: &TenantContext) -> RowFilter {
    context.rows(Permission::InvoiceViewAll)
}

/// Whose invoices the caller may change.
pub fn editable(context: &TenantContext) -> RowFilter {
    context.rows(Permission::InvoiceEditAll)
}

/// One invoice.
///
/// # Errors
/// [`kernel::Error::NotFound`] when there is none that the caller may see.
pub async fn read(context: &TenantContext, id: InvoiceId) -> Result<Invoice> {
    let db = context.db();
    let document = repo::require(&db, DocumentKind::Invoice, id.into(), visible(context)).await?;
    complete(&db, document).await
}

/// Adds the invoice's own row and its lines to a shared row.
///
/// # Errors
/// Those of the database.
pub async fn complete(db: &AgencyDb, document: document::Model) -> Result<Invoice> {
    let own = db.require::<invoice::Entity>(document.id).await?;
    let lines = repo::lines(db, document.id).await?;
    Ok(Invoice { document, own, lines })
}

/// A page of invoices, newest first.
///
/// # Errors
/// [`kernel::Error::Validation`] for an unknown state; those of the database.
pub async fn page(
    context: &TenantContext,
    narrow: &Narrow,
    page: &PageRequest,
) -> Result<Page<document::Model>> {
    list::page::<InvoiceStatus>(context, Permission::InvoiceViewAll, narrow, page).await
}

/// Changes a draft, and adds it up anew where an amount changed.
///
/// # Errors
/// [`kernel::Error::InvalidState`] once it is sent: what is issued is frozen; [`kernel::Error::PreconditionFailed`]
/// when it has been changed since; [`kernel::Error::Validation`] when amounts or days do not fit.
pub async fn change(
    context: &TenantContext,
    id: InvoiceId,
    if_match: &IfMatch,
    patch: InvoicePatch,
) -> Result<Invoice> {
    let tx = context.begin().await?;
    let id: DocumentId = id.into();
    let document = repo::lock(&tx, DocumentKind::Invoice, id, editable(context)).await?;
    if_match.check(document.version)?;
    let before = complete(&tx, document).await?;

    let InvoicePatch {
        lines,
        issue_date,
        payment_terms,
        payment_terms_custom,
        due_date,
        discount,
        discount_description,
        notes,
        public_notes,
    } = patch;
    let (document, own) = (&before.document, &before.own);
    let amounts = match (&lines, discount) {
        // The totals stand as they are unless an amount changed: those from a contract are its own.
        (None, None) => Totals {
            subtotal: document.subtotal,
            discount: document.discount,
            tax: document.tax,
            total: document.total,
        },
        (lines, discount) => {
            let added = match lines {
                Some(lines) => lines::amounts(lines)?,
                None => lines::stored_amounts(&before.lines),
            };
            let discount = discount.unwrap_or(document.discount);
            totals(&added, discount, &document_tax_rules(document))?
        }
    };
    let issue_date = issue_date.unwrap_or(own.issue_date);
    let terms = payment_terms.unwrap_or(own.payment_terms);
    let keeps_terms = payment_terms.is_none() && issue_date == own.issue_date;
    let asked = due_date.unwrap_or(if keeps_terms { document.valid_until } else { None });
    let due = lines::due_date(issue_date, terms, asked)?;
    let expires_at = context.end_of_day(due);
    let now = context.now();
    let document =
        lifecycle::transition::<InvoiceStatus>(&tx, document, InvoiceEvent::Edit, now, |row| {
            row.col_expr(document::Column::Subtotal, Expr::value(amounts.subtotal))
                .col_expr(document::Column::Discount, Expr::value(amounts.discount))
                .col_expr(document::Column::Tax, Expr::value(amounts.tax))
                .col_expr(document::Column::Total, Expr::value(amounts.total))
                .col_expr(document::Column::ValidUntil, Expr::value(due))
                .col_expr(document::Column::ExpiresAt, Expr::value(expires_at))
        })
        .await?;
    if let Some(lines) = lines {
        let old =
            document_line::Entity::delete_many().filter(document_line::Column::DocumentId.eq(id));
        tx.delete_many(old).await?;
        tx.insert_all(lines::rows(context, id, lines)?).await?;
    }
    let text = |new: Option<String>, old: &String| Expr::value(new.unwrap_or_else(|| old.clone()));
    let update = invoice::Entity::update_many()
        .col_expr(invoice::Column::IssueDate, Expr::value(issue_date))
        .col_expr(invoice::Column::PaymentTerms, Expr::value(terms))
        .col_expr(
            invoice::Column::PaymentTermsCustom,
            text(payment_terms_custom, &own.payment_terms_custom),
        )
        .col_expr(
            invoice::Column::DiscountDescription,
            text(discount_description, &own.discount_description),
        )
        .col_expr(invoice::Column::Notes, text(notes, &own.notes))
        .col_expr(invoice::Column::PublicNotes, text(public_notes, &own.public_notes))
        .filter(invoice::Column::Id.eq(id));
    tx.update_many(update).await?;
    tx.record(
        Activity::new("invoice.updated", "invoice", id)
            .owned_by(document.created_by)
            .changed(json!({"total": before.document.total}), json!({"total": document.total})),
    );
    let payload = json!({"id": InvoiceId::from(id), "status": document.status});
    tx.publish(Event::new("invoice.updated", payload)?.owned_by(document.created_by));
    let invoice = complete(&tx, document).await?;
    tx.commit().await?;
    Ok(invoice)
}

/// Throws a draft away. It has no number yet, so none is lost.
///
/// # Errors
/// [`kernel::Error::InvalidState`] once it is sent.
pub async fn delete(context: &TenantContext, id: InvoiceId, if_match: &IfMatch) -> Result<()> {
    let tx = context.begin().await?;
    let id: DocumentId = id.into();
    let rows = context.rows(Permission::InvoiceDeleteAll);
    let document = repo::lock(&tx, DocumentKind::Invoice, id, rows).await?;
    if_match.check(document.version)?;
    InvoiceStatus::effective(&document, context.now())?.next(InvoiceEvent::Delete)?;
    let own = invoice::Entity::delete_many().filter(invoice::Column::Id.eq(id));
    tx.delete_many(own).await?;
    // The lines go with the shared row.
    tx.delete_many(document::Entity::delete_many().filter(document::Column::Id.eq(id))).await?;
    tx.record(Activity::new("invoice.deleted", "invoice", id).owned_by(document.created_by));
    let payload = json!({"id": InvoiceId::from(id)});
    tx.publish(Event::new("invoice.deleted", payload)?.owned_by(document.created_by));
    tx.commit().await
}

/// The agency's bank details, to be shown on an unpaid invoice with its number as reference.
///
/// # Errors
/// [`kernel::Error::Internal`] when they cannot be decrypted.
pub fn bank_facts(
    context: &TenantContext,
    profile: &entity::profile::Model,
    invoice: &Invoice,
) -> Result<Vec<Fact>> {
    let status = InvoiceStatus::effective(&invoice.document, context.now())?;
    let is_open = matches!(
        status,
        InvoiceStatus::Sent | InvoiceStatus::Viewed | InvoiceStatus::Overdue | InvoiceStatus::Draft
    );
    if !is_open || profile.bank_account_number.is_empty() {
        return Ok(Vec::new());
    }
    let account = bank_account(context, profile)?;
    let mut facts = vec![
        Fact::new("Bank", profile.bank_name.clone()),
        Fact::new("Account name", profile.bank_account_name.clone()),
        Fact::new("BSB", account.bsb),
        Fact::new("Account number", account.account_number),
        Fact::new("Reference", invoice.document.number.clone().unwrap_or_default()),
    ];
    facts.retain(|fact| !fact.value.is_empty());
    Ok(facts)
}
