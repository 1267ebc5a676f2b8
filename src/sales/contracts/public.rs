//! What the client sees and does through the public link.

use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, NaiveDate, Utc};
use comms::branding::Branding;
use entity::document::DocumentKind;
use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::http::limits::LimitClass;
use kernel::http::operation::{Operation, Priority};
use kernel::http::{Link, ValidJson, respond};
use kernel::tenancy::{Feature, RowFilter};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::content::{self, ContractContent};
use super::model::Contract;
use super::service;
use super::sign::{CONSENT, SignContract, sign as sign_it};
use super::status::{ContractEvent, ContractStatus};
use crate::documents::{Lifecycle, repo, views};
use crate::print;
use crate::print::public::{AgencyPublic, PartyPublic, agency};

/// The operations of this module.
pub const OPERATIONS: &[Operation] = &[
    Operation::link(
        "GET",
        "/public/v1/contracts/{token}",
        DocumentKind::Contract,
        LimitClass::PublicRead,
    ),
    Operation::link(
        "POST",
        "/public/v1/contracts/{token}/sign",
        DocumentKind::Contract,
        LimitClass::PublicWrite,
    )
    .priority(Priority::Sign),
    Operation::link(
        "GET",
        "/public/v1/contracts/{token}/pdf",
        DocumentKind::Contract,
        LimitClass::PublicPdf,
    )
    .feature(Feature::PdfExport),
];

/// Adds the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(read).service(sign).service(pdf);
}

/// A contract as its recipient sees it: these members and no others.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "number": "CON-2026-0001", "title": "Website redesign", "status": "viewed", "version": 1,
    "content_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "issued_on": "2026-11-21", "valid_until": "2026-12-21",
    "agency": {"name": "Harbour Studio", "legal_name": "Harbour Studio Pty Ltd", "business_number": "",
               "email": "hello@harbour.example", "phone": "", "website": "", "address": "",
               "primary_color": "#4F46E5", "secondary_color": "#1E40AF", "accent_color": "#F59E0B",
               "accent_gradient": "", "logo_url": null, "show_powered_by": true},
    "client": {"name": "Riverbend Plumbing", "contact_name": "Ada", "email": "ada@riverbend.example"},
    "currency": "AUD", "subtotal": 405000, "tax": 40500, "total": 445500, "tax_label": "GST",
    "services_description": "Studio package", "payment_terms": "Due on signing.", "terms": "1. …",
    "special_conditions": "", "commencement_date": null, "completion_date": null,
    "agency_signatory_name": "Grace Hopper", "agency_signatory_title": "Director",
    "agency_signed_at": "2026-11-21T02:00:00Z", "client_signatory_name": null,
    "client_signatory_title": null, "client_signed_at": null, "require_client_title": false,
    "consent_text": "I have read this contract and agree to it. …", "allowed_actions": ["sign"]
}))]
pub struct PublicContract {
    /// The drawn number.
    pub number: Option<String>,
    /// Its title.
    pub title: String,
    /// The state, adjusted for the time.
    pub status: ContractStatus,
    /// Which content this is; a signature must name it.
    pub version: i32,
    /// SHA-256 of the canonical content, hexadecimal.
    pub content_hash: Option<String>,
    /// The day it was issued.
    pub issued_on: Option<NaiveDate>,
    /// The last day it can be signed.
    pub valid_until: Option<NaiveDate>,
    /// Who sends it.
    pub agency: AgencyPublic,
    /// For whom.
    pub client: PartyPublic,
    /// ISO 4217.
    pub currency: String,
    /// Minor units, without tax.
    pub subtotal: i64,
    /// Minor units.
    pub tax: i64,
    /// Minor units, with tax.
    pub total: i64,
    /// `GST`, `VAT`.
    pub tax_label: String,
    /// Plain text.
    pub services_description: String,
    /// Plain text.
    pub payment_terms: String,
    /// Plain text.
    pub terms: String,
    /// Plain text.
    pub special_conditions: String,
    /// First day.
    pub commencement_date: Option<NaiveDate>,
    /// Last day.
    pub completion_date: Option<NaiveDate>,
    /// Who signed for the agency.
    pub agency_signatory_name: String,
    /// In which position.
    pub agency_signatory_title: String,
    /// When.
    pub agency_signed_at: Option<DateTime<Utc>>,
    /// Who signed for the client.
    pub client_signatory_name: Option<String>,
    /// In which position.
    pub client_signatory_title: Option<String>,
    /// When.
    pub client_signed_at: Option<DateTime<Utc>>,
    /// Whether who signs must give a position.
    pub require_client_title: bool,
    /// The words agreed to by signing.
    pub consent_text: String,
    /// What can be done now.
    pub allowed_actions: Vec<&'static str>,
}

/// A contract found through its link, with what it says.
pub struct Opened {
    /// The contract.
    pub contract: Contract,
    /// What it says.
    pub content: ContractContent,
    /// The agency's look.
    pub branding: Branding,
}

/// Opens a contract for whoever holds its link, without counting a view.
///
/// # Errors
/// [`Error::NotFound`] while it is a draft (DEC-04), and when it was deleted.
pub async fn open(context: &TenantContext, id: entity::DocumentId) -> Result<Opened> {
    let db = context.db();
    let document = repo::require(&db, DocumentKind::Contract, id, RowFilter::All).await?;
    if ContractStatus::effective(&document, context.now())? == ContractStatus::Draft {
        return Err(Error::NotFound);
    }
    let contract = service::complete(&db, document).await?;
    let branding = Branding::load(context).await?;
    let content = content::of(&contract, &branding)?;
    Ok(Opened { contract, content, branding })
}

/// Counts a view of an opened contract.
pub async fn count_view(context: &TenantContext, opened: &Opened) {
    let document = &opened.contract.document;
    views::count::<ContractStatus>(context, document, ContractEvent::View, "contract.viewed").await;
}

/// Whether it can be signed now.
///
/// # Errors
/// [`Error::Internal`] for a row of an unknown state.
pub fn can_sign(context: &TenantContext, contract: &Contract) -> Result<bool> {
    let status = ContractStatus::effective(&contract.document, context.now())?;
    Ok(status.after(ContractEvent::Sign).is_some())
}

fn view(context: &TenantContext, opened: Opened) -> Result<PublicContract> {
    let Opened { contract, content, branding } = opened;
    let can_sign = can_sign(context, &contract)?;
    let ContractContent { number, title, revision, issued_on, valid_until, client, body, .. } =
        content;
    let own = contract.own;
    Ok(PublicContract {
        number,
        title,
        status: ContractStatus::effective(&contract.document, context.now())?,
        version: revision,
        content_hash: contract.document.content_hash,
        issued_on,
        valid_until,
        agency: agency(&branding),
        client: client.into(),
        currency: content.currency,
        subtotal: content.subtotal,
        tax: content.tax,
        total: content.total,
        tax_label: content.tax_rules.label,
        services_description: body.services_description,
        payment_terms: body.payment_terms,
        terms: body.terms,
        special_conditions: body.special_conditions,
        commencement_date: body.commencement_date,
        completion_date: body.completion_date,
        agency_signatory_name: body.agency_signatory_name,
        agency_signatory_title: body.agency_signatory_title,
        agency_signed_at: own.agency_signed_at,
        client_signatory_name: own.client_signatory_name,
        client_signatory_title: own.client_signatory_title,
        client_signed_at: own.client_signed_at,
        require_client_title: body.require_client_title,
        consent_text: own.consent_text.unwrap_or_else(|| CONSENT.to_owned()),
        allowed_actions: if can_sign { vec!["sign"] } else { Vec::new() },
    })
}

async fn reopened(context: &TenantContext, id: entity::DocumentId) -> Result<HttpResponse> {
    Ok(HttpResponse::Ok().json(view(context, open(context, id).await?)?))
}

/// Read a contract through its public link.
///
/// Counts a view: once for each visitor in half an hour, and not for robots.
#[utoipa::path(tag = "public", operation_id = "public_contracts_read", params(("token" = String, Path)),
    responses((status = 200, body = PublicContract)))]
#[get("/public/v1/contracts/{token}")]
async fn read(context: Link) -> Result<HttpResponse> {
    let opened = open(&context, context.document_id).await?;
    count_view(&context, &opened).await;
    reopened(&context, context.document_id).await
}

/// Sign a contract.
///
/// Stores name, position, time, address, program, the consent text and the hash of the exact
/// content that was signed.
#[utoipa::path(tag = "public", operation_id = "public_contracts_sign", params(("token" = String, Path)),
    request_body = SignContract, responses((status = 200, body = PublicContract)))]
#[post("/public/v1/contracts/{token}/sign")]
async fn sign(context: Link, body: ValidJson<SignContract>) -> Result<HttpResponse> {
    sign_it(&context, context.document_id, body.into_inner()).await?;
    reopened(&context, context.document_id).await
}

/// Download a contract as PDF through its public link.
#[utoipa::path(tag = "public", operation_id = "public_contracts_pdf", params(("token" = String, Path)),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)))]
#[get("/public/v1/contracts/{token}/pdf")]
async fn pdf(context: Link) -> Result<HttpResponse> {
    download(&context, context.document_id).await
}

/// The PDF of a contract found through its link.
///
/// # Errors
/// As [`open`], and those of the PDF engine.
pub async fn download(context: &TenantContext, id: entity::DocumentId) -> Result<HttpResponse> {
    let Opened { contract, content, .. } = open(context, id).await?;
    let (name, bytes) =
        print::pdf(context, |branding| print::contract(context, &contract, &content, branding))
            .await?;
    Ok(respond::pdf(&name, bytes))
}
