//! What the client sees and does through the public link.

use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, NaiveDate, Utc};
use comms::branding::Branding;
use entity::document::{self, DocumentKind};
use kernel::TenantContext;
use kernel::error::Result;
use kernel::http::limits::LimitClass;
use kernel::http::operation::{Operation, Priority};
use kernel::http::{Link, OptionalJson, ValidJson, respond};
use kernel::tenancy::{Feature, RowFilter};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::content::{self, ProposalContent};
use super::model::{NextStep, Proposal, TimelineStep};
use super::respond::{AcceptProposal, DeclineProposal, RequestRevision};
use super::status::{ProposalEvent, ProposalStatus};
use super::{respond as answers, service};
use crate::documents::{Lifecycle, repo, views};
use crate::pricing::Price;
use crate::print;
use crate::print::public::{AgencyPublic, PartyPublic, agency};

/// The operations of this module.
pub const OPERATIONS: &[Operation] = &[
    Operation::link(
        "GET",
        "/public/v1/proposals/{token}",
        DocumentKind::Proposal,
        LimitClass::PublicRead,
    )
    .feature(Feature::BasicProposals),
    Operation::link(
        "POST",
        "/public/v1/proposals/{token}/accept",
        DocumentKind::Proposal,
        LimitClass::PublicWrite,
    )
    .priority(Priority::Sign)
    .feature(Feature::BasicProposals),
    Operation::link(
        "POST",
        "/public/v1/proposals/{token}/decline",
        DocumentKind::Proposal,
        LimitClass::PublicWrite,
    )
    .priority(Priority::Sign)
    .feature(Feature::BasicProposals),
    Operation::link(
        "POST",
        "/public/v1/proposals/{token}/request-revision",
        DocumentKind::Proposal,
        LimitClass::PublicWrite,
    )
    .priority(Priority::Sign)
    .feature(Feature::BasicProposals),
    Operation::link(
        "GET",
        "/public/v1/proposals/{token}/pdf",
        DocumentKind::Proposal,
        LimitClass::PublicPdf,
    )
    .feature(Feature::PdfExport),
];

/// Adds the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(read).service(accept).service(decline).service(request_revision).service(pdf);
}

/// A proposal as its recipient sees it: these members and no others.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "number": "PROP-2026-0001", "title": "Website redesign", "status": "viewed", "revision": 1,
    "issued_on": "2026-11-21", "valid_until": "2026-12-21", "responded_at": null,
    "agency": {"name": "Harbour Studio", "legal_name": "Harbour Studio Pty Ltd", "business_number": "",
               "email": "hello@harbour.example", "phone": "", "website": "", "address": "",
               "primary_color": "#4F46E5", "secondary_color": "#1E40AF", "accent_color": "#F59E0B",
               "accent_gradient": "", "logo_url": null, "show_powered_by": true},
    "client": {"name": "Riverbend Plumbing", "contact_name": "Ada", "email": "ada@riverbend.example"},
    "executive_summary": "", "opportunity_content": "", "closing_content": "", "timeline": [], "next_steps": [],
    "price": {
        "currency": "AUD", "pricing_model": "lump_sum", "lines": [],
        "upfront": {"subtotal": 0, "discount": 0, "net": 0, "tax": 0, "total": 0},
        "monthly": {"net": 0, "tax": 0, "total": 0}, "discount_bps": 0, "discount_note": "",
        "tax": {"registered": true, "label": "GST", "rate_bps": 1000}, "minimum_term_months": 0,
        "minimum_contract_value": 0, "cancellation": {"kind": "none", "amount": 0}
    },
    "allowed_actions": ["accept", "decline", "request_revision"], "contract_token": null
}))]
pub struct PublicProposal {
    /// The drawn number.
    pub number: Option<String>,
    /// Its title.
    pub title: String,
    /// The state, adjusted for the time.
    pub status: ProposalStatus,
    /// Which content this is.
    pub revision: i32,
    /// The day it was issued.
    pub issued_on: Option<NaiveDate>,
    /// The last day it can be accepted.
    pub valid_until: Option<NaiveDate>,
    /// When it was answered.
    pub responded_at: Option<DateTime<Utc>>,
    /// Who sends it.
    pub agency: AgencyPublic,
    /// For whom.
    pub client: PartyPublic,
    /// Plain text.
    pub executive_summary: String,
    /// Plain text.
    pub opportunity_content: String,
    /// Plain text.
    pub closing_content: String,
    /// In order.
    pub timeline: Vec<TimelineStep>,
    /// In order.
    pub next_steps: Vec<NextStep>,
    /// The price.
    pub price: Price,
    /// What can be done now.
    pub allowed_actions: Vec<&'static str>,
    /// The public token of the contract that followed, once that is sent.
    pub contract_token: Option<String>,
}

/// A proposal found through its link, with what it says.
pub struct Opened {
    /// The proposal.
    pub proposal: Proposal,
    /// What it says.
    pub content: ProposalContent,
    /// The agency's look.
    pub branding: Branding,
    /// The public token of its contract, once that is sent.
    pub contract_token: Option<String>,
}

/// Opens a proposal for whoever holds its link, without counting a view.
///
/// # Errors
/// [`kernel::Error::NotFound`] when it was deleted; those of the database.
pub async fn open(context: &TenantContext, id: entity::DocumentId) -> Result<Opened> {
    let db = context.db();
    let document = repo::require(&db, DocumentKind::Proposal, id, RowFilter::All).await?;
    let proposal = service::complete(&db, document).await?;
    let branding = Branding::load(context).await?;
    let content = content::of(&proposal, &branding)?;
    let contract_token = match proposal.contract_id {
        Some(id) => db.find::<document::Entity>(id).await?.and_then(|row| row.public_token),
        None => None,
    };
    Ok(Opened { proposal, content, branding, contract_token })
}

/// Counts a view of an opened proposal.
pub async fn count_view(context: &TenantContext, opened: &Opened) {
    let document = &opened.proposal.document;
    views::count::<ProposalStatus>(context, document, ProposalEvent::View, "proposal.viewed").await;
}

/// What the client can do now.
///
/// # Errors
/// [`kernel::Error::Internal`] for a row of an unknown state.
pub fn allowed_actions(context: &TenantContext, proposal: &Proposal) -> Result<Vec<&'static str>> {
    let status = ProposalStatus::effective(&proposal.document, context.now())?;
    let actions = [
        ("accept", ProposalEvent::Accept),
        ("decline", ProposalEvent::Decline),
        ("request_revision", ProposalEvent::RequestRevision),
    ];
    let allowed = actions.into_iter().filter(|(_, event)| status.after(*event).is_some());
    Ok(allowed.map(|(name, _)| name).collect())
}

fn view(context: &TenantContext, opened: Opened) -> Result<PublicProposal> {
    let Opened { proposal, content, branding, contract_token } = opened;
    let allowed_actions = allowed_actions(context, &proposal)?;
    let status = ProposalStatus::effective(&proposal.document, context.now())?;
    let ProposalContent { number, title, revision, issued_on, valid_until, client, body, .. } =
        content;
    Ok(PublicProposal {
        number,
        title,
        status,
        revision,
        issued_on,
        valid_until,
        responded_at: proposal.document.responded_at,
        agency: agency(&branding),
        client: client.into(),
        executive_summary: body.executive_summary,
        opportunity_content: body.opportunity_content,
        closing_content: body.closing_content,
        timeline: body.timeline,
        next_steps: body.next_steps,
        price: body.price,
        allowed_actions,
        contract_token,
    })
}

async fn reopened(context: &TenantContext, id: entity::DocumentId) -> Result<HttpResponse> {
    Ok(HttpResponse::Ok().json(view(context, open(context, id).await?)?))
}

/// Read a proposal through its public link.
///
/// Counts a view: once for each visitor in half an hour, and not for robots.
#[utoipa::path(tag = "public", operation_id = "public_proposals_read", params(("token" = String, Path)),
    responses((status = 200, body = PublicProposal)))]
#[get("/public/v1/proposals/{token}")]
async fn read(context: Link) -> Result<HttpResponse> {
    let opened = open(&context, context.document_id).await?;
    count_view(&context, &opened).await;
    reopened(&context, context.document_id).await
}

/// Accept a proposal.
///
/// Makes the draft contract in the same unit of work.
#[utoipa::path(tag = "public", operation_id = "public_proposals_accept", params(("token" = String, Path)),
    request_body(content = Option<AcceptProposal>), responses((status = 200, body = PublicProposal)))]
#[post("/public/v1/proposals/{token}/accept")]
async fn accept(context: Link, body: OptionalJson<AcceptProposal>) -> Result<HttpResponse> {
    answers::accept(&context, context.document_id, body.into_inner()).await?;
    reopened(&context, context.document_id).await
}

/// Decline a proposal.
#[utoipa::path(tag = "public", operation_id = "public_proposals_decline", params(("token" = String, Path)),
    request_body(content = Option<DeclineProposal>), responses((status = 200, body = PublicProposal)))]
#[post("/public/v1/proposals/{token}/decline")]
async fn decline(context: Link, body: OptionalJson<DeclineProposal>) -> Result<HttpResponse> {
    answers::decline(&context, context.document_id, body.into_inner()).await?;
    reopened(&context, context.document_id).await
}

/// Ask for changes to a proposal.
#[utoipa::path(tag = "public", operation_id = "public_proposals_request_revision", params(("token" = String, Path)),
    request_body = RequestRevision, responses((status = 200, body = PublicProposal)))]
#[post("/public/v1/proposals/{token}/request-revision")]
async fn request_revision(context: Link, body: ValidJson<RequestRevision>) -> Result<HttpResponse> {
    answers::request_revision(&context, context.document_id, body.into_inner()).await?;
    reopened(&context, context.document_id).await
}

/// Download a proposal as PDF through its public link.
#[utoipa::path(tag = "public", operation_id = "public_proposals_pdf", params(("token" = String, Path)),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)))]
#[get("/public/v1/proposals/{token}/pdf")]
async fn pdf(context: Link) -> Result<HttpResponse> {
    download(&context, context.document_id).await
}

/// The PDF of a proposal found through its link.
///
/// # Errors
/// As [`open`], and those of the PDF engine.
pub async fn download(context: &TenantContext, id: entity::DocumentId) -> Result<HttpResponse> {
    let Opened { proposal, content, .. } = open(context, id).await?;
    let (name, bytes) =
        print::pdf(context, |branding| print::proposal(context, &proposal, &content, branding))
            .await?;
    Ok(respond::pdf(&name, bytes))
}
