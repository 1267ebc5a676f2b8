//! The states of a contract (spec §5.3).

use entity::document::DocumentKind;

use crate::documents::Lifecycle;
use crate::documents::lifecycle::states;

states! {
    /// The state of a contract.
    ContractStatus {
        /// Being written.
        Draft = "draft",
        /// With the client.
        Sent = "sent",
        /// Seen by the client.
        Viewed = "viewed",
        /// Signed by the client.
        Signed = "signed",
        /// Carried out.
        Completed = "completed",
        /// Its last valid day has passed unsigned.
        Expired = "expired",
        /// Ended by the agency.
        Terminated = "terminated",
    }
}

/// What can happen to a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContractEvent {
    /// The agency sends it (again).
    Send,
    /// The client sees it.
    View,
    /// The client signs.
    Sign,
    /// The agency changes its content.
    Edit,
}

impl Lifecycle for ContractStatus {
    type Event = ContractEvent;

    const KIND: DocumentKind = DocumentKind::Contract;
    const NOUN: &'static str = "contract";
    const STATES: &'static [Self] = Self::ALL;

    fn after(self, event: ContractEvent) -> Option<Self> {
        use ContractEvent::{Edit, Send, Sign, View};
        use ContractStatus::{Draft, Expired, Sent, Signed, Viewed};
        match (self, event) {
            (Draft | Sent | Expired, Send) => Some(Sent),
            (Sent, View) => Some(Viewed),
            (Viewed, Send | View) => Some(Viewed),
            (Sent | Viewed, Sign) => Some(Signed),
            // A changed contract must be sent again: it falls back to draft until it is.
            (Draft | Sent | Viewed | Expired, Edit) => Some(Draft),
            _ => None,
        }
    }

    fn once_expired(self) -> Self {
        match self {
            Self::Sent | Self::Viewed => Self::Expired,
            other => other,
        }
    }

    fn name(self) -> &'static str {
        self.word()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_with_the_client_can_be_signed() {
        for state in ContractStatus::STATES {
            let with_client = matches!(state, ContractStatus::Sent | ContractStatus::Viewed);
            assert_eq!(state.after(ContractEvent::Sign).is_some(), with_client, "{state}");
        }
    }

    #[test]
    fn a_signed_contract_cannot_be_changed() {
        for event in [ContractEvent::Edit, ContractEvent::Send, ContractEvent::Sign] {
            assert_eq!(ContractStatus::Signed.after(event), None, "{event:?}");
        }
    }
}
