//! Rotating refresh tokens (RFC 9700 §4.14.2).

use chrono::{DateTime, TimeDelta, Utc};
use entity::session as session_row;
use entity::token::{self, TokenKind};
use kernel::App;
use kernel::error::{Error, Result};
use kernel::events::AccessChange;
use kernel::http::RequestInfo;
use kernel::security::{self, SecurityEvent};
use kernel::store::PlatformTx;
use kernel::text::sha256_hex;

use super::session::{self, REFRESH_TTL};
use super::{invalid_token, session_ended};
use crate::auth::model::TokenPair;
use crate::auth::repo::{REASON, SessionRepo, TokenRepo};
use crate::people::UserRepo;

/// A rotated token still works for so long, so that parallel requests of one client do not end
/// its sign-in.
const GRACE: TimeDelta = TimeDelta::seconds(60);

/// A pair of tokens is given again while its access token lasts longer than this.
const WORTH_KEEPING: TimeDelta = TimeDelta::seconds(60);

/// Exchanges a refresh token for the next pair of tokens; for the same pair again when `access` is
/// its access token and lasts for more than a minute.
///
/// # Errors
/// [`Error::Unauthenticated`]: `invalid_token` for one that is unknown or expired; `token_reused`
/// for one that was exchanged more than 60 s ago — somebody else may have it, so the whole sign-in
/// ends; `session_ended` when that has happened already, or the person is suspended.
pub async fn refresh(
    app: &App,
    presented: &str,
    access: Option<&str>,
    request: &RequestInfo,
) -> Result<TokenPair> {
    let now = app.clock().now();
    let id = sha256_hex(presented);
    let tx = app.store().begin_platform(REASON).await?;
    let token = TokenRepo::new(tx.db()).find(&id, TokenKind::Refresh, now).await?;
    let session_id = token.and_then(|token| token.session_id).ok_or_else(invalid_token)?;
    let family = SessionRepo::new(tx.db())
        .prolong(session_id, now, now + REFRESH_TTL)
        .await?
        .ok_or_else(session_ended)?;
    let (user_id, session_id) = (family.user_id, family.id);
    // Read again: only now, with the family locked, is it certain whether it was rotated.
    let token = TokenRepo::new(tx.db()).find(&id, TokenKind::Refresh, now).await?;
    let token = token.ok_or_else(invalid_token)?;
    if token.used_at.is_some_and(|used_at| now - used_at > GRACE) {
        let event = SecurityEvent::TokenReuse { user_id, session_id };
        return end(app, tx, &family, "token_reuse", (event, request), token_reused()).await;
    }
    let person = UserRepo::new(tx.db()).find(user_id).await?;
    if person.is_none_or(|person| person.suspended_at.is_some()) {
        let reason = "suspended";
        let event = SecurityEvent::SessionRevoked { user_id, session_id: Some(session_id), reason };
        return end(app, tx, &family, reason, (event, request), session_ended()).await;
    }
    let pair = match kept(app, access, &family, &token, now) {
        Some(access) => session::same(presented, access, &token, now),
        None => {
            TokenRepo::new(tx.db()).consume(&id, TokenKind::Refresh, now).await?;
            session::issue(app, &tx, user_id, session_id, now).await?
        }
    };
    tx.commit().await?;
    Ok(pair)
}

/// The access token that came along, with when it ends, if it belongs to this sign-in, lasts long
/// enough, and the refresh token beside it is still the newest.
fn kept<'a>(
    app: &App,
    access: Option<&'a str>,
    family: &session_row::Model,
    token: &token::Model,
    now: DateTime<Utc>,
) -> Option<(&'a str, i64)> {
    let access = access.filter(|_| token.used_at.is_none())?;
    let claims = app.tokens().verify(access, now).ok()?;
    let lasts = claims.exp - now.timestamp() > WORTH_KEEPING.num_seconds();
    (claims.sid == family.id && lasts).then_some((access, claims.exp))
}

/// Ends a family of tokens and refuses.
async fn end(
    app: &App,
    tx: PlatformTx,
    family: &session_row::Model,
    reason: &'static str,
    (event, request): (SecurityEvent<'_>, &RequestInfo),
    refusal: Error,
) -> Result<TokenPair> {
    SessionRepo::new(tx.db()).revoke(family.id, reason, app.clock().now()).await?;
    security::record_in(app, &tx.db(), request, event).await?;
    tx.commit().await?;
    app.bus().access_changed(AccessChange::Person(family.user_id));
    tracing::warn!(user.id = %family.user_id, session.id = %family.id, "a sign-in was ended");
    Err(refusal)
}

fn token_reused() -> Error {
    Error::Unauthenticated {
        code: "token_reused",
        detail:
            "this refresh token was used before; for safety the sign-in has ended, sign in again"
                .into(),
    }
}
