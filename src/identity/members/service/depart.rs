//! Leaving an agency, by one's own will or another's.

use entity::membership::{self, MembershipStatus, Role};
use entity::{MembershipId, UserId};
use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::events::AccessChange;
use kernel::http::IfMatch;
use kernel::quota;
use kernel::store::{Activity, AgencyTx};
use kernel::tenancy::Limit;
use serde_json::json;

use super::invite::{check_waits, event};
use super::read::REASON;
use crate::members::repo::MemberRepo;
use crate::members::rules;
use crate::people::UserRepo;
use crate::people::service::forget_placeholder;

/// Takes a member out, or an invitation back. What they made stays.
///
/// # Errors
/// [`Error::Conflict`] for the owner; [`Error::Refused`] for an admin who would remove an admin;
/// [`Error::PreconditionFailed`] when the membership has been changed since it was read;
/// [`Error::NotFound`] when the agency has no such member.
pub async fn remove(ctx: &TenantContext, id: MembershipId, if_match: IfMatch) -> Result<()> {
    let tx = ctx.begin().await?;
    let row = MemberRepo::new(&tx).require(id).await?;
    if_match.check(row.version)?;
    rules::check_removal(ctx.actor(), row.role)?;
    depart(ctx, tx, row, "member.removed").await
}

/// Takes an invitation back. A person who never signed in and is invited nowhere else is forgotten.
///
/// # Errors
/// [`Error::InvalidState`] when the person has come in already; [`Error::PreconditionFailed`] when
/// the membership has been changed since it was read; [`Error::NotFound`] when the agency has no
/// such member.
pub async fn cancel_invitation(
    ctx: &TenantContext,
    id: MembershipId,
    if_match: IfMatch,
) -> Result<()> {
    let tx = ctx.begin().await?;
    let row = MemberRepo::new(&tx).require(id).await?;
    if_match.check(row.version)?;
    check_waits(&row)?;
    depart(ctx, tx, row, "invitation.cancelled").await
}

/// Ends the acting member's own membership.
///
/// # Errors
/// [`Error::Conflict`] (`last_owner`) when the agency would be left without owner.
pub async fn leave(ctx: &TenantContext) -> Result<()> {
    let me = ctx.require_member()?;
    let tx = ctx.begin().await?;
    let members = MemberRepo::new(&tx);
    let owners = members.lock_owners().await?;
    let row = members.require(me.membership_id).await?;
    if row.role == Role::Owner && owners < 2 {
        return Err(Error::conflict(
            "last_owner",
            "an agency needs an owner: transfer the ownership first",
        ));
    }
    depart(ctx, tx, row, "member.left").await
}

/// Whether a membership counts against the plan (DEC-02).
fn takes_a_seat(status: MembershipStatus) -> bool {
    match status {
        MembershipStatus::Active | MembershipStatus::Invited => true,
        MembershipStatus::Suspended => false,
    }
}

/// Takes a person out of an agency by decision of the operator.
///
/// # Errors
/// [`Error::Conflict`] (`last_owner`) when the agency would be left without owner;
/// [`Error::NotFound`] when the person has no membership in it.
pub async fn expel(ctx: &TenantContext, user_id: UserId) -> Result<()> {
    take_out(ctx, user_id, "member.removed").await
}

/// Ends the membership of a person who deletes their account: in whatever state the agency is, and
/// in the name of nobody.
///
/// # Errors
/// As for [`expel`].
pub(crate) async fn withdraw(ctx: &TenantContext, user_id: UserId) -> Result<()> {
    take_out(ctx, user_id, "member.left").await
}

/// Ends a membership that is not the acting member's.
async fn take_out(ctx: &TenantContext, user_id: UserId, action: &'static str) -> Result<()> {
    let tx = ctx.begin().await?;
    let members = MemberRepo::new(&tx);
    let owners = members.lock_owners().await?;
    let row = members.find_of(user_id).await?.ok_or(Error::NotFound)?;
    if row.role == Role::Owner && row.status == MembershipStatus::Active && owners < 2 {
        return Err(Error::conflict(
            "last_owner",
            "an agency needs an owner: the ownership has to be transferred first",
        ));
    }
    depart(ctx, tx, row, action).await
}

/// Deletes a membership. The person is locked first, as everywhere: somebody else may be inviting
/// them.
async fn depart(
    ctx: &TenantContext,
    tx: AgencyTx,
    row: membership::Model,
    action: &'static str,
) -> Result<()> {
    let users = UserRepo::new(tx.platform(REASON));
    users.lock(row.user_id).await?;
    MemberRepo::new(&tx).delete(&row).await?;
    users.forget_default(row.user_id, row.agency_id, ctx.now()).await?;
    drop(users);
    if takes_a_seat(row.status) {
        quota::give_back(&tx, Limit::Members, 1).await?;
    }
    let values = json!({"user_id": row.user_id, "role": row.role, "status": row.status});
    tx.record(Activity::new(action, "member", row.id).changed(values, json!({})));
    tx.publish(event("member.removed", &row)?);
    tx.commit().await?;
    ctx.app().bus().access_changed(AccessChange::Person(row.user_id));
    // Whether they are invited elsewhere cannot be seen from within one agency. A placeholder that
    // stays behind is harmless: the next invitation or sign-in takes it up.
    if let Err(error) = forget_placeholder(ctx.app(), row.user_id).await {
        tracing::warn!(error = %error, "a person who is invited nowhere could not be forgotten");
    }
    Ok(())
}
