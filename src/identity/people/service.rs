//! Finding people by their address, and making them.

use entity::{UserId, user};
use kernel::App;
use kernel::error::{Error, Result};
use kernel::store::PlatformDb;
use kernel::text::normalize_email;
use sea_orm::ActiveValue::Set;

use super::UserRepo;
use super::repo::{INVITED, REASON};

/// Whether the person has never signed in.
pub fn is_placeholder(person: &user::Model) -> bool {
    person.subject.starts_with(INVITED)
}

/// The person who has shown to hold an address, made when unknown, and no placeholder any more.
/// Locked until the unit of work ends.
///
/// # Errors
/// Those of the database.
pub(crate) async fn prove(app: &App, db: PlatformDb<'_>, email: &str) -> Result<user::Model> {
    let users = UserRepo::new(db);
    let subject = format!("email:{email}");
    let person = find_or_add(app, &users, email, || subject.clone()).await?;
    if !is_placeholder(&person) {
        return Ok(person);
    }
    users.make_real(&person, subject, app.clock().now()).await?;
    users.find(person.id).await?.ok_or_else(vanished)
}

/// The person with an address, made as a placeholder when unknown. Locked until the unit of work
/// ends.
///
/// # Errors
/// Those of the database.
pub(crate) async fn find_or_invite(
    app: &App,
    db: PlatformDb<'_>,
    email: &str,
) -> Result<user::Model> {
    let subject = || format!("{INVITED}{}", app.new_id::<uuid::Uuid>());
    find_or_add(app, &UserRepo::new(db), email, subject).await
}

/// The person with an address, made when unknown, as if they had signed in. For commands that load
/// data; nothing that can be reached over HTTP calls it.
///
/// # Errors
/// Those of the database.
pub async fn ensure(app: &App, email: &str) -> Result<user::Model> {
    let tx = app.store().begin_platform(REASON).await?;
    let person = prove(app, tx.db(), &normalize_email(email)).await?;
    tx.commit().await?;
    Ok(person)
}

async fn find_or_add(
    app: &App,
    users: &UserRepo<'_>,
    email: &str,
    subject: impl FnOnce() -> String,
) -> Result<user::Model> {
    if let Some(person) = users.lock_by_email(email).await? {
        return Ok(person);
    }
    let now = app.clock().now();
    let row = user::ActiveModel {
        id: Set(app.new_id::<UserId>()),
        email: Set(email.to_owned()),
        subject: Set(subject()),
        avatar: Set(String::new()),
        is_super_admin: Set(false),
        default_agency_id: Set(None),
        suspended_at: Set(None),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    // Somebody may have added the address in the meantime: then that row is taken.
    users.insert_unless_present(row).await?;
    users.lock_by_email(email).await?.ok_or_else(vanished)
}

fn vanished() -> Error {
    Error::internal("a person vanished while being locked")
}
