//! Signing in with a link.

use entity::pending_sign_in::SignInMethod;
use entity::token::TokenKind;
use kernel::App;
use kernel::error::{Error, Result};
use kernel::http::RequestInfo;
use kernel::security::{self, SecurityEvent};
use kernel::text::sha256_hex;

use super::{complete_sign_in, invalid_token};
use crate::auth::model::SignInOutcome;
use crate::auth::repo::{REASON, TokenRepo};
use crate::people;

/// Uses a link up and completes the sign-in. The address is the one the link was sent to; an unknown
/// person is made, and one who was only invited becomes real and a member of every agency that
/// waits for them.
///
/// # Errors
/// [`Error::Unauthenticated`] for a token that is unknown, used or expired; of parallel calls one
/// succeeds. [`Error::Refused`] (`account_suspended`) for a suspended person.
pub async fn verify(app: &App, token: &str, request: &RequestInfo) -> Result<SignInOutcome> {
    let (id, now) = (sha256_hex(token), app.clock().now());
    let tx = app.store().begin_platform(REASON).await?;
    let links = TokenRepo::new(tx.db());
    let Some(link) = links.consume(&id, TokenKind::MagicLink, now).await? else {
        let used = links.find(&id, TokenKind::MagicLink, now).await?;
        drop(links);
        // Nothing was changed; the log has a unit of work of its own.
        drop(tx);
        // One row either way: the work done does not tell a used link from one that never was.
        let event = match &used {
            Some(used) => SecurityEvent::MagicLinkReplayed { email: used.email.as_deref() },
            None => {
                SecurityEvent::LoginRefused { user_id: None, email: None, reason: "unknown_link" }
            }
        };
        security::record(app, request, event).await;
        return Err(invalid_token());
    };
    drop(links);
    let email = link.email.ok_or_else(|| Error::internal("a link without address"))?;
    let person = people::service::prove(app, tx.db(), &email).await?;
    complete_sign_in(app, tx, &person, request, SignInMethod::MagicLink).await
}
