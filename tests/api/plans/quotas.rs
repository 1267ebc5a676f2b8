//! Quotas of work that leaves the database: reserved before, settled or given back after.

use chrono::TimeDelta;
use entity::agency::Tier;
use entity::usage_reservation;
use futures_util::future::join_all;
use kernel::quota::{self, Reservation};
use kernel::tenancy::{Limit, TenantContext};
use kernel::{Error, upkeep};
use reqwest::Method;
use sea_orm::EntityTrait;
use serde_json::json;

use super::{acting, agency_on, paid, put_on, used};
use crate::support::{Agency, TestApp, minutes};

const LEASE: TimeDelta = TimeDelta::minutes(2);

/// The smallest GIF: one transparent pixel.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x01\x00\
    \x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

/// What fails when there is no room.
fn is_limit(error: &Error) -> bool {
    error.code() == "plan_limit_reached"
}

async fn reserve_one(context: &TenantContext) -> Result<Reservation, Error> {
    quota::reserve(context, Limit::AiGenerations, 1, LEASE).await
}

async fn settle(context: &TenantContext, reservation: &Reservation) {
    let tx = context.begin().await.unwrap();
    reservation.settle(&tx).await.unwrap();
    tx.commit().await.unwrap();
}

/// Attempts so many at once on one server, half of which fail after the reservation when `failing`;
/// returns how many got room.
async fn attempts(app: &TestApp, agency: &Agency, count: usize, failing: bool) -> usize {
    acting(app, agency.id(), move |context| async move {
        let attempt = async |number: usize| match reserve_one(&context).await {
            Ok(reservation) if failing && number.is_multiple_of(2) => {
                reservation.release(&context).await.unwrap();
                true
            }
            Ok(reservation) => {
                settle(&context, &reservation).await;
                true
            }
            Err(error) => {
                assert!(is_limit(&error), "{error:?}");
                false
            }
        };
        join_all((0..count).map(attempt)).await.into_iter().filter(|got| *got).count()
    })
    .await
}

async fn reserved(app: &TestApp, agency: &Agency) -> usize {
    acting(app, agency.id(), |context| async move {
        context.db().all(usage_reservation::Entity::find()).await.unwrap().len()
    })
    .await
}

async fn server() -> TestApp {
    TestApp::spawn_with(|options| options.set("DATABASE_ACQUIRE_TIMEOUT", "30s")).await
}

#[tokio::test]
async fn fifty_parallel_attempts_at_a_quota_of_five_are_five() {
    let app = server().await;
    let acme = agency_on(&app, "acme", Tier::Free).await;

    let got = attempts(&app, &acme, 50, false).await;

    assert_eq!(got, 5);
    assert_eq!(used(&acme, "ai_generations").await, 5);
    assert_eq!(reserved(&app, &acme).await, 0);
    assert_eq!(attempts(&app, &acme, 1, false).await, 0);
}

#[tokio::test]
async fn fifty_parallel_attempts_at_three_replicas_are_five() {
    let app = server().await;
    let acme = agency_on(&app, "acme", Tier::Free).await;
    let slow = |options: crate::support::Options| options.set("DATABASE_ACQUIRE_TIMEOUT", "30s");
    let (second, third) = (app.replica_with(slow).await, app.replica_with(slow).await);

    let (a, b, c) = tokio::join!(
        attempts(&app, &acme, 17, false),
        attempts(&second, &acme, 17, false),
        attempts(&third, &acme, 16, false),
    );

    assert_eq!(a + b + c, 5);
    assert_eq!(used(&acme, "ai_generations").await, 5);
    drop((second, third));
}

#[tokio::test]
async fn attempts_that_fail_give_back_what_they_reserved() {
    let app = server().await;
    let acme = agency_on(&app, "acme", Tier::Starter).await;

    let got = attempts(&app, &acme, 20, true).await;

    assert_eq!(got, 20);
    assert_eq!(used(&acme, "ai_generations").await, 10);
    assert_eq!(reserved(&app, &acme).await, 0);
}

#[tokio::test]
async fn what_a_crashed_attempt_reserved_is_given_back_once_when_its_lease_is_over() {
    let app = server().await;
    let acme = agency_on(&app, "acme", Tier::Free).await;
    let replica = app.replica().await;
    acting(&app, acme.id(), |context| async move {
        for _ in 0..5 {
            // Nobody ever says how these ended.
            drop(reserve_one(&context).await.unwrap());
        }
        assert!(is_limit(&reserve_one(&context).await.unwrap_err()));
    })
    .await;
    let sweep = |app: &TestApp| app.app().clone();

    app.clock.advance(minutes(1));
    app.on_server(|app| async move { upkeep::sweep(&app).await.unwrap() }).await;
    assert_eq!(used(&acme, "ai_generations").await, 5);

    app.clock.advance(minutes(2));
    let (first, second) = (sweep(&app), sweep(&replica));
    let (first, second) = tokio::join!(
        app.on_server(|_| async move { quota::expire(&first).await.unwrap() }),
        replica.on_server(|_| async move { quota::expire(&second).await.unwrap() }),
    );

    assert_eq!(first + second, 5);
    assert_eq!(used(&acme, "ai_generations").await, 0);
    assert_eq!(attempts(&app, &acme, 6, false).await, 5);
    drop(replica);
}

#[tokio::test]
async fn a_reservation_is_settled_or_released_once() {
    let app = server().await;
    let acme = agency_on(&app, "acme", Tier::Free).await;

    acting(&app, acme.id(), |context| async move {
        let done = reserve_one(&context).await.unwrap();
        settle(&context, &done).await;
        done.release(&context).await.unwrap();
        let failed = reserve_one(&context).await.unwrap();
        failed.release(&context).await.unwrap();
        failed.release(&context).await.unwrap();
        // Rolled back, it is still reserved.
        let open = reserve_one(&context).await.unwrap();
        let tx = context.begin().await.unwrap();
        open.settle(&tx).await.unwrap();
        drop(tx);
        open.release(&context).await.unwrap();
    })
    .await;

    assert_eq!(used(&acme, "ai_generations").await, 1);
    assert_eq!(reserved(&app, &acme).await, 0);
}

#[tokio::test]
async fn work_that_outlives_its_lease_is_counted_all_the_same() {
    let app = server().await;
    let acme = agency_on(&app, "acme", Tier::Free).await;
    let late = acting(&app, acme.id(), |context| async move { reserve_one(&context).await }).await;
    let late = late.unwrap();
    app.clock.advance(minutes(3));
    app.on_server(|app| async move { upkeep::sweep(&app).await.unwrap() }).await;
    assert_eq!(used(&acme, "ai_generations").await, 0);

    acting(&app, acme.id(), |context| async move { settle(&context, &late).await }).await;

    assert_eq!(used(&acme, "ai_generations").await, 1);
}

#[tokio::test]
async fn without_a_limit_it_is_counted_and_holds_when_the_plan_shrinks() {
    let app = server().await;
    let acme = agency_on(&app, "acme", Tier::Enterprise).await;

    assert_eq!(attempts(&app, &acme, 12, false).await, 12);
    put_on(&app, acme.id(), paid(Tier::Free)).await;

    assert_eq!(used(&acme, "ai_generations").await, 12);
    assert_eq!(attempts(&app, &acme, 1, false).await, 0);
    put_on(&app, acme.id(), paid(Tier::Starter)).await;
    assert_eq!(attempts(&app, &acme, 20, false).await, 13);
}

#[tokio::test]
async fn a_file_beyond_the_plan_is_refused_before_it_is_stored() {
    let app = server().await;
    let acme = agency_on(&app, "acme", Tier::Free).await;
    let owner = acme.owner();
    let put_logo =
        async || owner.send(Method::PUT, "/branding/logo", Some("image/gif"), PIXEL.to_vec()).await;
    // All but a few bytes.
    let room = 100 * 1024 * 1024 - 10;
    let rest = acting(&app, acme.id(), move |context| async move {
        quota::reserve(&context, Limit::StorageMb, room, LEASE).await.unwrap()
    })
    .await;
    let files = || files_of(&app, &acme);
    assert_eq!(files(), 0);

    let problem = put_logo().await.refused(403, "plan_limit_reached");

    assert_eq!(problem["resource"], "storage_mb");
    assert_eq!((&problem["limit"], &problem["used"]), (&json!(100), &json!(100)));
    assert_eq!(problem["required_tier"], "starter");
    assert_eq!(files(), 0);
    acting(&app, acme.id(), move |context| async move { rest.release(&context).await.unwrap() })
        .await;
    put_logo().await.expect(200);
    assert_eq!(files(), 1);
    assert_eq!(used(&acme, "storage_mb").await, 1);
    // The same bytes again take no more room, and what is taken away stays where it was shown.
    owner.delete("/branding/logo").await.no_content();
    put_logo().await.expect(200);
    assert_eq!(files(), 1);
    let drift = acting(&app, acme.id(), |context| async move { quota::drift(&context).await });
    assert_eq!(drift.await.unwrap(), []);
}

#[tokio::test]
async fn an_upload_that_fails_gives_its_room_back() {
    let app = server().await;
    let acme = app.agency("acme").await;
    let stale = acme.owner().if_match("\"999\"");

    let upload = stale.send(Method::PUT, "/branding/logo", Some("image/gif"), PIXEL.to_vec());
    upload.await.refused(412, "precondition_failed");
    // Where the bytes cannot be stored, either.
    let folder = app.app().config().data_dir.join("files");
    let place = folder.join(acme.id().uuid().to_string());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(&place, "a file where a folder should be").unwrap();
    let owner = acme.owner().unchecked();
    let upload = owner.send(Method::PUT, "/branding/logo", Some("image/gif"), PIXEL.to_vec());
    assert!(upload.await.code() >= 500);

    assert_eq!(used(&acme, "storage_mb").await, 0);
    assert_eq!(reserved(&app, &acme).await, 0);
    std::fs::remove_file(&place).unwrap();
    let upload = owner.send(Method::PUT, "/branding/logo", Some("image/gif"), PIXEL.to_vec());
    upload.await.expect(200);
}

/// How many files an agency has in the file store.
fn files_of(app: &TestApp, agency: &Agency) -> usize {
    let folder = app.app().config().data_dir.join("files").join(agency.id().uuid().to_string());
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}
