//! What follows an invitation.

use entity::membership::MembershipStatus;
use entity::{EmailId, MembershipId, email};
use kernel::TenantContext;
use kernel::error::Result;
use kernel::store::Activity;

use super::invite::{event, inviter};
use super::read::{REASON, with_person};
use crate::members::mails::Letterhead;
use crate::members::repo::MemberRepo;
use crate::people::service::is_placeholder;

/// Sends the mail of an invitation under `email_id`. A person who has signed in before is a member
/// from then on; anybody else when they first sign in with the address. Repetition is harmless.
///
/// # Errors
/// Those of the database and of the templates.
pub(crate) async fn welcome(
    ctx: &TenantContext,
    id: MembershipId,
    email_id: EmailId,
) -> Result<()> {
    let Some(row) = MemberRepo::new(&ctx.db()).find(id).await? else { return Ok(()) };
    let letterhead = Letterhead::load(ctx, inviter(ctx, row.invited_by).await?).await?;
    let tx = ctx.begin().await?;
    let members = MemberRepo::new(&tx);
    let row = members.find(id).await?;
    let is_done = tx.find::<email::Entity>(email_id).await?.is_some();
    let Some(row) = row.filter(|_| !is_done) else { return Ok(()) };
    let mut member = with_person(tx.platform(REASON), row).await?;
    let comes_in =
        member.row.status == MembershipStatus::Invited && !is_placeholder(&member.person);
    if comes_in && let Some(row) = members.accept(member.row.user_id, ctx.now()).await? {
        tx.record(Activity::new("member.accepted", "member", row.id));
        tx.publish(event("member.accepted", &row)?);
        member.row = row;
    }
    letterhead.queue(ctx, &tx, &member, email_id).await?;
    tx.commit().await
}
