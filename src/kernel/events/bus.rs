//! Wakes the listeners of an agency in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use entity::AgencyId;
use tokio::sync::watch;

/// Tells listeners the newest sequence number of their agency. Holds no event: a listener that is
/// slow, or comes late, reads the rows it has not seen.
#[derive(Clone, Default)]
pub struct Bus {
    agencies: Arc<Mutex<HashMap<AgencyId, watch::Sender<i64>>>>,
}

impl Bus {
    /// Starts to listen.
    pub fn subscribe(&self, agency_id: AgencyId) -> watch::Receiver<i64> {
        let mut agencies = self.agencies.lock().unwrap_or_else(PoisonError::into_inner);
        agencies.entry(agency_id).or_insert_with(|| watch::channel(0).0).subscribe()
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
