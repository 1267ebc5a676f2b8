//! Removes what is no longer needed: expired tokens, remembered answers, finished jobs, who has
//! looked at a document lately, and what crashed work has reserved of plans.

use std::time::Duration;

use chrono::TimeDelta;
use entity::beta_invite::InviteStatus;
use entity::job::JobState;
use entity::{
    attempt_window, beta_invite, document_view, idempotency_key, impersonation_grant, job,
    login_state, pending_sign_in, security_event, session, token,
};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio::sync::watch;

use crate::error::Result;
use crate::state::App;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(3600);

/// How long a finished job stays visible; a dead letter stays until somebody decides.
const KEEP_JOBS: TimeDelta = TimeDelta::days(30);

/// How long an ended sign-in stays, so that re-use of its tokens is still recognised.
const KEEP_SESSIONS: TimeDelta = TimeDelta::days(30);

/// How long it is kept who has looked at a document: longer than the time in which a visitor is
/// counted once.
const KEEP_VIEWS: TimeDelta = TimeDelta::days(1);

/// Cleans up every hour until `stop` says so.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = sweep(&app).await {
            tracing::warn!(error = %error, "the upkeep failed and will be tried again");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Cleans up once.
///
/// # Errors
/// Those of the database.
pub async fn sweep(app: &App) -> Result<()> {
    let now = app.clock().now();
    let transaction = app.store().begin_platform("what has expired, in all agencies").await?;
    let db = transaction.db();
    db.delete_many(
        idempotency_key::Entity::delete_many().filter(idempotency_key::Column::ExpiresAt.lt(now)),
    )
    .await?;
    let ended =
        pending_sign_in::Entity::delete_many().filter(pending_sign_in::Column::ExpiresAt.lt(now));
    db.delete_many(ended).await?;
    let old_windows =
        attempt_window::Entity::delete_many().filter(attempt_window::Column::EndsAt.lt(now));
    db.delete_many(old_windows).await?;
    db.delete_many(
        login_state::Entity::delete_many().filter(login_state::Column::ExpiresAt.lt(now)),
    )
    .await?;
    db.delete_many(token::Entity::delete_many().filter(token::Column::ExpiresAt.lt(now))).await?;
    db.delete_many(
        session::Entity::delete_many().filter(session::Column::ExpiresAt.lt(now - KEEP_SESSIONS)),
    )
    .await?;
    // Already over by the clock; written down so that it is seen in the table too.
    let late_invites = beta_invite::Entity::update_many()
        .col_expr(beta_invite::Column::Status, Expr::value(InviteStatus::Expired))
        .col_expr(beta_invite::Column::Version, Expr::col(beta_invite::Column::Version).add(1))
        .col_expr(beta_invite::Column::UpdatedAt, Expr::value(now))
        .filter(beta_invite::Column::Status.eq(InviteStatus::Pending))
        .filter(beta_invite::Column::ExpiresAt.lte(now));
    db.update_many(late_invites).await?;
    let late_grants = impersonation_grant::Entity::update_many()
        .col_expr(
            impersonation_grant::Column::EndedAt,
            Expr::col(impersonation_grant::Column::ExpiresAt),
        )
        .filter(impersonation_grant::Column::EndedAt.is_null())
        .filter(impersonation_grant::Column::ExpiresAt.lte(now));
    db.update_many(late_grants).await?;
    let old_jobs = job::Entity::delete_many()
        .filter(job::Column::State.eq(JobState::Done))
        .filter(job::Column::FinishedAt.lt(now - KEEP_JOBS));
    db.delete_many(old_jobs).await?;
    let old_events = security_event::Entity::delete_many()
        .filter(security_event::Column::At.lt(now - crate::security::KEEP));
    db.delete_many(old_events).await?;
    let old_views = document_view::Entity::delete_many()
        .filter(document_view::Column::ViewedAt.lt(now - KEEP_VIEWS));
    db.delete_many(old_views).await?;
    drop(db);
    transaction.commit().await?;
    crate::quota::expire(app).await?;
    Ok(())
}
