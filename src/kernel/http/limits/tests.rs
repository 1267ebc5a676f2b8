use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::*;
use crate::ports::clock::MovableClock;

fn limiter(settings: &[(&str, &str)]) -> (Limiter, MovableClock) {
    let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let config = Config::from_sources(None, settings.collect::<BTreeMap<_, _>>()).unwrap();
    let clock = MovableClock::default();
    (Limiter::new(&config, Arc::new(clock.clone())).unwrap(), clock)
}

async fn ask(limiter: &Limiter, class: LimitClass, who: &str) -> Result<Option<Standing>, Refused> {
    let charges = limiter.charges(class, None, |_| Some(who.to_owned()));
    limiter.charge(&charges).await
}

#[tokio::test]
async fn the_request_beyond_the_quota_is_refused_until_time_has_passed() {
    let (limiter, clock) = limiter(&[]);

    for _ in 0..60 {
        ask(&limiter, LimitClass::PublicRead, "a").await.unwrap();
    }
    let Refused(standing) = ask(&limiter, LimitClass::PublicRead, "a").await.unwrap_err();

    assert_eq!(standing.left, 0);
    assert!((59..=60).contains(&standing.reset_s), "{}", standing.reset_s);
    assert!(ask(&limiter, LimitClass::PublicRead, "b").await.is_ok());
    clock.advance(TimeDelta::seconds(60));
    assert!(ask(&limiter, LimitClass::PublicRead, "a").await.is_ok());
}

#[tokio::test]
async fn the_tightest_budget_is_reported() {
    let (limiter, _) = limiter(&[]);

    let standing = ask(&limiter, LimitClass::PublicWrite, "x").await.unwrap().unwrap();

    assert_eq!((standing.left, standing.quota.requests, standing.reset_s), (9, 10, 60));
}

#[tokio::test]
async fn what_is_full_is_known_until_it_has_room_or_the_budget_grows() {
    let (limiter, clock) = limiter(&[("RATE_LIMITS", "email_sending=1/3600")]);
    let charges = |tier| {
        limiter.charges(LimitClass::EmailSending, Some(tier), |key| {
            (key == LimitKey::Agency).then(|| "agc_1".to_owned())
        })
    };
    limiter.charge(&charges(Tier::Free)).await.unwrap();
    assert!(limiter.peek(&charges(Tier::Free)).is_ok(), "nobody has been refused yet");
    limiter.charge(&charges(Tier::Free)).await.unwrap_err();

    assert!(limiter.peek(&charges(Tier::Free)).is_err());
    assert!(limiter.charge(&charges(Tier::Growth)).await.is_ok(), "five on this tier");
    clock.advance(TimeDelta::hours(1));
    assert!(limiter.peek(&charges(Tier::Free)).is_ok());
}

#[tokio::test]
async fn a_redis_that_is_away_leaves_the_limits_to_this_process() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("unix://{}", folder.path().join("nobody").display());
    let (limiter, _) = limiter(&[("REDIS_URL", &url), ("RATE_LIMITS", "sign_in=7/60")]);

    for _ in 0..7 {
        ask(&limiter, LimitClass::SignIn, "a").await.unwrap();
    }

    assert!(ask(&limiter, LimitClass::SignIn, "a").await.is_err());
}

#[test]
fn names_of_counters_begin_with_the_agency_and_show_nothing_private() {
    let name = |kind| counter(LimitClass::Pdf, kind, "ada@x.test");

    assert_eq!(
        counter(LimitClass::Pdf, LimitKey::Agency, "agc_1"),
        "retainer:agc_1:limit:pdf:agency"
    );
    assert!(!name(LimitKey::Recipient).contains("ada") && !name(LimitKey::Token).contains("ada"));
    assert_ne!(name(LimitKey::Recipient), name(LimitKey::Token));
}
