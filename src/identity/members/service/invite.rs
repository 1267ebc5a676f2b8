//! Inviting people.

use entity::membership::{self, Column, MembershipStatus};
use entity::{MembershipId, UserId};
use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::quota;
use kernel::store::{Activity, Event};
use kernel::tenancy::Limit;
use kernel::text::normalize_email;
use sea_orm::ActiveValue::Set;
use serde_json::json;

use super::read::{REASON, with_person};
use crate::changes::Changes;
use crate::members::jobs::WelcomeMember;
use crate::members::mails::Letterhead;
use crate::members::model::{Member, NewMember};
use crate::members::repo::MemberRepo;
use crate::people::service::find_or_invite;

/// Invites a person. One who has signed in before is a member a moment later; anybody else when they
/// first sign in with the address. A mail tells them.
///
/// Both are told apart only in the job that follows: neither the answer nor the statements until
/// then say whether somebody has an account.
///
/// # Errors
/// [`Error::Conflict`] when the person is a member or invited already; [`Error::PlanLimit`] when
/// the agency's plan has no seat left.
pub async fn invite(ctx: &TenantContext, new: NewMember) -> Result<Member> {
    let NewMember { email, role, display_name } = new;
    let now = ctx.now();
    let tx = ctx.begin().await?;
    let person = find_or_invite(ctx.app(), tx.platform(REASON), &normalize_email(&email)).await?;
    let row = membership::ActiveModel {
        id: Set(ctx.new_id::<MembershipId>()),
        user_id: Set(person.id),
        role: Set(role.into()),
        display_name: Set(display_name.map(|name| name.trim().to_owned()).unwrap_or_default()),
        status: Set(MembershipStatus::Invited),
        invited_at: Set(Some(now)),
        accepted_at: Set(None),
        invited_by: Set(ctx.user_id()),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let row = MemberRepo::new(&tx).insert(row).await?;
    let member = Member { row, person };
    tx.enqueue(&WelcomeMember { membership_id: member.row.id })?;
    quota::take(ctx, &tx, Limit::Members, 1).await?;
    let invited = Activity::new("member.invited", "member", member.row.id);
    tx.record(invited.with(json!({
        "email": member.person.email,
        "role": member.row.role,
        "status": member.row.status,
    })));
    tx.publish(event("member.invited", &member.row)?);
    tx.commit().await?;
    Ok(member)
}

/// Sends an invitation again.
///
/// # Errors
/// [`Error::InvalidState`] when the person has come in already; [`Error::NotFound`] when the agency
/// has no such member.
pub async fn resend_invitation(ctx: &TenantContext, id: MembershipId) -> Result<Member> {
    let letterhead = Letterhead::load(ctx, inviter(ctx, ctx.user_id()).await?).await?;
    let now = ctx.now();
    let tx = ctx.begin().await?;
    let members = MemberRepo::new(&tx);
    let row = members.lock(id).await?;
    check_waits(&row)?;
    let changes = Changes::<membership::Entity>::new()
        .set(Column::InvitedAt, &row.invited_at, Some(Some(now)))?
        .set(Column::InvitedBy, &row.invited_by, Some(ctx.user_id()))?;
    let update = changes.into_update((Column::Version, row.version), (Column::UpdatedAt, now));
    let row = members.update(id, update).await?;
    let member = with_person(tx.platform(REASON), row).await?;
    letterhead.queue(ctx, &tx, &member, ctx.new_id()).await?;
    tx.record(Activity::new("invitation.resent", "member", id));
    tx.publish(event("member.updated", &member.row)?);
    tx.commit().await?;
    Ok(member)
}

/// Insists on an invitation that has not been accepted.
pub(super) fn check_waits(row: &membership::Model) -> Result<()> {
    match row.accepted_at {
        None => Ok(()),
        Some(_) => Err(Error::InvalidState {
            current: row.status.to_string(),
            allowed: vec![MembershipStatus::Invited.as_str()],
        }),
    }
}

/// An event about a membership: its id and states.
pub(super) fn event(event_type: &'static str, row: &membership::Model) -> Result<Event> {
    Event::new(event_type, json!({"id": row.id, "role": row.role, "status": row.status}))
}

/// Who invites, for the mail: the member's name, else their address; the agency when it is nobody,
/// or nobody any more.
pub(super) async fn inviter(ctx: &TenantContext, user_id: Option<UserId>) -> Result<String> {
    let row = match user_id {
        Some(user_id) => MemberRepo::new(&ctx.db()).find_by_user(user_id).await?,
        None => None,
    };
    let Some(row) = row else { return Ok(ctx.agency().name.clone()) };
    if !row.display_name.is_empty() {
        return Ok(row.display_name);
    }
    Ok(with_person(ctx.platform(REASON), row).await?.person.email)
}
