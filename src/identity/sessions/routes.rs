//! The API of the sign-ins of a person.

use actix_web::web::Path;
use actix_web::{HttpResponse, delete, get};
use kernel::error::Result;
use kernel::http::problem::Problem;
use kernel::http::{Listed, NoContent, PageView, SignedIn, ValidQuery};
use kernel::store::PageRequest;

use super::model::{EndQuery, SessionPath, SessionView, SessionsQuery};
use super::service;
use crate::auth::cookies;

/// List one's sign-ins.
///
/// Those that last, the newest first: where, with which program, and when they were last used.
#[utoipa::path(
    tag = "auth",
    operation_id = "auth_sessions",
    params(SessionsQuery),
    responses((status = 200, body = PageView<SessionView>))
)]
#[get("/api/v1/auth/sessions")]
pub(super) async fn list(
    caller: SignedIn,
    query: ValidQuery<SessionsQuery>,
) -> Result<Listed<SessionView>> {
    let SessionsQuery { limit, cursor, include } = query.into_inner();
    let page = PageRequest::parse(limit, cursor.as_deref(), include.as_deref())?;
    service::list(&caller.app, &caller.user, &page).await.map(Listed::from)
}

/// End all other sign-ins.
///
/// The one that asks stays, unless `include_current` says otherwise. The others' refresh tokens are
/// worthless at once, their access tokens too, and their live streams end within a minute.
#[utoipa::path(
    tag = "auth",
    operation_id = "auth_end_other_sessions",
    params(EndQuery),
    responses((status = 204, description = "They have ended."))
)]
#[delete("/api/v1/auth/sessions")]
pub(super) async fn end_others(
    caller: SignedIn,
    query: ValidQuery<EndQuery>,
) -> Result<HttpResponse> {
    let all = query.into_inner().include_current.unwrap_or(false);
    service::end_many(&caller.app, &caller.user, all, &caller.request).await?;
    if all { cookies::signed_out(&caller.app) } else { Ok(HttpResponse::NoContent().finish()) }
}

/// End a sign-in.
///
/// Any of one's own, the one that asks included.
#[utoipa::path(
    tag = "auth",
    operation_id = "auth_end_session",
    params(SessionPath),
    responses(
        (status = 204, description = "It has ended."),
        (status = 404, description = "There is no such sign-in of this person, or it has ended.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/api/v1/auth/sessions/{session_id}")]
pub(super) async fn end(caller: SignedIn, path: Path<SessionPath>) -> Result<NoContent> {
    service::end(&caller.app, &caller.user, path.session_id, &caller.request).await?;
    Ok(NoContent)
}
