//! Replicas with a Redis between them, which comes and goes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use kernel::config::Config;
use kernel::http::limits::{LimitClass, Limiter};
use kernel::ports::clock::Clock;

use super::limited;
use crate::support::redis::PrivateRedis;
use crate::support::{Options, TestApp};

/// Long enough for a Redis on a machine that is busy with other tests.
const PATIENT: &str = "20s";

/// A public link that is none: reading it is counted all the same.
const LINK: &str = "/public/v1/proposals/x";

/// Limits as in production, counted in this Redis.
fn together(redis: &PrivateRedis, limits: &'static str) -> impl Fn(Options) -> Options {
    let url = redis.url();
    move |options| {
        let options =
            if limits.is_empty() { options.real_rate_limits() } else { limited(limits)(options) };
        options.set("REDIS_URL", url.clone()).set("REDIS_TIMEOUT", PATIENT)
    }
}

async fn read(app: &TestApp) -> u16 {
    app.anonymous().get(LINK).await.code()
}

#[tokio::test]
async fn the_sixty_first_read_in_a_minute_is_refused_wherever_it_lands() {
    let Some(redis) = PrivateRedis::start().await else { return };
    let first = TestApp::spawn_with(together(&redis, "")).await;
    let second = first.replica_with(together(&redis, "")).await;
    let third = first.replica_with(together(&redis, "")).await;
    let replicas = [&first, &second, &third];

    let reads = (0..60).map(|n| read(replicas[n % 3]));
    assert_eq!(join_all(reads).await, [404; 60]);

    for app in replicas {
        let refused = app.anonymous().get(LINK).await;
        let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        refused.refused(429, "rate_limited");
    }
    first.clock.advance(TimeDelta::minutes(1));
    assert_eq!(read(&third).await, 404);
}

#[tokio::test]
async fn a_redis_that_is_killed_costs_no_request_and_no_limit() {
    let Some(mut redis) = PrivateRedis::start().await else { return };
    let first = TestApp::spawn_with(together(&redis, "public_read=20/60")).await;
    let second = first.replica_with(together(&redis, "public_read=20/60")).await;
    let replicas = [&first, &second];
    for n in 0..10 {
        assert_eq!(read(replicas[n % 2]).await, 404);
    }

    // In the middle of the requests, and then for good.
    let reads = join_all((0..40).map(|n| read(replicas[n % 2])));
    let (codes, ()) = tokio::join!(reads, redis.kill());
    assert!(codes.iter().all(|code| [404, 429].contains(code)), "{codes:?}");
    first.clock.advance(TimeDelta::minutes(1));
    for app in replicas {
        // Each counts by itself, from nothing.
        let mut admitted = 0;
        while read(app).await == 404 {
            admitted += 1;
        }
        assert!((1..=20).contains(&admitted), "{admitted}");
        app.anonymous().get("/health/ready").await.expect(200);
    }

    // The breaker tries again after half a minute; the script that the restart lost is sent again.
    redis.restart().await;
    first.clock.advance(TimeDelta::minutes(2));
    for n in 0..20 {
        assert_eq!(read(replicas[n % 2]).await, 404, "{n}");
    }
    for app in replicas {
        assert_eq!(read(app).await, 429);
    }
}

#[tokio::test]
async fn a_redis_that_is_not_there_at_the_start_is_used_once_it_is() {
    let Some(mut redis) = PrivateRedis::start().await else { return };
    redis.kill().await;
    let first = TestApp::spawn_with(together(&redis, "public_read=4/60")).await;
    let second = first.replica_with(together(&redis, "public_read=4/60")).await;
    for app in [&first, &second] {
        let codes = [read(app).await, read(app).await, read(app).await, read(app).await];
        assert_eq!(codes, [404; 4]);
        assert_eq!(read(app).await, 429);
    }

    redis.restart().await;
    first.clock.advance(TimeDelta::minutes(1));

    let codes = [read(&first).await, read(&second).await, read(&first).await, read(&second).await];
    assert_eq!(codes, [404; 4]);
    assert_eq!([read(&first).await, read(&second).await], [429, 429]);
}

/// A clock that stands still between two steps.
#[derive(Clone)]
struct Steps(Arc<AtomicI64>);

impl Clock for Steps {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

#[tokio::test]
async fn redis_counts_as_the_process_does() {
    let Some(redis) = PrivateRedis::start().await else { return };
    let clock = Steps(Arc::new(AtomicI64::new(1_800_000_000_000)));
    let limiter = |redis: Option<String>| {
        let mut settings = BTreeMap::from([
            ("REDIS_TIMEOUT".to_owned(), PATIENT.to_owned()),
            ("RATE_LIMITS".to_owned(), "public_write=7/40,upload=90/3600".to_owned()),
        ]);
        settings.extend(redis.map(|url| ("REDIS_URL".to_owned(), url)));
        let config = Config::from_sources(None, settings).unwrap();
        Limiter::new(&config, Arc::new(clock.clone())).unwrap()
    };
    let (shared, local) = (limiter(Some(redis.url())), limiter(None));
    let mut refusals = 0;

    // Steps of many lengths, repeatable; now and then the clock is set back.
    let mut dice = 88_172_645_463_325_252_u64;
    for step in 0..3_000 {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        let by = match dice % 40 {
            0 => -500,
            1 => 45_000,
            long @ 2..10 => i64::try_from(long).unwrap() * 900,
            _ => i64::try_from(dice % 97).unwrap(),
        };
        clock.0.fetch_add(by, Ordering::SeqCst);
        let class = if step % 3 == 0 { LimitClass::Upload } else { LimitClass::PublicWrite };
        let who = if dice.is_multiple_of(2) { "a" } else { "b" };
        let charges = |limiter: &Limiter| limiter.charges(class, None, |_| Some(who.to_owned()));

        let (there, here) = (charges(&shared), charges(&local));
        let counted = (shared.charge(&there).await, local.charge(&here).await);

        assert_eq!(counted.0, counted.1, "step {step}");
        refusals += u32::from(counted.0.is_err());
    }
    assert!((100..2_900).contains(&refusals), "{refusals}");
}
