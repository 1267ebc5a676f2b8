//! Asking for a link, making it, and opening it.

use chrono::TimeDelta;
use entity::token::{self, TokenKind};
use kernel::App;
use kernel::error::Result;
use kernel::http::limits::LimitClass;
use kernel::text::{normalize_email, secret_token, sha256_hex};
use sea_orm::ActiveValue::Set;

use crate::auth::jobs::SendSignInLink;
use crate::auth::repo::{REASON, TokenRepo};
use crate::auth::return_url;

/// How long a link works.
const LINK_TTL: TimeDelta = TimeDelta::minutes(15);

/// Has a link sent to an address. Succeeds alike for every address, known or not, and when the
/// address has had its share of links for the hour (then nothing is sent).
///
/// # Errors
/// [`kernel::Error::Validation`] when the sign-in may not lead to `return_url`.
pub async fn request_link(app: &App, email: &str, return_url: Option<String>) -> Result<()> {
    if let Some(url) = &return_url {
        return_url::check(app.config(), url)?;
    }
    let email = normalize_email(email);
    if app.limiter().charge_recipient(LimitClass::MagicLink, &email).await.is_err() {
        tracing::info!("a sign-in link was not sent: the address has had its share");
        return Ok(());
    }
    let mut tx = app.store().begin_platform(REASON).await?;
    tx.enqueue(&SendSignInLink { email, return_url }).await?;
    tx.commit().await
}

/// Makes a link for an address and voids the earlier ones; returns its address. Whoever has it can
/// sign in: it goes into a mail to that address, or onto the terminal of the operator.
///
/// # Errors
/// Those of the database.
pub async fn make_link(app: &App, email: &str, return_url: Option<String>) -> Result<String> {
    let now = app.clock().now();
    let token = secret_token(app.rng());
    let row = token::ActiveModel {
        id: Set(sha256_hex(&token)),
        kind: Set(TokenKind::MagicLink),
        email: Set(Some(email.to_owned())),
        session_id: Set(None),
        callback: Set(return_url.unwrap_or_default()),
        expires_at: Set(now + LINK_TTL),
        used_at: Set(None),
        created_at: Set(now),
    };
    let tx = app.store().begin_platform(REASON).await?;
    TokenRepo::new(tx.db()).void_links(email).await?;
    TokenRepo::new(tx.db()).insert(row).await?;
    tx.commit().await?;
    Ok(format!("{}/auth/magic-link?token={token}", app.config().public_base_url))
}

/// What the page of a link shows.
#[derive(Debug)]
pub enum LinkPage {
    /// A button that hands the token to the web client of this origin.
    Confirm {
        /// The web client's origin.
        origin: String,
    },
    /// The token, to be copied into the client.
    Code,
    /// That the link does not work, or no longer.
    Failed,
}

/// Looks at a link without using it up.
///
/// # Errors
/// Those of the database.
pub async fn open_link(app: &App, token: &str) -> Result<LinkPage> {
    Ok(match callback(app, token).await? {
        None => LinkPage::Failed,
        Some(url) if url.is_empty() => LinkPage::Code,
        Some(url) => LinkPage::Confirm { origin: return_url::origin(&url).to_owned() },
    })
}

/// Where the button of a link leads, with the token in the fragment, which no server sees; or what
/// to show when it leads nowhere.
///
/// The token is not used up: the web client does that when it verifies it.
///
/// # Errors
/// Those of the database.
pub async fn follow_link(app: &App, token: &str) -> Result<std::result::Result<String, LinkPage>> {
    Ok(match callback(app, token).await? {
        None => Err(LinkPage::Failed),
        Some(url) if url.is_empty() => Err(LinkPage::Code),
        Some(url) => Ok(format!("{url}#token={token}")),
    })
}

/// Where a live link leads: empty for nowhere in particular, and for an origin that is no longer
/// configured; `None` for a link that does not work.
async fn callback(app: &App, token: &str) -> Result<Option<String>> {
    let tokens = TokenRepo::new(app.store().platform(REASON));
    let found = tokens.find(&sha256_hex(token), TokenKind::MagicLink, app.clock().now()).await?;
    Ok(found.filter(|row| row.used_at.is_none()).map(|row| {
        Some(row.callback)
            .filter(|url| return_url::is_allowed(app.config(), url))
            .unwrap_or_default()
    }))
}
