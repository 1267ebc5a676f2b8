//! The operations on contracts for members of the agency.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, patch, post};
use entity::ContractId;
use kernel::error::Result;
use kernel::http::limits::LimitClass;
use kernel::http::operation::Operation;
use kernel::http::{
    Authorized, Created, ETag, IfMatch, Listed, OptionalJson, PageView, Read, ValidJson,
    ValidQuery, respond,
};
use kernel::store::PageRequest;
use kernel::tenancy::Feature;
use kernel::{Permission, TenantContext, perm};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::{
    Contract, ContractPatch, ContractQuery, ContractSummary, ContractView, NewContract,
    SendContract,
};
use super::{content, send as sending, service};
use crate::contracts::status::ContractStatus;
use crate::documents;
use crate::documents::list::Narrow;
use crate::documents::view::public_url;
use crate::print;

/// The operations of this module.
pub const OPERATIONS: &[Operation] = &[
    Operation::member(
        "GET",
        "/api/v1/agencies/{agency_slug}/contracts",
        Permission::ContractViewOwn,
    ),
    Operation::member(
        "POST",
        "/api/v1/agencies/{agency_slug}/contracts",
        Permission::ContractCreate,
    ),
    Operation::member(
        "GET",
        "/api/v1/agencies/{agency_slug}/contracts/{contract_id}",
        Permission::ContractViewOwn,
    ),
    Operation::member(
        "PATCH",
        "/api/v1/agencies/{agency_slug}/contracts/{contract_id}",
        Permission::ContractEditOwn,
    )
    .requires_if_match(),
    Operation::member(
        "POST",
        "/api/v1/agencies/{agency_slug}/contracts/{contract_id}/send",
        Permission::ContractSend,
    )
    .class(LimitClass::EmailSending)
    .honours_if_match(),
    Operation::member(
        "GET",
        "/api/v1/agencies/{agency_slug}/contracts/{contract_id}/pdf",
        Permission::ContractViewOwn,
    )
    .class(LimitClass::Pdf)
    .feature(Feature::PdfExport),
];

/// Adds the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list).service(create).service(read).service(change).service(send).service(pdf);
}

/// The path of one contract.
#[derive(Deserialize)]
struct ContractPath {
    contract_id: ContractId,
}

fn view(context: &TenantContext, contract: Contract) -> Result<ContractView> {
    contract.view(context.now(), public_url::<ContractStatus>(context))
}

/// The tag of one with its version.
fn etag(context: &TenantContext, contract: &Contract) -> Result<ETag> {
    documents::view::etag::<ContractStatus>(context, &contract.document)
}

/// List contracts, newest first.
///
/// Members see those they made; owners and admins see all.
#[utoipa::path(tag = "contracts", operation_id = "contracts_list", params(ContractQuery),
    responses((status = 200, body = PageView<ContractSummary>)))]
#[get("/api/v1/agencies/{agency_slug}/contracts")]
async fn list(
    context: Authorized<perm::ContractViewOwn>,
    query: ValidQuery<ContractQuery>,
) -> Result<Listed<ContractSummary>> {
    let ContractQuery { status, client_id, proposal_id, search, limit, cursor, include } =
        query.into_inner();
    let page = PageRequest::parse(limit, cursor.as_deref(), include.as_deref())?;
    let narrow = Narrow { status, client_id, source_id: proposal_id.map(Into::into), search };
    let page = service::page(&context, &narrow, &page).await?;
    Ok(page.try_map(|document| ContractSummary::new(document, context.now()))?.into())
}

/// Make a contract from a proposal.
///
/// It is a draft until it is sent. Accepting a proposal makes one by itself.
#[utoipa::path(tag = "contracts", operation_id = "contracts_create", request_body = NewContract,
    responses((status = 201, body = ContractView)))]
#[post("/api/v1/agencies/{agency_slug}/contracts")]
async fn create(
    context: Authorized<perm::ContractCreate>,
    body: ValidJson<NewContract>,
) -> Result<Created<ContractView>> {
    let contract = service::create(&context, body.into_inner().proposal_id).await?;
    let place = context.path(&format!("contracts/{}", ContractId::from(contract.document.id)));
    let etag = etag(&context, &contract)?;
    Ok(Created::at(place, view(&context, contract)?).etag(etag))
}

/// Read a contract.
#[utoipa::path(tag = "contracts", operation_id = "contracts_read", params(("contract_id" = ContractId, Path)),
    responses((status = 200, body = ContractView)))]
#[get("/api/v1/agencies/{agency_slug}/contracts/{contract_id}")]
async fn read(
    context: Authorized<perm::ContractViewOwn>,
    path: Path<ContractPath>,
) -> Result<Read<ContractView>> {
    let contract = service::read(&context, path.contract_id).await?;
    Ok(Read::new(etag(&context, &contract)?, view(&context, contract)?))
}

/// Change a contract that is not signed.
///
/// One that is with the client becomes a draft again, which its link does not show, until it is
/// sent anew.
#[utoipa::path(tag = "contracts", operation_id = "contracts_update", params(("contract_id" = ContractId, Path)),
    request_body = ContractPatch, responses((status = 200, body = ContractView)))]
#[patch("/api/v1/agencies/{agency_slug}/contracts/{contract_id}")]
async fn change(
    context: Authorized<perm::ContractEditOwn>,
    path: Path<ContractPath>,
    if_match: IfMatch,
    body: ValidJson<ContractPatch>,
) -> Result<Read<ContractView>> {
    let contract =
        service::change(&context, path.contract_id, &if_match, body.into_inner()).await?;
    Ok(Read::new(etag(&context, &contract)?, view(&context, contract)?))
}

/// Send a contract for signature.
///
/// Signs for the agency, draws the number, freezes the content and stores its hash, opens the
/// public link and queues the mail. While it is with the client: sends the mail again. The mail
/// takes a plan with `email_delivery`; without it send with `deliver: false` and share the link by
/// hand.
#[utoipa::path(tag = "contracts", operation_id = "contracts_send", params(("contract_id" = ContractId, Path)),
    request_body(content = Option<SendContract>), responses((status = 200, body = ContractView)))]
#[post("/api/v1/agencies/{agency_slug}/contracts/{contract_id}/send")]
async fn send(
    context: Authorized<perm::ContractSend>,
    path: Path<ContractPath>,
    if_match: IfMatch,
    body: OptionalJson<SendContract>,
) -> Result<Read<ContractView>> {
    let contract = sending::send(&context, path.contract_id, &if_match, body.into_inner()).await?;
    Ok(Read::new(etag(&context, &contract)?, view(&context, contract)?))
}

/// Download a contract as PDF.
#[utoipa::path(tag = "contracts", operation_id = "contracts_pdf", params(("contract_id" = ContractId, Path)),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)))]
#[get("/api/v1/agencies/{agency_slug}/contracts/{contract_id}/pdf")]
async fn pdf(
    context: Authorized<perm::ContractViewOwn>,
    path: Path<ContractPath>,
) -> Result<HttpResponse> {
    let contract = service::read(&context, path.contract_id).await?;
    let (name, bytes) = print::pdf(&context, |branding| {
        let content = content::of(&contract, branding)?;
        print::contract(&context, &contract, &content, branding)
    })
    .await?;
    Ok(respond::pdf(&name, bytes))
}
