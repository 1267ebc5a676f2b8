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

/// Forgets a person who never signed in and is invited nowhere (any more): a unit of work of the
/// platform, since only that sees the invitations of all agencies.
///
/// # Errors
/// Those of the database.
pub(crate) async fn forget_placeholder(app: &App, id: UserId) -> Result<()> {
    let tx = app.store().begin_platform("a person may be invited by several agencies").await?;
    let users = UserRepo::new(tx.db());
    // Somebody may be inviting them just now.
    if users.lock(id).await?.is_some_and(|person| is_placeholder(&person)) {
        users.delete_placeholder(id).await?;
    }
    drop(users);
    tx.commit().await
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
    let now = app.clock().now();
    let row = user::ActiveModel {
        id: Set(app.new_id::<UserId>()),
        email: Set(email.to_owned()),
        subject: Set(subject()),
        avatar: Set(String::new()),
        phone: Set(String::new()),
        is_super_admin: Set(false),
        default_agency_id: Set(None),
        suspended_at: Set(None),
        suspended_reason: Set(None),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    // Not looked for first: the same statements run for an address that is known and for one that is
    // not, and of parallel callers one adds the row.
    users.insert_unless_present(row).await?;
    users.lock_by_email(email).await?.ok_or_else(vanished)
}

fn vanished() -> Error {
    Error::internal("a person vanished while being locked")
}
