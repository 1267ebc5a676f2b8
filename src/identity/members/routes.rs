//! The API of memberships.

use actix_web::web::Path;
use actix_web::{delete, get, patch, post};
use kernel::error::Result;
use kernel::http::{
    Authorized, Created, IfMatch, Listed, NoContent, PageView, Read, ValidJson, ValidQuery,
};
use kernel::perm;
use kernel::store::PageRequest;

use super::model::{
    MemberPatch, MemberPath, MemberView, MembersQuery, NewMember, OwnershipTransfer, RoleChange,
};
use super::service;

/// List the members of an agency.
///
/// In the order in which they were invited, the founder first; invitations are among them.
#[utoipa::path(
    tag = "members",
    operation_id = "members_list",
    params(MembersQuery),
    responses((status = 200, body = PageView<MemberView>))
)]
#[get("/api/v1/agencies/{agency_slug}/members")]
pub(super) async fn list(
    ctx: Authorized<perm::MemberView>,
    query: ValidQuery<MembersQuery>,
) -> Result<Listed<MemberView>> {
    let MembersQuery { limit, cursor, include } = query.into_inner();
    let page = PageRequest::parse(limit, cursor.as_deref(), include.as_deref())?;
    Ok(Listed::from(service::list(&ctx, &page).await?.map(MemberView::from)))
}

/// Invite a person to an agency.
///
/// A person who has signed in before is a member at once; anybody else when they first sign in with
/// the address. A mail tells them.
#[utoipa::path(
    tag = "members",
    operation_id = "members_invite",
    request_body = NewMember,
    responses((status = 201, body = MemberView))
)]
#[post("/api/v1/agencies/{agency_slug}/members")]
pub(super) async fn invite(
    ctx: Authorized<perm::MemberInvite>,
    body: ValidJson<NewMember>,
) -> Result<Created<MemberView>> {
    let member = service::invite(&ctx, body.into_inner()).await?;
    let (location, etag) = (ctx.path(&format!("members/{}", member.row.id)), member.etag());
    Ok(Created::at(location, member.into()).etag(etag))
}

/// Change one's own display name.
#[utoipa::path(
    tag = "members",
    operation_id = "members_rename_me",
    request_body = MemberPatch,
    responses((status = 200, body = MemberView))
)]
#[patch("/api/v1/agencies/{agency_slug}/members/me")]
pub(super) async fn rename_me(
    ctx: Authorized<perm::MemberView>,
    if_match: IfMatch,
    body: ValidJson<MemberPatch>,
) -> Result<Read<MemberView>> {
    let member = service::rename_me(&ctx, if_match, body.into_inner().display_name).await?;
    Ok(Read::new(member.etag(), member.into()))
}

/// Leave an agency.
///
/// The owner transfers the ownership first.
#[utoipa::path(tag = "members", operation_id = "members_leave", responses((status = 204, description = "No member any more.")))]
#[post("/api/v1/agencies/{agency_slug}/members/leave")]
pub(super) async fn leave(ctx: Authorized<perm::MemberView>) -> Result<NoContent> {
    service::leave(&ctx).await?;
    Ok(NoContent)
}

/// Read a member.
#[utoipa::path(tag = "members", operation_id = "members_read", responses((status = 200, body = MemberView)))]
#[get("/api/v1/agencies/{agency_slug}/members/{member_id}")]
pub(super) async fn read(
    ctx: Authorized<perm::MemberView>,
    path: Path<MemberPath>,
) -> Result<Read<MemberView>> {
    let member = service::read(&ctx, path.member_id).await?;
    Ok(Read::new(member.etag(), member.into()))
}

/// Change a member's display name.
///
/// An owner's name is changed by that owner only.
#[utoipa::path(
    tag = "members",
    operation_id = "members_rename",
    request_body = MemberPatch,
    responses((status = 200, body = MemberView))
)]
#[patch("/api/v1/agencies/{agency_slug}/members/{member_id}")]
pub(super) async fn rename(
    ctx: Authorized<perm::MemberInvite>,
    path: Path<MemberPath>,
    if_match: IfMatch,
    body: ValidJson<MemberPatch>,
) -> Result<Read<MemberView>> {
    let name = body.into_inner().display_name;
    let member = service::rename(&ctx, path.member_id, if_match, name).await?;
    Ok(Read::new(member.etag(), member.into()))
}

/// Remove a member.
///
/// The owner removes anybody else; an admin removes members only. What they made stays.
#[utoipa::path(tag = "members", operation_id = "members_remove", responses((status = 204, description = "No member any more.")))]
#[delete("/api/v1/agencies/{agency_slug}/members/{member_id}")]
pub(super) async fn remove(
    ctx: Authorized<perm::MemberRemove>,
    path: Path<MemberPath>,
    if_match: IfMatch,
) -> Result<NoContent> {
    service::remove(&ctx, path.member_id, if_match).await?;
    Ok(NoContent)
}

/// Change a member's role.
///
/// The owner's role passes on by a transfer of ownership only.
#[utoipa::path(
    tag = "members",
    operation_id = "members_change_role",
    request_body = RoleChange,
    responses((status = 200, body = MemberView))
)]
#[patch("/api/v1/agencies/{agency_slug}/members/{member_id}/role")]
pub(super) async fn change_role(
    ctx: Authorized<perm::MemberChangeRole>,
    path: Path<MemberPath>,
    if_match: IfMatch,
    body: ValidJson<RoleChange>,
) -> Result<Read<MemberView>> {
    let role = body.into_inner().role;
    let member = service::change_role(&ctx, path.member_id, if_match, role).await?;
    Ok(Read::new(member.etag(), member.into()))
}

/// Send an invitation again.
///
/// Possible until the person has come in.
#[utoipa::path(tag = "members", operation_id = "members_resend_invitation", responses((status = 200, body = MemberView)))]
#[post("/api/v1/agencies/{agency_slug}/members/{member_id}/resend-invitation")]
pub(super) async fn resend_invitation(
    ctx: Authorized<perm::MemberInvite>,
    path: Path<MemberPath>,
) -> Result<Read<MemberView>> {
    let member = service::resend_invitation(&ctx, path.member_id).await?;
    Ok(Read::new(member.etag(), member.into()))
}

/// Take an invitation back.
///
/// Possible until the person has come in.
#[utoipa::path(tag = "members", operation_id = "members_cancel_invitation", responses((status = 204, description = "No longer invited.")))]
#[delete("/api/v1/agencies/{agency_slug}/members/{member_id}/invitation")]
pub(super) async fn cancel_invitation(
    ctx: Authorized<perm::MemberInvite>,
    path: Path<MemberPath>,
    if_match: IfMatch,
) -> Result<NoContent> {
    service::cancel_invitation(&ctx, path.member_id, if_match).await?;
    Ok(NoContent)
}

/// Transfer the ownership of an agency.
///
/// To an active member, whose role the former owner takes.
#[utoipa::path(
    tag = "members",
    operation_id = "members_transfer_ownership",
    request_body = OwnershipTransfer,
    responses((status = 200, body = MemberView))
)]
#[post("/api/v1/agencies/{agency_slug}/ownership-transfer")]
pub(super) async fn transfer_ownership(
    ctx: Authorized<perm::MemberTransferOwnership>,
    body: ValidJson<OwnershipTransfer>,
) -> Result<Read<MemberView>> {
    let member = service::transfer_ownership(&ctx, body.into_inner().member_id).await?;
    Ok(Read::new(member.etag(), member.into()))
}
