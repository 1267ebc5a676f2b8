//! Signing in with a link.

use entity::token::TokenKind;
use kernel::App;
use kernel::error::{Error, Result};
use kernel::http::RequestInfo;
use kernel::text::sha256_hex;

use super::{invalid_token, session};
use crate::auth::model::TokenPair;
use crate::auth::repo::{REASON, TokenRepo};
use crate::{members, people};

/// Uses a link up and opens a sign-in. The address is the one the link was sent to; an unknown
/// person is made, and one who was only invited becomes real and a member of every agency that
/// waits for them.
///
/// The memberships are units of work of their agencies, after the sign-in's own: whatever a crash
/// leaves waiting, the next sign-in accepts.
///
/// # Errors
/// [`Error::Unauthenticated`] for a token that is unknown, used or expired; of parallel calls one
/// succeeds. [`Error::Refused`] (`account_suspended`) for a suspended person.
pub async fn verify(app: &App, token: &str, request: &RequestInfo) -> Result<TokenPair> {
    let tx = app.store().begin_platform(REASON).await?;
    let link = TokenRepo::new(tx.db())
        .consume(&sha256_hex(token), TokenKind::MagicLink, app.clock().now())
        .await?
        .ok_or_else(invalid_token)?;
    let email = link.email.ok_or_else(|| Error::internal("a link without address"))?;
    let person = people::service::prove(app, tx.db(), &email).await?;
    if person.suspended_at.is_some() {
        // The link is used up all the same.
        tx.commit().await?;
        tracing::warn!(event = "security.login_refused", user.id = %person.id, "suspended");
        return Err(Error::refused("account_suspended", "this account may not sign in"));
    }
    let pair = session::open(app, &tx, person.id, request).await?;
    tx.commit().await?;
    members::service::accept_pending(app, &person, request).await?;
    tracing::info!(event = "security.login", user.id = %person.id, "signed in");
    Ok(pair)
}
