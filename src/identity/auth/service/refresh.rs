//! Rotating refresh tokens (RFC 9700 §4.14.2).

use chrono::TimeDelta;
use entity::session as session_row;
use entity::token::TokenKind;
use kernel::App;
use kernel::error::{Error, Result};
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

/// Exchanges a refresh token for the next pair of tokens.
///
/// # Errors
/// [`Error::Unauthenticated`]: `invalid_token` for one that is unknown or expired; `token_reused`
/// for one that was exchanged more than 60 s ago — somebody else may have it, so the whole sign-in
/// ends; `session_ended` when that has happened already, or the person is suspended.
pub async fn refresh(app: &App, presented: &str) -> Result<TokenPair> {
    let now = app.clock().now();
    let id = sha256_hex(presented);
    let tx = app.store().begin_platform(REASON).await?;
    let token = TokenRepo::new(tx.db()).find(&id, TokenKind::Refresh, now).await?;
    let session_id = token.and_then(|token| token.session_id).ok_or_else(invalid_token)?;
    let family = SessionRepo::new(tx.db())
        .prolong(session_id, now, now + REFRESH_TTL)
        .await?
        .ok_or_else(session_ended)?;
    let fresh = TokenRepo::new(tx.db()).consume(&id, TokenKind::Refresh, now).await?;
    if fresh.is_none() {
        // Read again: only now, with the family locked, is it certain when it was rotated.
        let token = TokenRepo::new(tx.db()).find(&id, TokenKind::Refresh, now).await?;
        let used_at = token.and_then(|token| token.used_at).ok_or_else(invalid_token)?;
        if now - used_at > GRACE {
            return end(app, tx, &family, "token_reuse", token_reused()).await;
        }
    }
    let person = UserRepo::new(tx.db()).find(family.user_id).await?;
    if person.is_none_or(|person| person.suspended_at.is_some()) {
        return end(app, tx, &family, "suspended", session_ended()).await;
    }
    let pair = session::issue(app, &tx, family.user_id, family.id, now).await?;
    tx.commit().await?;
    Ok(pair)
}

/// Ends a family of tokens and refuses.
async fn end(
    app: &App,
    tx: PlatformTx,
    family: &session_row::Model,
    reason: &'static str,
    refusal: Error,
) -> Result<TokenPair> {
    SessionRepo::new(tx.db()).revoke(family.id, reason, app.clock().now()).await?;
    tx.commit().await?;
    tracing::warn!(
        event = %format_args!("security.{reason}"),
        user.id = %family.user_id,
        session.id = %family.id,
        "a sign-in was ended"
    );
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
