//! The use cases of sign-ins that last.

use entity::{SessionId, UserId};
use kernel::App;
use kernel::error::{Error, Result};
use kernel::events::AccessChange;
use kernel::http::RequestInfo;
use kernel::security::{self, SecurityEvent};
use kernel::store::{Page, PageRequest, PlatformDb};
use kernel::tenancy::SignedInUser;

use super::model::{KeptSession, SessionView};
use super::repo::{REASON, SessionRepo};

/// The sign-ins of the person that last, newest first.
///
/// # Errors
/// Those of the database.
pub async fn list(
    app: &App,
    caller: &SignedInUser,
    page: &PageRequest,
) -> Result<Page<SessionView>> {
    let sessions = SessionRepo::new(app.store().platform(REASON));
    let page = sessions.page(caller.user.id, app.clock().now(), page).await?;
    Ok(page.map(|row| SessionView::new(row, caller.session_id)))
}

/// The newest sign-ins of a person that are kept, those that have ended among them.
///
/// # Errors
/// Those of the database.
pub(crate) async fn kept(app: &App, user_id: UserId, most: u64) -> Result<Vec<KeptSession>> {
    let rows = SessionRepo::new(app.store().platform(REASON)).kept(user_id, most).await?;
    Ok(rows.into_iter().map(KeptSession::from).collect())
}

/// Ends one sign-in of the person; their own current one too.
///
/// # Errors
/// [`Error::NotFound`] when the person has no such sign-in, or it has ended.
pub async fn end(
    app: &App,
    caller: &SignedInUser,
    id: SessionId,
    request: &RequestInfo,
) -> Result<()> {
    let user_id = caller.user.id;
    let tx = app.store().begin_platform(REASON).await?;
    let now = app.clock().now();
    if !SessionRepo::new(tx.db()).end(user_id, id, "revoked", now).await? {
        return Err(Error::NotFound);
    }
    let event = SecurityEvent::SessionRevoked { user_id, session_id: Some(id), reason: "revoked" };
    security::record_in(app, &tx.db(), request, event).await?;
    tx.commit().await?;
    app.bus().access_changed(AccessChange::Person(user_id));
    Ok(())
}

/// Ends all sign-ins of the person: that of the caller only when `with_current` says so.
///
/// # Errors
/// Those of the database.
pub async fn end_many(
    app: &App,
    caller: &SignedInUser,
    with_current: bool,
    request: &RequestInfo,
) -> Result<()> {
    let user_id = caller.user.id;
    let except = (!with_current).then_some(caller.session_id);
    let tx = app.store().begin_platform(REASON).await?;
    end_all(app, tx.db(), user_id, except, "revoked", request).await?;
    tx.commit().await?;
    app.bus().access_changed(AccessChange::Person(user_id));
    Ok(())
}

/// Ends the sign-ins of a person, in the unit of work that is the reason for it; `except` stays.
/// Refresh tokens are worthless from then on, and access tokens with the next request. Tell the
/// live streams after the commit: `app.bus().access_changed(AccessChange::Person(..))`.
///
/// # Errors
/// Those of the database.
pub async fn end_all(
    app: &App,
    db: PlatformDb<'_>,
    user_id: UserId,
    except: Option<SessionId>,
    reason: &'static str,
    request: &RequestInfo,
) -> Result<u64> {
    let sessions = SessionRepo::new(db);
    let ended = sessions.end_all(user_id, except, reason, app.clock().now()).await?;
    if ended > 0 {
        let event = SecurityEvent::SessionRevoked { user_id, session_id: None, reason };
        security::record_in(app, sessions.db(), request, event).await?;
    }
    Ok(ended)
}
