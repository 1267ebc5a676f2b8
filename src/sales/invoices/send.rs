//! Sending an invoice: the number is drawn and the content frozen.

use comms::branding::Branding;
use entity::InvoiceId;
use entity::document::{self, DocumentKind};
use kernel::TenantContext;
use kernel::calendar::long_date;
use kernel::error::{Error, Result};
use kernel::http::IfMatch;
use kernel::money::Currency;
use kernel::ports::print::Fact;
use kernel::store::{Activity, Event};
use sea_orm::sea_query::Expr;
use serde_json::json;

use super::content;
use super::model::{Invoice, SendInvoice};
use super::service::{complete, editable};
use super::status::{InvoiceEvent, InvoiceStatus};
use crate::documents::delivery::{self, Words, to_client};
use crate::documents::issue::issue;
use crate::documents::{Lifecycle, lifecycle, repo};
use crate::print::money;

/// Sends an invoice, or sends its mail again while it is open.
///
/// # Errors
/// [`Error::InvalidState`] once paid or withdrawn; [`Error::Validation`] without lines or address.
pub async fn send(
    context: &TenantContext,
    id: InvoiceId,
    if_match: &IfMatch,
    how: SendInvoice,
) -> Result<Invoice> {
    let deliver = how.deliver.unwrap_or(true);
    if deliver {
        delivery::check(context)?;
    }
    let branding = Branding::load(context).await?;
    let tx = context.begin().await?;
    let document = repo::lock(&tx, DocumentKind::Invoice, id.into(), editable(context)).await?;
    if_match.check(document.version)?;
    let now = context.now();
    let status = InvoiceStatus::effective(&document, now)?;
    status.next(InvoiceEvent::Send)?;
    let invoice = complete(&tx, document).await?;
    check_sendable(&invoice)?;

    let (document, action) = if status == InvoiceStatus::Draft {
        let draft = content::draft(&invoice, &branding);
        let due = invoice.document.valid_until.unwrap_or_else(|| context.today());
        let issued = issue(context, &tx, &invoice.document, |number, revision, today| {
            draft.issued(number, revision, today, due)
        })
        .await?;
        let document = lifecycle::transition::<InvoiceStatus>(
            &tx,
            &invoice.document,
            InvoiceEvent::Send,
            now,
            |row| issued.apply(row).col_expr(document::Column::SentAt, Expr::value(now)),
        )
        .await?;
        (document, "invoice.sent")
    } else {
        (invoice.document.clone(), "invoice.resent")
    };
    if deliver {
        let token = document.public_token.clone().unwrap_or_default();
        let words = words(&document, &branding, how.custom_message);
        to_client(context, &tx, &branding, &document, &token, words).await?;
    }
    let sent = json!({"number": document.number, "content_hash": document.content_hash});
    tx.record(
        Activity::new(action, "invoice", document.id).owned_by(document.created_by).with(sent),
    );
    let payload = json!({"id": id, "status": document.status, "number": document.number});
    tx.publish(Event::new(action, payload)?.owned_by(document.created_by));
    tx.commit().await?;
    Ok(Invoice { document, ..invoice })
}

fn check_sendable(invoice: &Invoice) -> Result<()> {
    if invoice.document.client_email.is_empty() {
        return Err(Error::invalid("/client_id", "no_email", "the client has no e-mail address"));
    }
    if invoice.lines.is_empty() {
        return Err(Error::invalid("/lines", "empty", "an invoice needs at least one line"));
    }
    Ok(())
}

fn words(document: &document::Model, branding: &Branding, message: Option<String>) -> Words {
    let number = document.number.as_deref().unwrap_or_default();
    let agency = &branding.brand.name;
    let currency = Currency::parse(&document.currency);
    let mut facts = vec![
        Fact::new("Invoice", number),
        Fact::new("Amount", money(currency, &document.currency, document.total)),
    ];
    if let Some(day) = document.valid_until {
        facts.push(Fact::new("Due", long_date(day)));
    }
    let text = message.unwrap_or_else(|| format!("{agency} has sent you invoice {number}."));
    Words {
        kind: "invoice_sent",
        subject: format!("Invoice {number} from {agency}"),
        heading: format!("Invoice {number}"),
        paragraphs: vec![text],
        facts,
        button: Some("See the invoice"),
    }
}
