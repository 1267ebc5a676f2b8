//! What the client sees through the public link.

use actix_web::{HttpResponse, get};
use chrono::{DateTime, NaiveDate, Utc};
use comms::branding::Branding;
use entity::document::DocumentKind;
use kernel::TenantContext;
use kernel::error::Result;
use kernel::http::limits::LimitClass;
use kernel::http::operation::Operation;
use kernel::http::{Link, respond};
use kernel::ports::print::Fact;
use kernel::tenancy::{Feature, RowFilter};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::content::{self, InvoiceContent};
use super::model::{Invoice, LineView};
use super::service;
use super::status::{InvoiceEvent, InvoiceStatus};
use crate::documents::{Lifecycle, repo, views};
use crate::print;
use crate::print::public::{AgencyPublic, PartyPublic, agency};

/// The operations of this module.
pub const OPERATIONS: &[Operation] = &[
    Operation::link(
        "GET",
        "/public/v1/invoices/{token}",
        DocumentKind::Invoice,
        LimitClass::PublicRead,
    ),
    Operation::link(
        "GET",
        "/public/v1/invoices/{token}/pdf",
        DocumentKind::Invoice,
        LimitClass::PublicPdf,
    )
    .feature(Feature::PdfExport),
];

/// Adds the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(read).service(pdf);
}

/// How to pay, one fact.
#[derive(Debug, Serialize, ToSchema)]
pub struct BankFact {
    /// `BSB`.
    pub label: String,
    /// `062-000`.
    pub value: String,
}

/// An invoice as its recipient sees it: these members and no others.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "number": "INV-2026-0001", "status": "viewed", "issue_date": "2026-11-21", "due_date": "2026-12-05",
    "paid_at": null,
    "agency": {"name": "Harbour Studio", "legal_name": "Harbour Studio Pty Ltd", "business_number": "",
               "email": "hello@harbour.example", "phone": "", "website": "", "address": "",
               "primary_color": "#4F46E5", "secondary_color": "#1E40AF", "accent_color": "#F59E0B",
               "accent_gradient": "", "logo_url": null, "show_powered_by": true},
    "client": {"name": "Riverbend Plumbing", "contact_name": "Ada", "email": "ada@riverbend.example"},
    "currency": "AUD",
    "lines": [{"id": "lin_01jd3k9v5xe8rt2m4n6p8q0s2v", "description": "Workshop", "quantity": "2.5",
               "unit_price": 12000, "amount": 30000, "is_taxable": true, "category": null}],
    "subtotal": 30000, "discount": 0, "discount_description": "", "tax": 3000, "tax_label": "GST",
    "tax_rate_bps": 1000, "total": 33000, "amount_due": 33000,
    "bank": [{"label": "BSB", "value": "062-000"}], "public_notes": "", "footer": ""
}))]
pub struct PublicInvoice {
    /// The drawn number.
    pub number: Option<String>,
    /// The state, adjusted for the time.
    pub status: InvoiceStatus,
    /// The day of issue.
    pub issue_date: NaiveDate,
    /// The day it is due.
    pub due_date: Option<NaiveDate>,
    /// When it was paid.
    pub paid_at: Option<DateTime<Utc>>,
    /// Who sends it.
    pub agency: AgencyPublic,
    /// For whom.
    pub client: PartyPublic,
    /// ISO 4217.
    pub currency: String,
    /// In order.
    pub lines: Vec<LineView>,
    /// Sum of the lines, minor units.
    pub subtotal: i64,
    /// Minor units.
    pub discount: i64,
    /// Why.
    pub discount_description: String,
    /// Minor units.
    pub tax: i64,
    /// `GST`, `VAT`.
    pub tax_label: String,
    /// Basis points.
    pub tax_rate_bps: i32,
    /// Minor units, with tax.
    pub total: i64,
    /// Minor units still to be paid.
    pub amount_due: i64,
    /// Where to pay, while it is unpaid.
    pub bank: Vec<BankFact>,
    /// Plain text.
    pub public_notes: String,
    /// Small print.
    pub footer: String,
}

/// An invoice found through its link, with what it says.
pub struct Opened {
    /// The invoice.
    pub invoice: Invoice,
    /// What it says.
    pub content: InvoiceContent,
    /// The agency's look.
    pub branding: Branding,
    /// Where to pay, while it is unpaid.
    pub bank: Vec<Fact>,
}

/// Opens an invoice for whoever holds its link, without counting a view.
///
/// # Errors
/// [`kernel::Error::NotFound`] when it was deleted; those of the database.
pub async fn open(context: &TenantContext, id: entity::DocumentId) -> Result<Opened> {
    let db = context.db();
    let document = repo::require(&db, DocumentKind::Invoice, id, RowFilter::All).await?;
    let invoice = service::complete(&db, document).await?;
    let branding = Branding::load(context).await?;
    let content = content::of(&invoice, &branding)?;
    let bank = service::bank_facts(context, &branding.profile, &invoice)?;
    Ok(Opened { invoice, content, branding, bank })
}

/// Counts a view of an opened invoice.
pub async fn count_view(context: &TenantContext, opened: &Opened) {
    let document = &opened.invoice.document;
    views::count::<InvoiceStatus>(context, document, InvoiceEvent::View, "invoice.viewed").await;
}

fn view(context: &TenantContext, opened: Opened) -> Result<PublicInvoice> {
    let Opened { invoice, content, branding, bank } = opened;
    let status = InvoiceStatus::effective(&invoice.document, context.now())?;
    let amount_due = if status == InvoiceStatus::Paid { 0 } else { invoice.amount_due() };
    let InvoiceContent { number, valid_until, client, body, .. } = content;
    Ok(PublicInvoice {
        number,
        status,
        issue_date: body.issue_date,
        due_date: valid_until,
        paid_at: invoice.own.paid_at,
        agency: agency(&branding),
        client: client.into(),
        currency: content.currency,
        lines: body.lines,
        subtotal: content.subtotal,
        discount: content.discount,
        discount_description: body.discount_description,
        tax: content.tax,
        tax_label: content.tax_rules.label,
        tax_rate_bps: content.tax_rules.rate_bps,
        total: content.total,
        amount_due,
        bank: bank
            .into_iter()
            .map(|fact| BankFact { label: fact.label, value: fact.value })
            .collect(),
        public_notes: body.public_notes,
        footer: body.footer,
    })
}

/// Read an invoice through its public link.
///
/// Counts a view: once for each visitor in half an hour, and not for robots.
#[utoipa::path(tag = "public", operation_id = "public_invoices_read", params(("token" = String, Path)),
    responses((status = 200, body = PublicInvoice)))]
#[get("/public/v1/invoices/{token}")]
async fn read(context: Link) -> Result<HttpResponse> {
    let opened = open(&context, context.document_id).await?;
    count_view(&context, &opened).await;
    let opened = open(&context, context.document_id).await?;
    Ok(HttpResponse::Ok().json(view(&context, opened)?))
}

/// Download an invoice as PDF through its public link.
#[utoipa::path(tag = "public", operation_id = "public_invoices_pdf", params(("token" = String, Path)),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)))]
#[get("/public/v1/invoices/{token}/pdf")]
async fn pdf(context: Link) -> Result<HttpResponse> {
    download(&context, context.document_id).await
}

/// The PDF of an invoice found through its link.
///
/// # Errors
/// As [`open`], and those of the PDF engine.
pub async fn download(context: &TenantContext, id: entity::DocumentId) -> Result<HttpResponse> {
    let Opened { invoice, content, bank, .. } = open(context, id).await?;
    let (name, bytes) = print::pdf(context, |branding| {
        print::invoice(context, &invoice, &content, branding, &bank)
    })
    .await?;
    Ok(respond::pdf(&name, bytes))
}
