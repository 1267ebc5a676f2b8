//! The API of invitations, for the operator.

use actix_web::web::{Json, Path};
use actix_web::{get, post};
use entity::BetaInviteId;
use identity::invites::{NewInvite, service};
use kernel::error::Result;
use kernel::http::{Created, Operator, ValidJson, ValidQuery};
use kernel::store::{Page, PageRequest};

use super::model::{BetaInvitePageView, BetaInviteView, InvitesQuery};

/// List the invitations.
///
/// Newest first, with how many stand how.
#[utoipa::path(tag = "operator", operation_id = "admin_beta_invites_list", params(InvitesQuery), responses((status = 200, body = BetaInvitePageView)))]
#[get("/api/v1/admin/beta-invites")]
pub(super) async fn list(
    operator: Operator,
    query: ValidQuery<InvitesQuery>,
) -> Result<Json<BetaInvitePageView>> {
    let InvitesQuery { status, limit, cursor, include } = query.into_inner();
    let page = PageRequest::parse(limit, cursor.as_deref(), include.as_deref())?;
    let Page { data, next, total } = service::list(&operator, status, &page).await?;
    let counts = service::counts(&operator).await?.into_iter();
    let next_cursor = next.map(|cursor| cursor.encode());
    Ok(Json(BetaInvitePageView {
        data: data.into_iter().map(|row| BetaInviteView::new(row, operator.now())).collect(),
        has_more: next_cursor.is_some(),
        next_cursor,
        total,
        by_status: counts.map(|(status, count)| (status.as_str(), count)).collect(),
    }))
}

/// Invite somebody to try the product.
///
/// A mail with the link goes to the address. Only its holder can use it, within 30 days, and the
/// agency that is created with it uses everything without a charge. One can wait for each address.
#[utoipa::path(tag = "operator", operation_id = "admin_beta_invites_create", request_body = NewInvite, responses((status = 201, body = BetaInviteView)))]
#[post("/api/v1/admin/beta-invites")]
pub(super) async fn create(
    operator: Operator,
    body: ValidJson<NewInvite>,
) -> Result<Created<BetaInviteView>> {
    let row = service::create(&operator, body.into_inner()).await?;
    let view = BetaInviteView::new(row, operator.now());
    Ok(Created::at("/api/v1/admin/beta-invites".to_owned(), view))
}

/// Take an invitation back.
///
/// While it is pending; otherwise 409 `invalid_state`.
#[utoipa::path(tag = "operator", operation_id = "admin_beta_invites_revoke", responses((status = 200, body = BetaInviteView)))]
#[post("/api/v1/admin/beta-invites/{invite_id}/revoke")]
pub(super) async fn revoke(
    operator: Operator,
    id: Path<BetaInviteId>,
) -> Result<Json<BetaInviteView>> {
    let row = service::revoke(&operator, id.into_inner()).await?;
    Ok(Json(BetaInviteView::new(row, operator.now())))
}

/// Send the mail of an invitation again.
///
/// With the same link, while it is pending; otherwise 409 `invalid_state`.
#[utoipa::path(tag = "operator", operation_id = "admin_beta_invites_resend", responses((status = 200, body = BetaInviteView)))]
#[post("/api/v1/admin/beta-invites/{invite_id}/resend")]
pub(super) async fn resend(
    operator: Operator,
    id: Path<BetaInviteId>,
) -> Result<Json<BetaInviteView>> {
    let row = service::resend(&operator, id.into_inner()).await?;
    Ok(Json(BetaInviteView::new(row, operator.now())))
}
