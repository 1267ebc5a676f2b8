//! The use cases.

use entity::ClientId;
use entity::client::{self, ClientStatus};
use kernel::error::{Error, Result};
use kernel::http::IfMatch;
use kernel::store::{Activity, AgencyDb, AgencyTx, Event, Page, PageRequest};
use kernel::tenancy::TenantContext;
use kernel::text::normalize_email;
use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use serde_json::json;

use super::model::{ClientPatch, ClientView, NewClient, StatusFilter};
use super::repo::ClientRepo;

/// A client that was there, or is now.
#[derive(Clone, Debug)]
pub enum Obtained {
    /// It was there, and is untouched.
    Existing(client::Model),
    /// It has been made.
    Created(client::Model),
}

impl Obtained {
    /// The client either way.
    pub fn into_client(self) -> client::Model {
        match self {
            Self::Existing(client) | Self::Created(client) => client,
        }
    }
}

/// A page of the clients in which `search` occurs, by name.
///
/// # Errors
/// [`Error::Validation`] for a cursor of another list.
pub async fn list(
    ctx: &TenantContext,
    status: StatusFilter,
    search: Option<&str>,
    page: &PageRequest,
) -> Result<Page<client::Model>> {
    let search = search.map(str::trim).filter(|text| !text.is_empty());
    ClientRepo::new(&ctx.db()).page(status.status(), search, page).await
}

/// How many clients there are.
///
/// # Errors
/// Those of the database.
pub async fn count(ctx: &TenantContext, status: StatusFilter) -> Result<u64> {
    ClientRepo::new(&ctx.db()).count(status.status()).await
}

/// The client with an id; inside a unit of work too.
///
/// # Errors
/// [`Error::NotFound`] when the agency has none.
pub async fn require(db: &AgencyDb, id: ClientId) -> Result<client::Model> {
    db.require::<client::Entity>(id).await
}

/// Creates a client.
///
/// # Errors
/// [`Error::Conflict`] when a client of the agency has the address.
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id()))]
pub async fn create(ctx: &TenantContext, new: NewClient) -> Result<client::Model> {
    let tx = ctx.begin().await?;
    match get_or_create_in(ctx, &tx, new).await? {
        Obtained::Existing(client) => Err(email_taken(&client)),
        Obtained::Created(client) => {
            tx.commit().await?;
            Ok(client)
        }
    }
}

/// Finds the client with the address, or creates it.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id()))]
pub async fn get_or_create(ctx: &TenantContext, new: NewClient) -> Result<Obtained> {
    let tx = ctx.begin().await?;
    let obtained = get_or_create_in(ctx, &tx, new).await?;
    tx.commit().await?;
    Ok(obtained)
}

/// Finds the client with the address, or creates it, as part of a larger unit of work.
///
/// A client that exists is left as it is, archived or not. Of parallel calls one creates; the
/// others wait for its commit and find.
///
/// # Errors
/// Those of the database.
pub async fn get_or_create_in(
    ctx: &TenantContext,
    tx: &AgencyTx,
    new: NewClient,
) -> Result<Obtained> {
    let repo = ClientRepo::new(tx);
    let (now, email) = (ctx.now(), normalize_email(&new.email));
    let row = client::ActiveModel {
        id: Set(ctx.new_id()),
        status: Set(ClientStatus::Active),
        created_by: Set(ctx.user_id()),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..new.into_columns()
    };
    let is_new = repo.insert_unless_taken(row).await?;
    let client = repo.find_by_email(&email).await?.ok_or_else(email_just_freed)?;
    if !is_new {
        return Ok(Obtained::Existing(client));
    }
    tx.record(
        Activity::new("client.created", "client", client.id)
            .with(json!({"business_name": client.business_name, "email": client.email})),
    );
    tx.publish(Event::new("client.created", json!({"id": client.id}))?);
    Ok(Obtained::Created(client))
}

/// Changes a client's details. Documents keep the copies they took.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::PreconditionFailed`] when it is not the version that was read;
/// [`Error::Conflict`] when another client has the new address.
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id(), client.id = %id))]
pub async fn change(
    ctx: &TenantContext,
    id: ClientId,
    if_match: &IfMatch,
    patch: ClientPatch,
) -> Result<client::Model> {
    let tx = ctx.begin().await?;
    let before = require(&tx, id).await?;
    if_match.check(before.version)?;
    let email = patch.email.as_deref().map(normalize_email).unwrap_or_default();
    let changes = patch.into_columns();
    if !changes.is_changed() {
        return Ok(before);
    }
    let Some(after) = ClientRepo::new(&tx).update(&before, changes, ctx.now()).await? else {
        drop(tx);
        let holder = ClientRepo::new(&ctx.db()).find_by_email(&email).await?;
        return Err(holder.as_ref().map_or_else(email_just_freed, email_taken));
    };
    tx.record(
        Activity::new("client.updated", "client", id)
            .difference(&ClientView::from(before), &ClientView::from(after.clone()))?,
    );
    tx.publish(Event::new("client.updated", json!({"id": id}))?);
    tx.commit().await?;
    Ok(after)
}

/// Puts a client away.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::InvalidState`] when it is archived already.
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id(), client.id = %id))]
pub async fn archive(ctx: &TenantContext, id: ClientId) -> Result<client::Model> {
    move_to(ctx, id, ClientStatus::Archived).await
}

/// Takes a client out again.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::InvalidState`] when it is not archived.
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id(), client.id = %id))]
pub async fn restore(ctx: &TenantContext, id: ClientId) -> Result<client::Model> {
    move_to(ctx, id, ClientStatus::Active).await
}

/// Moves a client from the other status to `to`.
async fn move_to(ctx: &TenantContext, id: ClientId, to: ClientStatus) -> Result<client::Model> {
    let (from, action) = match to {
        ClientStatus::Archived => (ClientStatus::Active, "client.archived"),
        ClientStatus::Active => (ClientStatus::Archived, "client.restored"),
    };
    let tx = ctx.begin().await?;
    let Some(client) = ClientRepo::new(&tx).set_status(id, from, to, ctx.now()).await? else {
        let current = require(&tx, id).await?.status.to_string();
        return Err(Error::InvalidState { current, allowed: vec![from.as_str()] });
    };
    tx.record(
        Activity::new(action, "client", id).changed(json!({"status": from}), json!({"status": to})),
    );
    tx.publish(Event::new(action, json!({"id": id, "status": to}))?);
    tx.commit().await?;
    Ok(client)
}

/// Says which client has an address, and what to do.
fn email_taken(holder: &client::Model) -> Error {
    let advice = match holder.status {
        ClientStatus::Active => "use that client, or another address",
        ClientStatus::Archived => "it is archived: restore it, or use another address",
    };
    Error::conflict_on(
        "email",
        format!("client {} of this agency has this e-mail address; {advice}", holder.id),
    )
}

/// Says that an address was taken a moment ago and no longer is.
fn email_just_freed() -> Error {
    Error::conflict_on("email", "the client with this e-mail address changed just now; try again")
}
