//! Opening and ending sign-ins.

use chrono::{DateTime, TimeDelta, Utc};
use entity::token::{self, TokenKind};
use entity::{SessionId, UserId, session};
use kernel::App;
use kernel::error::Result;
use kernel::events::AccessChange;
use kernel::http::RequestInfo;
use kernel::security::{self, SecurityEvent};
use kernel::store::PlatformTx;
use kernel::tenancy::{ACCESS_TOKEN_TTL, SignedInUser};
use kernel::text::{secret_token, sha256_hex};
use sea_orm::ActiveValue::Set;

use crate::auth::model::TokenPair;
use crate::auth::repo::{REASON, SessionRepo, TokenRepo};

/// How long a refresh token, and a sign-in that is not used, lasts.
pub(super) const REFRESH_TTL: TimeDelta = TimeDelta::days(30);

/// Opens a sign-in and gives its first tokens.
///
/// # Errors
/// Those of the database.
pub(super) async fn open(
    app: &App,
    tx: &PlatformTx,
    user_id: UserId,
    request: &RequestInfo,
) -> Result<TokenPair> {
    let now = app.clock().now();
    let id: SessionId = app.new_id();
    let row = session::ActiveModel {
        id: Set(id),
        user_id: Set(user_id),
        ip: Set(request.ip.map(|ip| ip.to_string())),
        user_agent: Set(request.user_agent.clone()),
        last_used_at: Set(now),
        expires_at: Set(now + REFRESH_TTL),
        revoked_at: Set(None),
        revoked_reason: Set(None),
        created_at: Set(now),
    };
    SessionRepo::new(tx.db()).insert(row).await?;
    issue(app, tx, user_id, id, now).await
}

/// Gives the next tokens of a sign-in.
///
/// # Errors
/// Those of the database.
pub(super) async fn issue(
    app: &App,
    tx: &PlatformTx,
    user_id: UserId,
    session_id: SessionId,
    now: DateTime<Utc>,
) -> Result<TokenPair> {
    let refresh_token = secret_token(app.rng());
    let refresh_expires_at = now + REFRESH_TTL;
    let row = token::ActiveModel {
        id: Set(sha256_hex(&refresh_token)),
        kind: Set(TokenKind::Refresh),
        email: Set(None),
        session_id: Set(Some(session_id)),
        callback: Set(String::new()),
        expires_at: Set(refresh_expires_at),
        used_at: Set(None),
        created_at: Set(now),
    };
    TokenRepo::new(tx.db()).insert(row).await?;
    Ok(TokenPair {
        access_token: app.tokens().issue(user_id, session_id, now)?,
        token_type: "Bearer",
        expires_in: ACCESS_TOKEN_TTL.num_seconds(),
        refresh_token,
        refresh_expires_at,
    })
}

/// The pair of tokens that was presented, as an answer: nothing is rotated.
pub(super) fn same(
    refresh_token: &str,
    (access_token, exp): (&str, i64),
    row: &token::Model,
    now: DateTime<Utc>,
) -> TokenPair {
    TokenPair {
        access_token: access_token.to_owned(),
        token_type: "Bearer",
        expires_in: exp - now.timestamp(),
        refresh_token: refresh_token.to_owned(),
        refresh_expires_at: row.expires_at,
    }
}

/// Ends the sign-in that makes the request, with all its tokens.
///
/// # Errors
/// Those of the database.
pub async fn logout(app: &App, user: &SignedInUser, request: &RequestInfo) -> Result<()> {
    let (user_id, session_id) = (user.user.id, user.session_id);
    let tx = app.store().begin_platform(REASON).await?;
    SessionRepo::new(tx.db()).revoke(session_id, "logout", app.clock().now()).await?;
    let event = SecurityEvent::Logout { user_id, session_id };
    security::record_in(app, &tx.db(), request, event).await?;
    tx.commit().await?;
    app.bus().access_changed(AccessChange::Person(user_id));
    Ok(())
}
