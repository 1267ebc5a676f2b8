//! The use cases of invitations.

use chrono::TimeDelta;
use entity::beta_invite::{self, InviteStatus};
use entity::{AgencyId, BetaInviteId, user};
use kernel::App;
use kernel::config::SignupMode;
use kernel::error::{Error, Result};
use kernel::http::Operator;
use kernel::security::{self, SecurityEvent};
use kernel::store::{AgencyTx, Page, PageRequest};
use kernel::text::{normalize_email, public_token, sha256_hex};
use sea_orm::ActiveValue::Set;

use super::jobs::SendBetaInvite;
use super::model::{InviteView, NewInvite, status_at};
use super::repo::{InviteRepo, REASON};

/// How long an invitation works.
const INVITE_TTL: TimeDelta = TimeDelta::days(30);

/// Who lets an agency use everything that was made with an invitation.
pub const GRANTED_BY: &str = "system:beta_invite";

/// An invitation that may be used, as it was looked up before the agency is made.
#[derive(Clone, Debug)]
pub struct Redemption {
    id: BetaInviteId,
}

/// A page of the invitations, newest first.
///
/// # Errors
/// [`Error::Validation`] for a cursor of another list.
pub async fn list(
    operator: &Operator,
    status: Option<InviteStatus>,
    page: &PageRequest,
) -> Result<Page<beta_invite::Model>> {
    let invites = InviteRepo::new(operator.app.store().platform(REASON));
    invites.page(status, operator.now(), page).await
}

/// How many invitations stand how.
///
/// # Errors
/// Those of the database.
pub async fn counts(operator: &Operator) -> Result<Vec<(InviteStatus, u64)>> {
    let mut counts = Vec::new();
    for status in InviteStatus::ALL {
        let invites = InviteRepo::new(operator.app.store().platform(REASON));
        counts.push((*status, invites.count(*status, operator.now()).await?));
    }
    Ok(counts)
}

/// Invites an address, and has the mail sent.
///
/// # Errors
/// [`Error::Conflict`] when an invitation is pending for the address.
pub async fn create(operator: &Operator, new: NewInvite) -> Result<beta_invite::Model> {
    let NewInvite { email, notes } = new;
    let (app, now) = (&operator.app, operator.now());
    let (id, email, token) =
        (app.new_id::<BetaInviteId>(), normalize_email(&email), public_token(app.rng()));
    let row = beta_invite::ActiveModel {
        id: Set(id),
        email: Set(email.clone()),
        token_hash: Set(sha256_hex(&token)),
        token_sealed: Set(app.vault().seal(&place(id), &token)?),
        status: Set(InviteStatus::Pending),
        notes: Set(notes.map(|text| text.trim().to_owned()).unwrap_or_default()),
        created_by: Set(Some(operator.user_id())),
        sent_at: Set(None),
        used_at: Set(None),
        used_by_agency_id: Set(None),
        expires_at: Set(now + INVITE_TTL),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let mut tx = app.store().begin_platform(REASON).await?;
    let invites = InviteRepo::new(tx.db());
    invites.expire(&email, now).await?;
    let row = invites.insert(row).await?;
    security::record_in(app, &tx.db(), &operator.request, changed(operator, id, "created")).await?;
    tx.enqueue(&SendBetaInvite { invite_id: id }).await?;
    tx.commit().await?;
    Ok(row)
}

/// Takes an invitation back.
///
/// # Errors
/// [`Error::InvalidState`] unless it is pending; [`Error::NotFound`] when there is none.
pub async fn revoke(operator: &Operator, id: BetaInviteId) -> Result<beta_invite::Model> {
    let (app, now) = (&operator.app, operator.now());
    let tx = app.store().begin_platform(REASON).await?;
    let invites = InviteRepo::new(tx.db());
    let Some(row) = invites.revoke(id, now).await? else {
        return Err(not_pending(invites.require(id).await?, now));
    };
    security::record_in(app, &tx.db(), &operator.request, changed(operator, id, "revoked")).await?;
    tx.commit().await?;
    Ok(row)
}

/// Has the mail of an invitation sent again, with the same link.
///
/// # Errors
/// [`Error::InvalidState`] unless it is pending; [`Error::NotFound`] when there is none.
pub async fn resend(operator: &Operator, id: BetaInviteId) -> Result<beta_invite::Model> {
    let (app, now) = (&operator.app, operator.now());
    let mut tx = app.store().begin_platform(REASON).await?;
    let row = InviteRepo::new(tx.db()).require(id).await?;
    if status_at(&row, now) != InviteStatus::Pending {
        return Err(not_pending(row, now));
    }
    security::record_in(app, &tx.db(), &operator.request, changed(operator, id, "resent")).await?;
    tx.enqueue(&SendBetaInvite { invite_id: id }).await?;
    tx.commit().await?;
    Ok(row)
}

/// Looks an invitation up by its token.
///
/// # Errors
/// [`Error::NotFound`] when no invitation has it.
pub async fn look_up(app: &App, token: &str) -> Result<InviteView> {
    let invites = InviteRepo::new(app.store().platform(REASON));
    let row = invites.find(&sha256_hex(token)).await?.ok_or(Error::NotFound)?;
    Ok(InviteView::new(&row, app.clock().now()))
}

/// Decides whether a person may make an agency, and with which invitation.
///
/// `given` is the token that the request names; `carried` the one that the browser has kept since
/// the link was opened, which counts only where it can be used: nobody has asked for it now.
///
/// # Errors
/// [`Error::Validation`] for a token that no invitation has; [`Error::InvalidState`] for one that is
/// used, expired or revoked; [`Error::Refused`]: `invite_email_mismatch` for somebody else's,
/// `invite_required` for none where one is needed.
pub async fn admit(
    app: &App,
    person: &user::Model,
    given: Option<&str>,
    carried: Option<&str>,
) -> Result<Option<Redemption>> {
    if let Some(token) = given {
        return check(app, person, token).await.map(Some);
    }
    let needed = app.config().signup_mode == SignupMode::InviteOnly;
    match carried {
        Some(token) if needed => check(app, person, token).await.map(Some),
        Some(token) => match check(app, person, token).await {
            Ok(redemption) => Ok(Some(redemption)),
            Err(error) if error.status() >= 500 => Err(error),
            Err(_) => Ok(None),
        },
        None if needed => Err(Error::refused(
            "invite_required",
            "an agency can be created with an invitation only; send its token as `invite_token`",
        )),
        None => Ok(None),
    }
}

async fn check(app: &App, person: &user::Model, token: &str) -> Result<Redemption> {
    let invites = InviteRepo::new(app.store().platform(REASON));
    let row = invites.find(&sha256_hex(token)).await?;
    let row =
        row.ok_or_else(|| Error::invalid("/invite_token", "unknown", "is no invitation's token"))?;
    // Somebody else learns nothing about it, not even whether it still works.
    if row.email != person.email {
        return Err(Error::refused(
            "invite_email_mismatch",
            "this invitation is for another address; sign in with the address it was sent to",
        ));
    }
    let now = app.clock().now();
    match status_at(&row, now) {
        InviteStatus::Pending => Ok(Redemption { id: row.id }),
        InviteStatus::Used | InviteStatus::Expired | InviteStatus::Revoked => {
            Err(not_pending(row, now))
        }
    }
}

/// Uses an invitation up, in the unit of work that makes the agency.
///
/// # Errors
/// [`Error::InvalidState`] when somebody has been faster, or its time is over.
pub(crate) async fn redeem(
    app: &App,
    tx: &AgencyTx,
    redemption: &Redemption,
    agency_id: AgencyId,
) -> Result<()> {
    let now = app.clock().now();
    let invites = InviteRepo::new(tx.platform(REASON));
    if invites.redeem(redemption.id, agency_id, now).await? {
        return Ok(());
    }
    Err(not_pending(invites.require(redemption.id).await?, now))
}

/// The refusal of an invitation that is no longer pending.
fn not_pending(row: beta_invite::Model, now: chrono::DateTime<chrono::Utc>) -> Error {
    Error::InvalidState {
        current: status_at(&row, now).to_string(),
        allowed: vec![InviteStatus::Pending.as_str()],
    }
}

fn changed<'a>(operator: &Operator, id: BetaInviteId, change: &'a str) -> SecurityEvent<'a> {
    SecurityEvent::BetaInviteChanged { invite_id: id, by: operator.user_id(), change }
}

/// Where a token belongs: moved elsewhere, it will not decrypt.
pub(super) fn place(id: BetaInviteId) -> String {
    format!("beta_invites/{id}")
}
