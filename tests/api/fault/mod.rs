//! The process is killed at random moments, and nothing that was answered is lost or done twice.
//!
//! Clients drive the pipeline from a new client to a paid invoice against the real binary, which
//! is ended with SIGKILL again and again: between requests, in the middle of one, while jobs run
//! and while it starts. Every request that gets no answer is repeated with the same
//! `Idempotency-Key`, as a careful client would. Then the books are compared: what was answered,
//! what is stored, and which mails have left.
//!
//! `FAULT_ROUNDS` sets how many pipelines run (12), `FAULT_SEED` repeats the moments of an earlier
//! run as far as the machine allows; a run prints its own.

mod books;
mod caller;
mod killer;
mod leases;
mod pipeline;

use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use tokio::sync::watch;

use self::caller::Caller;
use crate::process::Installation;

/// Pipelines that run at the same time.
const AT_ONCE: usize = 4;

/// How often the process is killed for each pipeline.
const KILLS_A_ROUND: usize = 2;

/// How long jobs and events may take to settle once nobody kills any more: a job that was running
/// when the process died is taken up again when its lease of 30 seconds has run out.
const SETTLE: Duration = Duration::from_secs(90);

/// A source of randomness that can be repeated (SplitMix64).
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }
}

#[expect(clippy::disallowed_methods, reason = "the suite's own setting, not the server's")]
fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

#[tokio::test]
async fn a_killed_process_loses_nothing_it_answered_and_does_nothing_twice() {
    let chance = || std::hash::RandomState::new().build_hasher().finish();
    let seed = setting("FAULT_SEED").unwrap_or_else(chance);
    let rounds = usize::try_from(setting("FAULT_ROUNDS").unwrap_or(12)).expect("a small number");
    println!("FAULT_SEED={seed} FAULT_ROUNDS={rounds}");
    let mut dice = Dice(seed);
    // A request that the kill has cut off blocks its key for twice the request timeout.
    let classes = ["public_write", "authenticated", "email_sending", "sign_in", "operations"];
    let limits = classes.map(|class| format!("{class}=1000000/60")).join(",");
    let installation =
        Installation::new().await.set("REQUEST_TIMEOUT", "4s").set("RATE_LIMITS", limits);

    let server = installation.serve().await;
    let (published, address) = watch::channel(server.url.clone());
    let caller = Caller::new(address);
    let office = pipeline::Office::open(&caller, &installation).await;

    let began = Instant::now();
    let (over, is_over) = watch::channel(false);
    let killer = killer::Killer {
        installation: &installation,
        dice: Dice(dice.roll()),
        requests: caller.requests(),
        published,
        is_over,
    };
    let clients = async {
        let jobs = (0..rounds).map(|round| office.sell(&caller, round, Dice(dice.roll())));
        let answered: Vec<pipeline::Answered> =
            futures_util::stream::iter(jobs).buffer_unordered(AT_ONCE).collect().await;
        // The killer has gone already when it has killed often enough.
        let _ = over.send(true);
        answered
    };
    let (answered, (server, kills)) =
        tokio::join!(clients, killer.run(server, rounds * KILLS_A_ROUND));
    println!(
        "{rounds} pipelines and {kills} kills in {} s: {:?}",
        began.elapsed().as_secs(),
        caller.seen()
    );

    let began = Instant::now();
    books::settled(&installation, SETTLE).await;
    println!("settled after {} s", began.elapsed().as_secs());
    for answered in &answered {
        office.check(&caller, answered).await;
    }
    assert!(server.stop().await.success(), "{}", installation.log());
    books::check(&installation, rounds).await;
    installation.remove().await;
}
