//! The API of impersonation.

use actix_web::post;
use actix_web::web::{Json, Path};
use entity::AgencyId;
use kernel::error::Result;
use kernel::http::{Created, Operator, ValidJson};

use super::model::{GrantView, NewGrant, Stopped};
use super::service;

/// Enter an agency in the owner's place.
///
/// For four hours at most, one grant at a time for each agency; a suspended agency can be entered,
/// a deleted one cannot. The owner is told by mail. Afterwards the agency's own operations are open
/// to the caller, but for its ownership, deletion, API keys, subscription, payments account,
/// refunds, bank account and the export of all its data (403 `impersonation_not_allowed`). When the
/// grant is over they answer 403 `impersonation_grant_expired`.
#[utoipa::path(tag = "operator", operation_id = "admin_impersonation_start", request_body = NewGrant, responses((status = 201, body = GrantView)))]
#[post("/api/v1/admin/agencies/{agency_id}/impersonate")]
pub(super) async fn start(
    operator: Operator,
    id: Path<AgencyId>,
    body: ValidJson<NewGrant>,
) -> Result<Created<GrantView>> {
    let view = service::start(&operator, id.into_inner(), body.into_inner()).await?;
    Ok(Created::at(format!("/api/v1/agencies/{}", view.agency_slug), view))
}

/// Leave every agency that was entered.
///
/// Says how many there were; none is fine.
#[utoipa::path(tag = "operator", operation_id = "admin_impersonation_stop", responses((status = 200, body = Stopped)))]
#[post("/api/v1/admin/impersonation/stop")]
pub(super) async fn stop(operator: Operator) -> Result<Json<Stopped>> {
    Ok(Json(Stopped { stopped: service::stop(&operator).await? }))
}
