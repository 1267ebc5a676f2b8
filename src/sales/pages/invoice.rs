//! The page of an invoice.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get};
use kernel::TenantContext;
use kernel::error::Result;
use kernel::http::Link;
use kernel::ports::print::Tone;
use kernel::tenancy::Feature;

use super::document::{Actions, Page, State};
use crate::documents::Lifecycle;
use crate::documents::issue::public_path;
use crate::invoices::public::{Opened, count_view, download, open};
use crate::invoices::status::InvoiceStatus;
use crate::print;

fn page(context: &TenantContext, opened: &Opened) -> Result<Page> {
    let Opened { invoice, content, branding, bank } = opened;
    let token = invoice.document.public_token.as_deref().unwrap_or_default();
    Ok(Page {
        doc: print::invoice(context, invoice, content, branding, bank)?,
        state: state(InvoiceStatus::effective(&invoice.document, context.now())?),
        kind: InvoiceStatus::NOUN,
        actions: Actions { pdf: context.plan().has(Feature::PdfExport), ..Actions::default() },
        action_base: public_path(InvoiceStatus::KIND, token),
        form: None,
        links: Vec::new(),
    })
}

fn state(status: InvoiceStatus) -> State {
    use InvoiceStatus::{Cancelled, Draft, Overdue, Paid, Refunded, Sent, Viewed};
    let (label, tone, notice) = match status {
        Draft | Sent | Viewed => ("To be paid", Tone::Neutral, None),
        Overdue => ("Overdue", Tone::Negative, Some("The day this invoice was due has passed.")),
        Paid => ("Paid", Tone::Positive, Some("This invoice is paid. Thank you!")),
        Cancelled => (
            "Cancelled",
            Tone::Negative,
            Some("This invoice has been withdrawn: please do not pay it."),
        ),
        Refunded => {
            ("Refunded", Tone::Neutral, Some("What was paid on this invoice has been paid back."))
        }
    };
    State { label, tone, notice: notice.map(ToOwned::to_owned) }
}

/// Shows the page, and counts the view.
#[get("/i/{token}")]
pub(super) async fn show(context: Link) -> Result<HttpResponse> {
    let opened = open(&context, context.document_id).await?;
    count_view(&context, &opened).await;
    page(&context, &opened)?.respond(&context, StatusCode::OK)
}

/// The PDF.
#[get("/i/{token}/pdf")]
pub(super) async fn pdf(context: Link) -> Result<HttpResponse> {
    download(&context, context.document_id).await
}
