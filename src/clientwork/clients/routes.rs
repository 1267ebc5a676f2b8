//! The operations.

use actix_web::{Either, get, patch, post, web};
use entity::client;
use kernel::error::Result;
use kernel::http::operation::Operation;
use kernel::http::{
    Authorized, Created, ETag, IfMatch, Listed, PageView, Read, ValidJson, ValidQuery,
};
use kernel::store::PageRequest;
use kernel::tenancy::{Permission, TenantContext, perm};
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::{
    ClientCount, ClientPatch, ClientPath, ClientQuery, ClientView, CountQuery, NewClient,
};
use super::service::{self, Obtained};

/// The rules of the operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::member("GET", "/api/v1/agencies/{agency_slug}/clients", Permission::ClientView),
    Operation::member("POST", "/api/v1/agencies/{agency_slug}/clients", Permission::ClientCreate),
    Operation::member(
        "GET",
        "/api/v1/agencies/{agency_slug}/clients/count",
        Permission::ClientView,
    ),
    Operation::member(
        "POST",
        "/api/v1/agencies/{agency_slug}/clients/get-or-create",
        Permission::ClientCreate,
    ),
    Operation::member(
        "GET",
        "/api/v1/agencies/{agency_slug}/clients/{client_id}",
        Permission::ClientView,
    ),
    Operation::member(
        "PATCH",
        "/api/v1/agencies/{agency_slug}/clients/{client_id}",
        Permission::ClientEdit,
    ),
    Operation::member(
        "POST",
        "/api/v1/agencies/{agency_slug}/clients/{client_id}/archive",
        Permission::ClientArchive,
    ),
    Operation::member(
        "POST",
        "/api/v1/agencies/{agency_slug}/clients/{client_id}/restore",
        Permission::ClientRestore,
    ),
];

/// Adds the routes; fixed segments before parameters, which would match them too.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list)
        .service(create)
        .service(count)
        .service(get_or_create)
        .service(read)
        .service(change)
        .service(archive)
        .service(restore);
}

/// List the agency's clients.
///
/// By business name. Those put away are left out unless `status` says otherwise.
#[utoipa::path(tag = "clients", operation_id = "clients_list", params(ClientQuery),
    responses((status = 200, description = "A page of clients.", body = PageView<ClientView>)))]
#[get("/api/v1/agencies/{agency_slug}/clients")]
pub async fn list(
    ctx: Authorized<perm::ClientView>,
    query: ValidQuery<ClientQuery>,
) -> Result<Listed<ClientView>> {
    let ClientQuery { status, search, limit, cursor, include } = query.into_inner();
    let page = PageRequest::parse(limit, cursor.as_deref(), include.as_deref())?;
    let clients = service::list(&ctx, status, search.as_deref(), &page).await?;
    Ok(clients.map(ClientView::from).into())
}

/// Create a client of the agency.
///
/// An address that another client has is a conflict; the problem's `detail` names that client.
#[utoipa::path(tag = "clients", operation_id = "clients_create", request_body = NewClient,
    responses((status = 201, description = "The new client.", body = ClientView)))]
#[post("/api/v1/agencies/{agency_slug}/clients")]
pub async fn create(
    ctx: Authorized<perm::ClientCreate>,
    body: ValidJson<NewClient>,
) -> Result<Created<ClientView>> {
    let client = service::create(&ctx, body.into_inner()).await?;
    Ok(created(&ctx, client))
}

/// Count the agency's clients.
#[utoipa::path(tag = "clients", operation_id = "clients_count", params(CountQuery),
    responses((status = 200, description = "How many there are.", body = ClientCount)))]
#[get("/api/v1/agencies/{agency_slug}/clients/count")]
pub async fn count(
    ctx: Authorized<perm::ClientView>,
    query: ValidQuery<CountQuery>,
) -> Result<web::Json<ClientCount>> {
    let count = service::count(&ctx, query.into_inner().status).await?;
    Ok(web::Json(ClientCount { count }))
}

/// Find the client with an e-mail address, or create it.
///
/// A client that exists is answered as it is: nothing of the request is written to it.
#[utoipa::path(tag = "clients", operation_id = "clients_get_or_create", request_body = NewClient,
    responses(
        (status = 200, description = "The client that has the address.", body = ClientView),
        (status = 201, description = "The new client.", body = ClientView),
    ))]
#[post("/api/v1/agencies/{agency_slug}/clients/get-or-create")]
pub async fn get_or_create(
    ctx: Authorized<perm::ClientCreate>,
    body: ValidJson<NewClient>,
) -> Result<Either<Read<ClientView>, Created<ClientView>>> {
    Ok(match service::get_or_create(&ctx, body.into_inner()).await? {
        Obtained::Existing(client) => Either::Left(shown(client)),
        Obtained::Created(client) => Either::Right(created(&ctx, client)),
    })
}

/// Read a client.
#[utoipa::path(tag = "clients", operation_id = "clients_read",
    responses((status = 200, description = "The client.", body = ClientView)))]
#[get("/api/v1/agencies/{agency_slug}/clients/{client_id}")]
pub async fn read(
    ctx: Authorized<perm::ClientView>,
    path: web::Path<ClientPath>,
) -> Result<Read<ClientView>> {
    Ok(shown(service::require(&ctx.db(), path.client_id).await?))
}

/// Change a client's details.
///
/// Documents keep the details they were made with.
#[utoipa::path(tag = "clients", operation_id = "clients_update", request_body = ClientPatch,
    responses((status = 200, description = "The changed client.", body = ClientView)))]
#[patch("/api/v1/agencies/{agency_slug}/clients/{client_id}")]
pub async fn change(
    ctx: Authorized<perm::ClientEdit>,
    path: web::Path<ClientPath>,
    if_match: IfMatch,
    body: ValidJson<ClientPatch>,
) -> Result<Read<ClientView>> {
    Ok(shown(service::change(&ctx, path.client_id, &if_match, body.into_inner()).await?))
}

/// Put a client away.
///
/// It no longer stands in lists; its documents stay as they are.
#[utoipa::path(tag = "clients", operation_id = "clients_archive",
    responses((status = 200, description = "The archived client.", body = ClientView)))]
#[post("/api/v1/agencies/{agency_slug}/clients/{client_id}/archive")]
pub async fn archive(
    ctx: Authorized<perm::ClientArchive>,
    path: web::Path<ClientPath>,
) -> Result<Read<ClientView>> {
    Ok(shown(service::archive(&ctx, path.client_id).await?))
}

/// Take a client out of the archive.
#[utoipa::path(tag = "clients", operation_id = "clients_restore",
    responses((status = 200, description = "The restored client.", body = ClientView)))]
#[post("/api/v1/agencies/{agency_slug}/clients/{client_id}/restore")]
pub async fn restore(
    ctx: Authorized<perm::ClientRestore>,
    path: web::Path<ClientPath>,
) -> Result<Read<ClientView>> {
    Ok(shown(service::restore(&ctx, path.client_id).await?))
}

fn shown(client: client::Model) -> Read<ClientView> {
    Read::new(ETag::version(client.version), client.into())
}

fn created(ctx: &TenantContext, client: client::Model) -> Created<ClientView> {
    let (path, etag) = (ctx.path(&format!("clients/{}", client.id)), ETag::version(client.version));
    Created::at(path, client.into()).etag(etag)
}
