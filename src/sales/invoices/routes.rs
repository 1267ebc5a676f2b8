//! The operations on invoices for members of the agency.

use actix_web::web::Path;
use actix_web::{HttpResponse, delete, get, patch, post};
use entity::InvoiceId;
use kernel::error::Result;
use kernel::http::limits::LimitClass;
use kernel::http::operation::Operation;
use kernel::http::{
    Authorized, Created, ETag, IfMatch, Listed, NoContent, OptionalJson, PageView, Read, ValidJson,
    ValidQuery, respond,
};
use kernel::store::PageRequest;
use kernel::tenancy::Feature;
use kernel::{Permission, TenantContext, perm};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::{
    FromContract, Invoice, InvoicePatch, InvoiceQuery, InvoiceSummary, InvoiceView, NewInvoice,
    SendInvoice,
};
use super::{content, create as making, send as sending, service};
use crate::documents;
use crate::documents::list::Narrow;
use crate::documents::view::public_url;
use crate::invoices::status::InvoiceStatus;
use crate::print;

/// The operations of this module.
pub const OPERATIONS: &[Operation] = &[
    Operation::member("GET", "/api/v1/agencies/{agency_slug}/invoices", Permission::InvoiceViewOwn),
    Operation::member("POST", "/api/v1/agencies/{agency_slug}/invoices", Permission::InvoiceCreate),
    Operation::member(
        "GET",
        "/api/v1/agencies/{agency_slug}/invoices/{invoice_id}",
        Permission::InvoiceViewOwn,
    ),
    Operation::member(
        "PATCH",
        "/api/v1/agencies/{agency_slug}/invoices/{invoice_id}",
        Permission::InvoiceEditOwn,
    )
    .requires_if_match(),
    Operation::member(
        "DELETE",
        "/api/v1/agencies/{agency_slug}/invoices/{invoice_id}",
        Permission::InvoiceDeleteOwn,
    )
    .requires_if_match(),
    Operation::member(
        "POST",
        "/api/v1/agencies/{agency_slug}/invoices/from-contract",
        Permission::InvoiceCreate,
    ),
    Operation::member(
        "POST",
        "/api/v1/agencies/{agency_slug}/invoices/{invoice_id}/send",
        Permission::InvoiceSend,
    )
    .class(LimitClass::EmailSending)
    .honours_if_match(),
    Operation::member(
        "GET",
        "/api/v1/agencies/{agency_slug}/invoices/{invoice_id}/pdf",
        Permission::InvoiceViewOwn,
    )
    .class(LimitClass::Pdf)
    .feature(Feature::PdfExport),
];

/// Adds the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list)
        .service(create)
        .service(create_from_contract)
        .service(read)
        .service(change)
        .service(remove)
        .service(send)
        .service(pdf);
}

/// The path of one invoice.
#[derive(Deserialize)]
struct InvoicePath {
    invoice_id: InvoiceId,
}

fn view(context: &TenantContext, invoice: Invoice) -> Result<InvoiceView> {
    invoice.view(context.now(), public_url::<InvoiceStatus>(context))
}

/// The tag of one with its version.
fn etag(context: &TenantContext, invoice: &Invoice) -> Result<ETag> {
    documents::view::etag::<InvoiceStatus>(context, &invoice.document)
}

fn created(context: &TenantContext, invoice: Invoice) -> Result<Created<InvoiceView>> {
    let place = context.path(&format!("invoices/{}", InvoiceId::from(invoice.document.id)));
    let etag = etag(context, &invoice)?;
    Ok(Created::at(place, view(context, invoice)?).etag(etag))
}

/// List invoices, newest first.
///
/// Members see those they made; owners and admins see all.
#[utoipa::path(tag = "invoices", operation_id = "invoices_list", params(InvoiceQuery),
    responses((status = 200, body = PageView<InvoiceSummary>)))]
#[get("/api/v1/agencies/{agency_slug}/invoices")]
async fn list(
    context: Authorized<perm::InvoiceViewOwn>,
    query: ValidQuery<InvoiceQuery>,
) -> Result<Listed<InvoiceSummary>> {
    let InvoiceQuery { status, client_id, contract_id, search, limit, cursor, include } =
        query.into_inner();
    let page = PageRequest::parse(limit, cursor.as_deref(), include.as_deref())?;
    let narrow = Narrow { status, client_id, source_id: contract_id.map(Into::into), search };
    let page = service::page(&context, &narrow, &page).await?;
    Ok(page.try_map(|document| InvoiceSummary::new(document, context.now()))?.into())
}

/// Make an invoice from lines.
///
/// It is a draft until it is sent, and added up by the server.
#[utoipa::path(tag = "invoices", operation_id = "invoices_create", request_body = NewInvoice,
    responses((status = 201, body = InvoiceView)))]
#[post("/api/v1/agencies/{agency_slug}/invoices")]
async fn create(
    context: Authorized<perm::InvoiceCreate>,
    body: ValidJson<NewInvoice>,
) -> Result<Created<InvoiceView>> {
    let invoice = making::create(&context, body.into_inner()).await?;
    created(&context, invoice)
}

/// Make an invoice from a signed contract.
///
/// Its total is the one that was signed: the price without tax becomes the line, and the tax is
/// the contract's own.
#[utoipa::path(tag = "invoices", operation_id = "invoices_create_from_contract", request_body = FromContract,
    responses((status = 201, body = InvoiceView)))]
#[post("/api/v1/agencies/{agency_slug}/invoices/from-contract")]
async fn create_from_contract(
    context: Authorized<perm::InvoiceCreate>,
    body: ValidJson<FromContract>,
) -> Result<Created<InvoiceView>> {
    let invoice = making::from_contract(&context, body.into_inner()).await?;
    created(&context, invoice)
}

/// Read an invoice.
#[utoipa::path(tag = "invoices", operation_id = "invoices_read", params(("invoice_id" = InvoiceId, Path)),
    responses((status = 200, body = InvoiceView)))]
#[get("/api/v1/agencies/{agency_slug}/invoices/{invoice_id}")]
async fn read(
    context: Authorized<perm::InvoiceViewOwn>,
    path: Path<InvoicePath>,
) -> Result<Read<InvoiceView>> {
    let invoice = service::read(&context, path.invoice_id).await?;
    Ok(Read::new(etag(&context, &invoice)?, view(&context, invoice)?))
}

/// Change an invoice that has not been sent.
///
/// What is issued is frozen: it is corrected by a credit note, never by a change.
#[utoipa::path(tag = "invoices", operation_id = "invoices_update", params(("invoice_id" = InvoiceId, Path)),
    request_body = InvoicePatch, responses((status = 200, body = InvoiceView)))]
#[patch("/api/v1/agencies/{agency_slug}/invoices/{invoice_id}")]
async fn change(
    context: Authorized<perm::InvoiceEditOwn>,
    path: Path<InvoicePath>,
    if_match: IfMatch,
    body: ValidJson<InvoicePatch>,
) -> Result<Read<InvoiceView>> {
    let invoice = service::change(&context, path.invoice_id, &if_match, body.into_inner()).await?;
    Ok(Read::new(etag(&context, &invoice)?, view(&context, invoice)?))
}

/// Throw a draft away.
#[utoipa::path(tag = "invoices", operation_id = "invoices_delete", params(("invoice_id" = InvoiceId, Path)),
    responses((status = 204)))]
#[delete("/api/v1/agencies/{agency_slug}/invoices/{invoice_id}")]
async fn remove(
    context: Authorized<perm::InvoiceDeleteOwn>,
    path: Path<InvoicePath>,
    if_match: IfMatch,
) -> Result<NoContent> {
    service::delete(&context, path.invoice_id, &if_match).await?;
    Ok(NoContent)
}

/// Send an invoice to the client.
///
/// Draws its number, without gaps, freezes its content and stores the content's hash, opens the
/// public link and queues the mail. While it is open: sends the mail again. The mail takes a plan
/// with `email_delivery`; without it send with `deliver: false` and share the link by hand.
#[utoipa::path(tag = "invoices", operation_id = "invoices_send", params(("invoice_id" = InvoiceId, Path)),
    request_body(content = Option<SendInvoice>), responses((status = 200, body = InvoiceView)))]
#[post("/api/v1/agencies/{agency_slug}/invoices/{invoice_id}/send")]
async fn send(
    context: Authorized<perm::InvoiceSend>,
    path: Path<InvoicePath>,
    if_match: IfMatch,
    body: OptionalJson<SendInvoice>,
) -> Result<Read<InvoiceView>> {
    let invoice = sending::send(&context, path.invoice_id, &if_match, body.into_inner()).await?;
    Ok(Read::new(etag(&context, &invoice)?, view(&context, invoice)?))
}

/// Download an invoice as PDF.
#[utoipa::path(tag = "invoices", operation_id = "invoices_pdf", params(("invoice_id" = InvoiceId, Path)),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)))]
#[get("/api/v1/agencies/{agency_slug}/invoices/{invoice_id}/pdf")]
async fn pdf(
    context: Authorized<perm::InvoiceViewOwn>,
    path: Path<InvoicePath>,
) -> Result<HttpResponse> {
    let invoice = service::read(&context, path.invoice_id).await?;
    let (name, bytes) = print::pdf(&context, |branding| {
        let content = content::of(&invoice, branding)?;
        let bank = service::bank_facts(&context, &branding.profile, &invoice)?;
        print::invoice(&context, &invoice, &content, branding, &bank)
    })
    .await?;
    Ok(respond::pdf(&name, bytes))
}
