//! A circuit breaker for each host that is called.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ports::breaker::Breaker;
use crate::ports::clock::Clock;

/// Hosts that are remembered: beyond that, those that are well are forgotten.
const REMEMBERED_MAX: usize = 2000;

/// The breakers of the hosts that were called lately.
pub(super) struct Hosts {
    clock: Arc<dyn Clock>,
    breakers: Mutex<HashMap<String, Arc<Breaker>>>,
}

impl Hosts {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, breakers: Mutex::default() }
    }

    /// The breaker of a host.
    pub(super) fn breaker(&self, host: &str) -> Arc<Breaker> {
        let mut breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(breaker) = breakers.get(host) {
            return breaker.clone();
        }
        if breakers.len() >= REMEMBERED_MAX {
            breakers.retain(|_, breaker| breaker.is_open());
        }
        let new = || Arc::new(Breaker::new("a host of an identity provider", self.clock.clone()));
        breakers.entry(host.to_owned()).or_insert_with(new).clone()
    }
}
