//! The last step of every way to sign in.

use chrono::{DateTime, Utc};
use entity::pending_sign_in::SignInMethod;
use entity::{SessionId, session as session_row, user};
use kernel::App;
use kernel::error::{Error, Result};
use kernel::http::RequestInfo;
use kernel::security::{self, SecurityEvent};
use kernel::store::PlatformTx;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{session, session_ended};
use crate::auth::model::{SignInOutcome, TokenPair};
use crate::auth::repo::REASON;
use crate::{members, second_factor};

/// Ends a sign-in whose first factor is proven: with tokens, or with a session token for the
/// second factor where the person has one or needs one.
///
/// Every way to sign in calls it with the unit of work in which it used its proof up (the link, the
/// state and code of a provider) and with the person as read in it; it commits. Pending memberships
/// are accepted afterwards, as units of work of their agencies: whatever a crash leaves waiting,
/// the next sign-in accepts.
///
/// # Errors
/// [`Error::Refused`] (`account_suspended`) for a suspended person; the proof is used up all the
/// same.
pub(crate) async fn complete_sign_in(
    app: &App,
    tx: PlatformTx,
    person: &user::Model,
    request: &RequestInfo,
    method: SignInMethod,
) -> Result<SignInOutcome> {
    if person.suspended_at.is_some() {
        return refuse_suspended(app, tx, person, request).await;
    }
    if let Some(step) = second_factor::service::begin(app, &tx, person, method).await? {
        tx.commit().await?;
        return Ok(SignInOutcome::SecondFactor(step));
    }
    open_sign_in(app, tx, person, request, method).await.map(SignInOutcome::SignedIn)
}

/// Opens the sign-in of a person all of whose factors are proven; commits.
///
/// # Errors
/// [`Error::Refused`] (`account_suspended`) for a suspended person.
pub(crate) async fn open_sign_in(
    app: &App,
    tx: PlatformTx,
    person: &user::Model,
    request: &RequestInfo,
    method: SignInMethod,
) -> Result<TokenPair> {
    if person.suspended_at.is_some() {
        return refuse_suspended(app, tx, person, request).await;
    }
    let pair = session::open(app, &tx, person.id, request).await?;
    let login = SecurityEvent::Login { user_id: person.id, method: method.as_str() };
    security::record_in(app, &tx.db(), request, login).await?;
    tx.commit().await?;
    members::service::accept_pending(app, person, request).await?;
    Ok(pair)
}

/// When a sign-in was opened: a refresh prolongs it and does not make it any newer.
///
/// # Errors
/// [`Error::Unauthenticated`] when it is gone.
pub(crate) async fn signed_in_at(app: &App, session_id: SessionId) -> Result<DateTime<Utc>> {
    let query = session_row::Entity::find().filter(session_row::Column::Id.eq(session_id));
    let found = app.store().platform(REASON).one(query).await?;
    found.map(|row| row.created_at).ok_or_else(session_ended)
}

/// Commits what has been used up, and refuses.
async fn refuse_suspended<T>(
    app: &App,
    tx: PlatformTx,
    person: &user::Model,
    request: &RequestInfo,
) -> Result<T> {
    let refused =
        SecurityEvent::LoginRefused { user_id: Some(person.id), email: None, reason: "suspended" };
    security::record_in(app, &tx.db(), request, refused).await?;
    tx.commit().await?;
    Err(Error::refused("account_suspended", "this account may not sign in"))
}
