//! The operations on payments.

use actix_web::web::Path;
use actix_web::{get, post};
use entity::InvoiceId;
use garde::Validate;
use kernel::error::Result;
use kernel::http::operation::{Operation, Priority};
use kernel::http::{Authorized, Created, IfMatch, Listed, PageView, ValidJson, ValidQuery};
use kernel::store::PageRequest;
use kernel::{Permission, perm};
use sales::documents::Lifecycle;
use sales::invoices::status::InvoiceStatus;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::{NewPayment, PaymentView};
use super::service;

/// The operations of this module.
pub const OPERATIONS: &[Operation] = &[
    Operation::member(
        "GET",
        "/api/v1/agencies/{agency_slug}/invoices/{invoice_id}/payments",
        Permission::InvoiceViewOwn,
    ),
    Operation::member(
        "POST",
        "/api/v1/agencies/{agency_slug}/invoices/{invoice_id}/payments",
        Permission::InvoiceRecordPayment,
    )
    .priority(Priority::Money)
    .honours_if_match(),
];

/// Adds the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list).service(record);
}

/// The path of one invoice.
#[derive(Deserialize)]
struct InvoicePath {
    invoice_id: InvoiceId,
}

/// Which page.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PaymentQuery {
    /// Entries of a page, 1–100; 50 by default.
    #[garde(skip)]
    limit: Option<u64>,
    /// Where the previous page ended.
    #[garde(skip)]
    cursor: Option<String>,
    /// `total` counts all entries too.
    #[garde(skip)]
    include: Option<String>,
}

/// List the payments of an invoice, newest first.
#[utoipa::path(tag = "payments", operation_id = "payments_list",
    params(("invoice_id" = InvoiceId, Path), PaymentQuery),
    responses((status = 200, body = PageView<PaymentView>)))]
#[get("/api/v1/agencies/{agency_slug}/invoices/{invoice_id}/payments")]
async fn list(
    context: Authorized<perm::InvoiceViewOwn>,
    path: Path<InvoicePath>,
    query: ValidQuery<PaymentQuery>,
) -> Result<Listed<PaymentView>> {
    let PaymentQuery { limit, cursor, include } = query.into_inner();
    let page = PageRequest::parse(limit, cursor.as_deref(), include.as_deref())?;
    let page = service::page(&context, path.invoice_id, &page).await?;
    Ok(page.map(PaymentView::from).into())
}

/// Record the payment of an invoice.
///
/// Marks the invoice as paid, and tells the client and the agency by mail. An invoice is paid
/// once: of two people who record it at the same time, one gets 409.
#[utoipa::path(tag = "payments", operation_id = "payments_record",
    params(("invoice_id" = InvoiceId, Path)), request_body = NewPayment,
    responses((status = 201, body = PaymentView)))]
#[post("/api/v1/agencies/{agency_slug}/invoices/{invoice_id}/payments")]
async fn record(
    context: Authorized<perm::InvoiceRecordPayment>,
    path: Path<InvoicePath>,
    if_match: IfMatch,
    body: ValidJson<NewPayment>,
) -> Result<Created<PaymentView>> {
    let (payment, invoice) =
        service::record(&context, path.invoice_id, &if_match, body.into_inner()).await?;
    let status = InvoiceStatus::effective(&invoice.document, context.now())?;
    let place = context.path(&format!("invoices/{}/payments", path.invoice_id));
    Ok(Created::at(place, PaymentView { invoice_status: Some(status), ..payment.into() }))
}
