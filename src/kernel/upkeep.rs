//! Removes what is no longer needed: expired tokens, remembered answers, finished jobs, and who has
//! looked at a document lately.

use std::time::Duration;

use chrono::TimeDelta;
use entity::job::JobState;
use entity::{document_view, idempotency_key, job, session, token};
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
    db.delete_many(token::Entity::delete_many().filter(token::Column::ExpiresAt.lt(now))).await?;
    db.delete_many(
        session::Entity::delete_many().filter(session::Column::ExpiresAt.lt(now - KEEP_SESSIONS)),
    )
    .await?;
    let old_jobs = job::Entity::delete_many()
        .filter(job::Column::State.eq(JobState::Done))
        .filter(job::Column::FinishedAt.lt(now - KEEP_JOBS));
    db.delete_many(old_jobs).await?;
    let old_views = document_view::Entity::delete_many()
        .filter(document_view::Column::ViewedAt.lt(now - KEEP_VIEWS));
    db.delete_many(old_views).await?;
    drop(db);
    transaction.commit().await
}
