//! The API of invitations, for whoever holds the link of one.

use actix_web::get;
use actix_web::web::{Data, Json, Path};
use kernel::App;
use kernel::error::Result;

use super::model::InviteView;
use super::service;

/// Look an invitation up.
///
/// Whether an agency can be created with it (`invite_token` of `POST /api/v1/agencies`), by whom —
/// the address is masked — and until when.
#[utoipa::path(tag = "invites", operation_id = "invites_look_up", params(("token" = String, Path, description = "The token of the invitation's link.")), responses((status = 200, body = InviteView)))]
#[get("/public/v1/invites/{token}")]
pub(super) async fn look_up(app: Data<App>, token: Path<String>) -> Result<Json<InviteView>> {
    service::look_up(&app, &token).await.map(Json)
}
