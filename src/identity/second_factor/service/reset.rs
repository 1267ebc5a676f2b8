//! Removing the second factor of somebody who has lost it.

use entity::UserId;
use kernel::App;
use kernel::error::{Error, Result};
use kernel::http::RequestInfo;
use kernel::security::{self, SecurityEvent};
use kernel::text::normalize_email;

use super::factors;
use crate::people::UserRepo;
use crate::second_factor::jobs::{Change, TellOfChange};
use crate::second_factor::repo::{FactorRepo, PendingRepo, REASON};

/// As [`reset`], for the person with an address; tells whether there is one. For a command on the
/// server.
///
/// # Errors
/// Those of the database.
pub async fn reset_by_email(app: &App, email: &str) -> Result<bool> {
    let users = UserRepo::new(app.store().platform(REASON));
    let Some(person) = users.find_by_email(&normalize_email(email)).await? else {
        return Ok(false);
    };
    reset(app, person.id, None, &RequestInfo::default()).await?;
    Ok(true)
}

/// Removes the app, the recovery codes and the telephone number of a person, and voids the sign-ins
/// that wait; `by` is the operator, or nobody for a command on the server. The person is told by
/// mail. It is for the operator to make sure that it is the person who asks.
///
/// # Errors
/// [`Error::NotFound`] when there is no such person.
pub async fn reset(
    app: &App,
    user_id: UserId,
    by: Option<UserId>,
    request: &RequestInfo,
) -> Result<()> {
    let now = app.clock().now();
    let mut tx = app.store().begin_platform(REASON).await?;
    PendingRepo::new(tx.db()).void(user_id).await?;
    UserRepo::new(tx.db()).find(user_id).await?.ok_or(Error::NotFound)?;
    let person = factors::lock(&tx, user_id).await?;
    FactorRepo::new(tx.db()).delete(user_id).await?;
    if !person.phone.is_empty() {
        UserRepo::new(tx.db()).set_phone(user_id, "", now).await?;
    }
    let changed =
        SecurityEvent::SecondFactorChanged { user_id, method: "all", change: "reset", by };
    security::record_in(app, &tx.db(), request, changed).await?;
    tx.enqueue(&TellOfChange { email: person.email.clone(), change: Change::Reset }).await?;
    tx.commit().await
}
