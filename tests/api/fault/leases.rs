//! What becomes of a job whose worker has died.

use entity::job::{self, JobState};
use kernel::jobs::RunReport;
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use crate::support::{TestApp, TimeDelta};

const REASON: &str = "a test plays a worker that dies";

/// How long a job belongs to a worker without a sign of life.
const LEASE: TimeDelta = TimeDelta::seconds(30);

/// A server with one waiting job, which a worker has taken and not finished. `attempt` is the
/// number of its attempt.
async fn abandoned(attempt: SimpleExpr) -> TestApp {
    let app = TestApp::spawn().await;
    let link = json!({"email": "ada@x.test"});
    let _ = app.anonymous().post("/api/v1/auth/magic-link", link).await.expect(202);
    let until = kernel::ports::clock::Clock::now(&app.clock) + LEASE;
    let take = job::Entity::update_many()
        .col_expr(job::Column::State, Expr::value(JobState::Running))
        .col_expr(job::Column::Attempts, attempt)
        .col_expr(job::Column::LeaseOwner, Expr::value("somebody who died"))
        .col_expr(job::Column::LeaseUntil, Expr::value(until))
        .filter(job::Column::State.eq(JobState::Ready));
    let taken = app.on_server(|app| async move {
        let tx = app.store().begin_platform(REASON).await.expect("a unit of work");
        let taken = tx.db().update_many(take).await.expect("the queue");
        tx.commit().await.expect("the queue");
        taken
    });
    assert_eq!(taken.await, 1, "one job waits");
    app
}

/// What has become of that job, the newest there is.
async fn job(app: &TestApp) -> job::Model {
    let newest = job::Entity::find().order_by_desc(job::Column::Id);
    let found = app.on_server(|app| async move { app.store().platform(REASON).one(newest).await });
    found.await.expect("the queue").expect("a job")
}

/// How many mails it has sent.
async fn mails(app: &TestApp) -> usize {
    app.inbox().await.iter().filter(|mail| mail.to == "ada@x.test").count()
}

#[tokio::test]
async fn a_job_is_taken_up_again_when_the_lease_of_its_worker_has_run_out() {
    let app = abandoned(Expr::value(1)).await;

    let before = app.run_jobs().await;
    app.clock.advance(LEASE);
    let after = app.run_jobs().await;

    assert_eq!(before, RunReport::default());
    assert_eq!(after, RunReport { done: 1, failed: 0 });
    assert_eq!(mails(&app).await, 1);
    assert_eq!((job(&app).await.state, job(&app).await.attempts), (JobState::Done, 2));
}

#[tokio::test]
async fn a_job_that_ends_its_worker_every_time_is_put_aside() {
    let app = abandoned(Expr::col(job::Column::MaxAttempts)).await;

    app.clock.advance(LEASE);
    let after = app.run_jobs().await;

    assert_eq!(after, RunReport::default());
    assert_eq!(mails(&app).await, 0);
    let job = job(&app).await;
    assert_eq!(job.state, JobState::Dead);
    assert!(job.last_error.is_some_and(|error| error.contains("process ended")));
}
