//! Changing roles and names.

use entity::MembershipId;
use entity::membership::{self, Column};
use kernel::TenantContext;
use kernel::error::Result;
use kernel::events::AccessChange;
use kernel::http::IfMatch;
use kernel::store::{Activity, AgencyTx};

use super::invite::event;
use super::read::{REASON, with_person};
use crate::changes::Changes;
use crate::members::model::{InvitableRole, Member};
use crate::members::repo::MemberRepo;
use crate::members::rules;

/// Gives a member another role.
///
/// # Errors
/// [`kernel::Error::Conflict`] for the owner; [`kernel::Error::PreconditionFailed`] when the membership has been
/// changed since it was read; [`kernel::Error::NotFound`] when the agency has no such member.
pub async fn change_role(
    ctx: &TenantContext,
    id: MembershipId,
    if_match: IfMatch,
    role: InvitableRole,
) -> Result<Member> {
    let tx = ctx.begin().await?;
    let row = MemberRepo::new(&tx).require(id).await?;
    if_match.check(row.version)?;
    rules::check_role_change(row.role)?;
    let changes = Changes::new().set(Column::Role, &row.role, Some(role.into()))?;
    write(ctx, tx, row, changes, "member.role.changed").await
}

/// Gives a member another name.
///
/// # Errors
/// [`kernel::Error::Refused`] for the owner's name, unless the owner does it; [`kernel::Error::PreconditionFailed`]
/// when the membership has been changed since it was read; [`kernel::Error::NotFound`] when the agency has
/// no such member.
pub async fn rename(
    ctx: &TenantContext,
    id: MembershipId,
    if_match: IfMatch,
    display_name: String,
) -> Result<Member> {
    let tx = ctx.begin().await?;
    let row = MemberRepo::new(&tx).require(id).await?;
    if_match.check(row.version)?;
    rules::check_rename(ctx.actor(), &row)?;
    let changes =
        Changes::new().set_text(Column::DisplayName, &row.display_name, Some(display_name))?;
    write(ctx, tx, row, changes, "member.displayName.updated").await
}

/// Gives the acting member another name.
///
/// # Errors
/// [`kernel::Error::PreconditionFailed`] when the membership has been changed since it was read.
pub async fn rename_me(
    ctx: &TenantContext,
    if_match: IfMatch,
    display_name: String,
) -> Result<Member> {
    let me = ctx.require_member()?;
    let tx = ctx.begin().await?;
    let row = MemberRepo::new(&tx).require(me.membership_id).await?;
    if_match.check(row.version)?;
    let changes =
        Changes::new().set_text(Column::DisplayName, &row.display_name, Some(display_name))?;
    write(ctx, tx, row, changes, "profile.displayName").await
}

async fn write(
    ctx: &TenantContext,
    tx: AgencyTx,
    row: membership::Model,
    changes: Changes<membership::Entity>,
    action: &'static str,
) -> Result<Member> {
    if changes.is_empty() {
        return with_person(tx.platform(REASON), row).await;
    }
    let (old, new) = changes.values();
    let update =
        changes.into_update((Column::Version, row.version), (Column::UpdatedAt, ctx.now()));
    let row = MemberRepo::new(&tx).update(row.id, update).await?;
    let member = with_person(tx.platform(REASON), row).await?;
    tx.record(Activity::new(action, "member", member.row.id).changed(old, new));
    tx.publish(event("member.updated", &member.row)?);
    tx.commit().await?;
    ctx.app().bus().access_changed(AccessChange::Person(member.row.user_id));
    Ok(member)
}
