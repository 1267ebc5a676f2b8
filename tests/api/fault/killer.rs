//! Kills the server at random moments, and starts it again.

use std::time::Duration;

use tokio::sync::watch;

use super::Dice;
use crate::process::{Installation, Serving};

/// Requests between two kills, at most.
const REQUESTS_BETWEEN: u64 = 12;

/// How far into a request a kill may come, in milliseconds.
const INTO_REQUEST_MS: u64 = 40;

/// One start of so many is killed before it is ready.
const STARTS: u64 = 4;

/// How far into its start the server may be killed, in milliseconds.
const INTO_START_MS: u64 = 400;

pub(super) struct Killer<'i> {
    pub(super) installation: &'i Installation,
    pub(super) dice: Dice,
    /// How many requests have been begun.
    pub(super) requests: watch::Receiver<usize>,
    /// Where the server listens.
    pub(super) published: watch::Sender<String>,
    /// Whether the clients have all they wanted.
    pub(super) is_over: watch::Receiver<bool>,
}

impl Killer<'_> {
    /// Kills up to so many times; returns the server that is left, and how often it killed.
    pub(super) async fn run(mut self, mut server: Serving, most: usize) -> (Serving, usize) {
        let mut kills = 0;
        while kills < most && self.moment().await {
            server.kill().await;
            kills += 1;
            if self.dice.below(STARTS) == 0 {
                let starting = self.installation.start();
                self.pause(INTO_START_MS).await;
                starting.kill().await;
                kills += 1;
            }
            server = self.installation.serve().await;
            self.published.send_replace(server.url.clone());
        }
        (server, kills)
    }

    /// Waits for the moment to kill: a random while after a random number of requests. `false`
    /// when the clients are done first.
    async fn moment(&mut self) -> bool {
        let begun = *self.requests.borrow();
        let more = usize::try_from(1 + self.dice.below(REQUESTS_BETWEEN)).expect("a small number");
        tokio::select! {
            _ = self.is_over.wait_for(|over| *over) => return false,
            _ = self.requests.wait_for(|count| *count >= begun + more) => {}
        }
        self.pause(INTO_REQUEST_MS).await;
        true
    }

    async fn pause(&mut self, most_ms: u64) {
        tokio::time::sleep(Duration::from_millis(self.dice.below(most_ms))).await;
    }
}
