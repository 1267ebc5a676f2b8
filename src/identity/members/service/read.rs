//! Reading members.

use std::collections::HashMap;

use entity::membership::MembershipStatus;
use entity::{MembershipId, UserId, membership, user};
use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::store::{Page, PageRequest, PlatformDb};

use crate::members::model::Member;
use crate::members::repo::MemberRepo;
use crate::people::UserRepo;

/// Why people are read outside the agency's scope.
pub(super) const REASON: &str = "a person may belong to several agencies";

/// A page of the members, in the order in which they were invited.
///
/// # Errors
/// [`Error::Validation`] for a cursor of another list.
pub async fn list(ctx: &TenantContext, page: &PageRequest) -> Result<Page<Member>> {
    let page = MemberRepo::new(&ctx.db()).page(page).await?;
    let ids = page.data.iter().map(|row| row.user_id).collect();
    let people = UserRepo::new(ctx.platform(REASON)).find_all(ids).await?;
    let people: HashMap<UserId, user::Model> = people.into_iter().map(|p| (p.id, p)).collect();
    let Page { data, next, total } = page;
    let data = data
        .into_iter()
        .map(|row| {
            let person = people.get(&row.user_id).cloned().ok_or_else(nobody)?;
            Ok(Member { row, person })
        })
        .collect::<Result<_>>()?;
    Ok(Page { data, next, total })
}

/// One member.
///
/// # Errors
/// [`Error::NotFound`] when the agency has no such member.
pub async fn read(ctx: &TenantContext, id: MembershipId) -> Result<Member> {
    let row = MemberRepo::new(&ctx.db()).require(id).await?;
    with_person(ctx.platform(REASON), row).await
}

/// Whether a person is a member of the agency, or is invited to it.
///
/// # Errors
/// Those of the database.
pub(crate) async fn belongs(ctx: &TenantContext, user_id: UserId) -> Result<bool> {
    let row = MemberRepo::new(&ctx.db()).find_by_user(user_id).await?;
    Ok(row.is_some_and(|row| row.status != MembershipStatus::Suspended))
}

/// A membership with its person.
pub(super) async fn with_person(db: PlatformDb<'_>, row: membership::Model) -> Result<Member> {
    let person = UserRepo::new(db).find(row.user_id).await?.ok_or_else(nobody)?;
    Ok(Member { row, person })
}

fn nobody() -> Error {
    Error::internal("a membership of nobody")
}
