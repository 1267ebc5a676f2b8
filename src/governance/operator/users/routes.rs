//! The API of people, for the operator.

use actix_web::web::Path;
use actix_web::{delete, get, patch, post};
use entity::UserId;
use kernel::error::Result;
use kernel::http::{IfMatch, Listed, NoContent, Operator, PageView, Read, ValidJson, ValidQuery};
use kernel::store::PageRequest;

use super::model::{
    AccessPatch, MembershipPath, Suspension, UserDetail, UserPatch, UserSummary, UsersQuery,
};
use super::service;

fn shown(view: UserDetail) -> Result<Read<UserDetail>> {
    Ok(Read::new(view.etag()?, view))
}

/// List all people.
///
/// Newest first; those who were invited and have yet to sign in are among them.
#[utoipa::path(tag = "operator", operation_id = "admin_users_list", params(UsersQuery), responses((status = 200, body = PageView<UserSummary>)))]
#[get("/api/v1/admin/users")]
pub(super) async fn list(
    operator: Operator,
    query: ValidQuery<UsersQuery>,
) -> Result<Listed<UserSummary>> {
    let query = query.into_inner();
    let (cursor, include) = (query.cursor.as_deref(), query.include.as_deref());
    let page = PageRequest::parse(query.limit, cursor, include)?;
    Ok(service::list(&operator, &query, &page).await?.into())
}

/// Read a person.
///
/// With their memberships.
#[utoipa::path(tag = "operator", operation_id = "admin_users_read", responses((status = 200, body = UserDetail)))]
#[get("/api/v1/admin/users/{user_id}")]
pub(super) async fn read(operator: Operator, id: Path<UserId>) -> Result<Read<UserDetail>> {
    shown(service::read(&operator, id.into_inner()).await?)
}

/// Change a person's address or picture.
///
/// Another operator is 403 `super_admin_protected`.
#[utoipa::path(tag = "operator", operation_id = "admin_users_update", request_body = UserPatch, responses((status = 200, body = UserDetail)))]
#[patch("/api/v1/admin/users/{user_id}")]
pub(super) async fn update(
    operator: Operator,
    id: Path<UserId>,
    if_match: IfMatch,
    body: ValidJson<UserPatch>,
) -> Result<Read<UserDetail>> {
    shown(service::update(&operator, id.into_inner(), if_match, body.into_inner()).await?)
}

/// Delete a person for good.
///
/// What they made stays, without naming them. 409 `sole_owner` names the agencies that would be left
/// without owner; oneself is 403 `own_account`, an operator 403 `super_admin_protected`.
#[utoipa::path(tag = "operator", operation_id = "admin_users_delete", responses((status = 204, description = "Deleted.")))]
#[delete("/api/v1/admin/users/{user_id}")]
pub(super) async fn delete(
    operator: Operator,
    id: Path<UserId>,
    if_match: IfMatch,
) -> Result<NoContent> {
    service::delete(&operator, id.into_inner(), if_match).await?;
    Ok(NoContent)
}

/// Decide whether a person operates the platform.
///
/// Effective with the next request. Oneself is 403 `own_account`.
#[utoipa::path(tag = "operator", operation_id = "admin_users_set_access", request_body = AccessPatch, responses((status = 200, body = UserDetail)))]
#[patch("/api/v1/admin/users/{user_id}/access")]
pub(super) async fn set_access(
    operator: Operator,
    id: Path<UserId>,
    if_match: IfMatch,
    body: ValidJson<AccessPatch>,
) -> Result<Read<UserDetail>> {
    shown(service::set_access(&operator, id.into_inner(), if_match, body.into_inner()).await?)
}

/// Keep a person out.
///
/// Ends every sign-in of theirs at once and refuses the next. Oneself is 403 `own_account`, another
/// operator 403 `super_admin_protected`.
#[utoipa::path(tag = "operator", operation_id = "admin_users_suspend", request_body = Suspension, responses((status = 200, body = UserDetail)))]
#[post("/api/v1/admin/users/{user_id}/suspend")]
pub(super) async fn suspend(
    operator: Operator,
    id: Path<UserId>,
    body: ValidJson<Suspension>,
) -> Result<Read<UserDetail>> {
    shown(service::suspend(&operator, id.into_inner(), body.into_inner()).await?)
}

/// Let a person in again.
///
/// They sign in anew.
#[utoipa::path(tag = "operator", operation_id = "admin_users_unsuspend", responses((status = 200, body = UserDetail)))]
#[post("/api/v1/admin/users/{user_id}/unsuspend")]
pub(super) async fn unsuspend(operator: Operator, id: Path<UserId>) -> Result<Read<UserDetail>> {
    shown(service::unsuspend(&operator, id.into_inner()).await?)
}

/// End a person's membership of an agency.
///
/// The last owner's is 409 `last_owner`.
#[utoipa::path(tag = "operator", operation_id = "admin_users_remove_membership", responses((status = 204, description = "No member any more.")))]
#[delete("/api/v1/admin/users/{user_id}/memberships/{agency_id}")]
pub(super) async fn remove_membership(
    operator: Operator,
    path: Path<MembershipPath>,
) -> Result<NoContent> {
    let MembershipPath { user_id, agency_id } = path.into_inner();
    service::remove_membership(&operator, user_id, agency_id).await?;
    Ok(NoContent)
}
