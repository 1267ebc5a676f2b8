//! The operations on proposals for members of the agency.

use actix_web::web::Path;
use actix_web::{HttpResponse, delete, get, patch, post};
use entity::ProposalId;
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
    NewProposal, Proposal, ProposalPatch, ProposalQuery, ProposalSummary, ProposalView,
    SendProposal,
};
use super::{content, send as sending, service};
use crate::documents;
use crate::documents::list::Narrow;
use crate::documents::view::public_url;
use crate::print;
use crate::proposals::status::ProposalStatus;

/// The operations of this module.
pub const OPERATIONS: &[Operation] = &[
    Operation::member(
        "GET",
        "/api/v1/agencies/{agency_slug}/proposals",
        Permission::ProposalViewOwn,
    )
    .feature(Feature::BasicProposals),
    Operation::member(
        "POST",
        "/api/v1/agencies/{agency_slug}/proposals",
        Permission::ProposalCreate,
    )
    .feature(Feature::BasicProposals),
    Operation::member(
        "GET",
        "/api/v1/agencies/{agency_slug}/proposals/{proposal_id}",
        Permission::ProposalViewOwn,
    )
    .feature(Feature::BasicProposals),
    Operation::member(
        "PATCH",
        "/api/v1/agencies/{agency_slug}/proposals/{proposal_id}",
        Permission::ProposalEditOwn,
    )
    .requires_if_match()
    .feature(Feature::BasicProposals),
    Operation::member(
        "DELETE",
        "/api/v1/agencies/{agency_slug}/proposals/{proposal_id}",
        Permission::ProposalDeleteOwn,
    )
    .requires_if_match()
    .feature(Feature::BasicProposals),
    Operation::member(
        "POST",
        "/api/v1/agencies/{agency_slug}/proposals/{proposal_id}/send",
        Permission::ProposalSend,
    )
    .class(LimitClass::EmailSending)
    .honours_if_match()
    .feature(Feature::BasicProposals),
    Operation::member(
        "GET",
        "/api/v1/agencies/{agency_slug}/proposals/{proposal_id}/pdf",
        Permission::ProposalViewOwn,
    )
    .class(LimitClass::Pdf)
    .feature(Feature::PdfExport),
];

/// Adds the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list)
        .service(create)
        .service(read)
        .service(change)
        .service(remove)
        .service(send)
        .service(pdf);
}

/// The path of one proposal.
#[derive(Deserialize)]
struct ProposalPath {
    proposal_id: ProposalId,
}

fn view(context: &TenantContext, proposal: Proposal) -> Result<ProposalView> {
    proposal.view(context.now(), public_url::<ProposalStatus>(context))
}

/// The tag of one with its version.
fn etag(context: &TenantContext, proposal: &Proposal) -> Result<ETag> {
    documents::view::etag::<ProposalStatus>(context, &proposal.document)
}

/// List proposals, newest first.
///
/// Members see those they made; owners and admins see all.
#[utoipa::path(tag = "proposals", operation_id = "proposals_list", params(ProposalQuery),
    responses((status = 200, body = PageView<ProposalSummary>)))]
#[get("/api/v1/agencies/{agency_slug}/proposals")]
async fn list(
    context: Authorized<perm::ProposalViewOwn>,
    query: ValidQuery<ProposalQuery>,
) -> Result<Listed<ProposalSummary>> {
    let ProposalQuery { status, client_id, search, limit, cursor, include } = query.into_inner();
    let page = PageRequest::parse(limit, cursor.as_deref(), include.as_deref())?;
    let narrow = Narrow { status, client_id, source_id: None, search };
    let page = service::page(&context, &narrow, &page).await?;
    Ok(page.try_map(|document| ProposalSummary::new(document, context.now()))?.into())
}

/// Make a proposal for a client.
///
/// It is a draft until it is sent, and priced by the server.
#[utoipa::path(tag = "proposals", operation_id = "proposals_create", request_body = NewProposal,
    responses((status = 201, body = ProposalView)))]
#[post("/api/v1/agencies/{agency_slug}/proposals")]
async fn create(
    context: Authorized<perm::ProposalCreate>,
    body: ValidJson<NewProposal>,
) -> Result<Created<ProposalView>> {
    let proposal = service::create(&context, body.into_inner()).await?;
    let place = context.path(&format!("proposals/{}", ProposalId::from(proposal.document.id)));
    let etag = etag(&context, &proposal)?;
    Ok(Created::at(place, view(&context, proposal)?).etag(etag))
}

/// Read a proposal.
#[utoipa::path(tag = "proposals", operation_id = "proposals_read", params(("proposal_id" = ProposalId, Path)),
    responses((status = 200, body = ProposalView)))]
#[get("/api/v1/agencies/{agency_slug}/proposals/{proposal_id}")]
async fn read(
    context: Authorized<perm::ProposalViewOwn>,
    path: Path<ProposalPath>,
) -> Result<Read<ProposalView>> {
    let proposal = service::read(&context, path.proposal_id).await?;
    Ok(Read::new(etag(&context, &proposal)?, view(&context, proposal)?))
}

/// Change a proposal that is not with the client.
///
/// Possible while it is draft, ready, or the client asked for changes. It is priced anew.
#[utoipa::path(tag = "proposals", operation_id = "proposals_update", params(("proposal_id" = ProposalId, Path)),
    request_body = ProposalPatch, responses((status = 200, body = ProposalView)))]
#[patch("/api/v1/agencies/{agency_slug}/proposals/{proposal_id}")]
async fn change(
    context: Authorized<perm::ProposalEditOwn>,
    path: Path<ProposalPath>,
    if_match: IfMatch,
    body: ValidJson<ProposalPatch>,
) -> Result<Read<ProposalView>> {
    let proposal =
        service::change(&context, path.proposal_id, &if_match, body.into_inner()).await?;
    Ok(Read::new(etag(&context, &proposal)?, view(&context, proposal)?))
}

/// Take a proposal away.
///
/// It is hidden everywhere and its link stops working. Not once it is accepted.
#[utoipa::path(tag = "proposals", operation_id = "proposals_delete", params(("proposal_id" = ProposalId, Path)),
    responses((status = 204)))]
#[delete("/api/v1/agencies/{agency_slug}/proposals/{proposal_id}")]
async fn remove(
    context: Authorized<perm::ProposalDeleteOwn>,
    path: Path<ProposalPath>,
    if_match: IfMatch,
) -> Result<NoContent> {
    service::delete(&context, path.proposal_id, &if_match).await?;
    Ok(NoContent)
}

/// Send a proposal to the client.
///
/// Draws its number, freezes its content and stores the content's hash, opens the public link and
/// queues the mail. While it is with the client: sends the mail again. The mail takes a plan with
/// `email_delivery`; without it send with `deliver: false` and share the link by hand.
#[utoipa::path(tag = "proposals", operation_id = "proposals_send", params(("proposal_id" = ProposalId, Path)),
    request_body(content = Option<SendProposal>), responses((status = 200, body = ProposalView)))]
#[post("/api/v1/agencies/{agency_slug}/proposals/{proposal_id}/send")]
async fn send(
    context: Authorized<perm::ProposalSend>,
    path: Path<ProposalPath>,
    if_match: IfMatch,
    body: OptionalJson<SendProposal>,
) -> Result<Read<ProposalView>> {
    let proposal = sending::send(&context, path.proposal_id, &if_match, body.into_inner()).await?;
    Ok(Read::new(etag(&context, &proposal)?, view(&context, proposal)?))
}

/// Download a proposal as PDF.
#[utoipa::path(tag = "proposals", operation_id = "proposals_pdf", params(("proposal_id" = ProposalId, Path)),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)))]
#[get("/api/v1/agencies/{agency_slug}/proposals/{proposal_id}/pdf")]
async fn pdf(
    context: Authorized<perm::ProposalViewOwn>,
    path: Path<ProposalPath>,
) -> Result<HttpResponse> {
    let proposal = service::read(&context, path.proposal_id).await?;
    let (name, bytes) = print::pdf(&context, |branding| {
        let content = content::of(&proposal, branding)?;
        print::proposal(&context, &proposal, &content, branding)
    })
    .await?;
    Ok(respond::pdf(&name, bytes))
}
