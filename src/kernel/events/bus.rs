//! Wakes the listeners of an agency in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use entity::{AgencyId, UserId};
use tokio::sync::{broadcast, watch};

/// Changes of access that a listener may fall behind before it must look for itself.
const CHANGES_KEPT: usize = 256;

/// Somebody's access may have changed: what outlives a request looks again at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessChange {
    /// Of one person: a sign-in has ended, or a role has changed.
    Person(UserId),
    /// Of everybody in an agency: it was suspended or deleted.
    Agency(AgencyId),
}

/// Tells listeners the newest sequence number of their agency. Holds no event: a listener that is
/// slow, or comes late, reads the rows it has not seen.
#[derive(Clone)]
pub struct Bus {
    agencies: Arc<Mutex<HashMap<AgencyId, watch::Sender<i64>>>>,
    access: broadcast::Sender<AccessChange>,
}

impl Default for Bus {
    fn default() -> Self {
        Self { agencies: Arc::default(), access: broadcast::Sender::new(CHANGES_KEPT) }
    }
}

impl Bus {
    /// Starts to listen.
    pub fn subscribe(&self, agency_id: AgencyId) -> watch::Receiver<i64> {
        let mut agencies = self.agencies.lock().unwrap_or_else(PoisonError::into_inner);
        agencies.entry(agency_id).or_insert_with(|| watch::channel(0).0).subscribe()
    }

    /// Starts to listen to changes of access.
    pub fn access_changes(&self) -> broadcast::Receiver<AccessChange> {
        self.access.subscribe()
    }

    /// Announces that somebody's access may have changed; call it after the commit. Listeners in
    /// other processes find out by themselves, within half a minute.
    pub fn access_changed(&self, change: AccessChange) {
        // Nobody listens: nobody has anything to look at.
        let _ = self.access.send(change);
    }

    /// Ends every subscription, so that no listener keeps a closing server waiting.
    pub fn close(&self) {
        self.agencies.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Announces that events up to `seq` can be read. Agencies nobody listens to are forgotten.
    pub fn announce(&self, agency_id: AgencyId, seq: i64) {
        let mut agencies = self.agencies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = agencies.get(&agency_id) {
            if sender.is_closed() {
                agencies.remove(&agency_id);
            } else {
                sender.send_if_modified(|newest| {
                    let newer = seq > *newest;
                    *newest = seq.max(*newest);
                    newer
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_agency_s_own_listeners_wake() {
        let bus = Bus::default();
        let [a, b] = [1, 2].map(|n| AgencyId(uuid::Uuid::from_u128(n)));
        let (mut of_a, of_b) = (bus.subscribe(a), bus.subscribe(b));

        bus.announce(a, 7);

        of_a.changed().await.unwrap();
        assert_eq!((*of_a.borrow(), of_b.has_changed().unwrap()), (7, false));
    }

    #[test]
    fn an_older_announcement_wakes_nobody() {
        let bus = Bus::default();
        let agency = AgencyId(uuid::Uuid::from_u128(1));
        let mut receiver = bus.subscribe(agency);
        bus.announce(agency, 7);
        receiver.mark_unchanged();

        bus.announce(agency, 6);

        assert!(!receiver.has_changed().unwrap());
    }
}
