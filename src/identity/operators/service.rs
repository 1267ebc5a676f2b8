//! Making operators, and ending it.

use entity::user::{self, Column};
use kernel::App;
use kernel::error::{Error, Result};
use kernel::http::RequestInfo;
use kernel::security::{self, SecurityEvent};
use kernel::store::PlatformTx;
use kernel::text::normalize_email;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::Outcome;
use crate::changes::Changes;
use crate::people::UserRepo;
use crate::people::service::find_or_invite;

const REASON: &str = "who operates the platform belongs to no agency";

/// Makes whoever holds an address an operator. Somebody who has never signed in is one from the
/// first sign-in on, which proves the address.
///
/// # Errors
/// Those of the database.
pub async fn grant(app: &App, email: &str) -> Result<Outcome> {
    let tx = app.store().begin_platform(REASON).await?;
    let person = find_or_invite(app, tx.db(), &normalize_email(email)).await?;
    if person.suspended_at.is_some() {
        return Ok(Outcome::Suspended);
    }
    set(app, tx, &person, true).await
}

/// Ends that whoever holds an address is an operator. The last one may be taken too: whoever runs
/// the server can make another.
///
/// # Errors
/// Those of the database.
pub async fn revoke(app: &App, email: &str) -> Result<Outcome> {
    let tx = app.store().begin_platform(REASON).await?;
    let person = UserRepo::new(tx.db()).lock_by_email(&normalize_email(email)).await?;
    match person {
        Some(person) => set(app, tx, &person, false).await,
        None => Ok(Outcome::Unknown),
    }
}

/// The operators, by address.
///
/// # Errors
/// Those of the database.
pub async fn list(app: &App) -> Result<Vec<user::Model>> {
    let query =
        user::Entity::find().filter(Column::IsSuperAdmin.eq(true)).order_by_asc(Column::Email);
    app.store().platform(REASON).all(query).await
}

async fn set(
    app: &App,
    tx: PlatformTx,
    person: &user::Model,
    is_operator: bool,
) -> Result<Outcome> {
    let changes = Changes::<user::Entity>::new().set(
        Column::IsSuperAdmin,
        &person.is_super_admin,
        Some(is_operator),
    )?;
    if changes.is_empty() {
        return Ok(Outcome::WasSo);
    }
    let now = app.clock().now();
    let update = changes.into_update((Column::Version, person.version), (Column::UpdatedAt, now));
    let written = UserRepo::new(tx.db()).update(person.id, update).await?;
    written.ok_or_else(|| Error::internal("a locked person changed"))?;
    let event = SecurityEvent::OperatorChanged { user_id: person.id, is_operator, by: None };
    security::record_in(app, &tx.db(), &RequestInfo::default(), event).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}
