//! Races: many callers at once, exact winners, no deadlock, nobody sent away.

mod documents;
mod numbers;

use std::collections::BTreeMap;
use std::future::Future;

use futures_util::future::join_all;

use crate::support::{Reply, TestApp};

/// A server that lets everybody wait their turn: these tests are about who wins, and an unoptimised
/// server on a busy machine is slow.
pub async fn spawn() -> TestApp {
    TestApp::spawn_with(|options| options.set("DATABASE_ACQUIRE_TIMEOUT", "30s")).await
}

/// Has `count` callers call at once, each on a connection of its own; returns what each got.
pub async fn race<F: Future<Output = Reply>>(
    count: usize,
    caller: impl Fn(usize) -> F,
) -> Vec<Reply> {
    join_all((0..count).map(caller)).await
}

/// How often each status was answered.
pub fn statuses(replies: &[Reply]) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    for reply in replies {
        *counts.entry(reply.code()).or_insert(0) += 1;
    }
    counts
}
