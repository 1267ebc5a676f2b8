//! Handing an agency over.

use entity::MembershipId;
use entity::membership::{MembershipStatus, Role};
use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::events::AccessChange;
use kernel::store::Activity;
use serde_json::json;

use super::invite::event;
use super::read::{REASON, with_person};
use crate::members::model::Member;
use crate::members::repo::MemberRepo;

/// Makes an active member the owner; the acting owner takes that member's role. Of parallel
/// transfers one succeeds.
///
/// # Errors
/// [`Error::Validation`] when the member is not one of the agency's, is the owner, or has yet to
/// come in; [`Error::Conflict`] (`not_owner`) when the ownership has passed on meanwhile.
pub async fn transfer_ownership(ctx: &TenantContext, to: MembershipId) -> Result<Member> {
    let me = ctx.require_member()?.membership_id;
    let refuse = |code, detail| Error::invalid("/member_id", code, detail);
    let tx = ctx.begin().await?;
    let members = MemberRepo::new(&tx);
    let heir = members.find(to).await?;
    let heir = heir.ok_or_else(|| refuse("unknown", "is no member of this agency"))?;
    if heir.id == me {
        return Err(refuse("is_owner", "is the owner already"));
    }
    if heir.status != MembershipStatus::Active {
        return Err(refuse("not_active", "has yet to accept the invitation"));
    }
    let now = ctx.now();
    // The owner first: parallel transfers meet here, and one finds the role gone.
    let former = members.swap_role(me, (Role::Owner, heir.role), now).await?;
    let former = former.ok_or_else(changed)?;
    let owner = members.swap_role(to, (heir.role, Role::Owner), now).await?.ok_or_else(changed)?;
    let transferred = Activity::new("agency.ownership_transferred", "agency", ctx.agency_id());
    tx.record(transferred.changed(json!({"owner": former.id}), json!({"owner": owner.id})));
    tx.publish(event("member.updated", &former)?);
    tx.publish(event("member.updated", &owner)?);
    let member = with_person(tx.platform(REASON), owner).await?;
    tx.commit().await?;
    for user_id in [former.user_id, member.row.user_id] {
        ctx.app().bus().access_changed(AccessChange::Person(user_id));
    }
    Ok(member)
}

fn changed() -> Error {
    Error::conflict("not_owner", "the roles have changed meanwhile; read the members again")
}
