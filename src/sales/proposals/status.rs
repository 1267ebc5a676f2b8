//! The states of a proposal (spec §5.2).

use entity::document::DocumentKind;

use crate::documents::Lifecycle;
use crate::documents::lifecycle::states;

states! {
    /// The state of a proposal.
    ProposalStatus {
        /// Being written.
        Draft = "draft",
        /// Finished, not sent.
        Ready = "ready",
        /// With the client.
        Sent = "sent",
        /// Seen by the client.
        Viewed = "viewed",
        /// Accepted.
        Accepted = "accepted",
        /// Declined.
        Declined = "declined",
        /// The client wants changes.
        RevisionRequested = "revision_requested",
        /// Its last valid day has passed.
        Expired = "expired",
    }
}

/// What can happen to a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProposalEvent {
    /// The agency sends it (again).
    Send,
    /// The client sees it.
    View,
    /// The client accepts.
    Accept,
    /// The client declines.
    Decline,
    /// The client wants changes.
    RequestRevision,
    /// The agency changes its content.
    Edit,
    /// The agency takes it away.
    Delete,
}

impl Lifecycle for ProposalStatus {
    type Event = ProposalEvent;

    const KIND: DocumentKind = DocumentKind::Proposal;
    const NOUN: &'static str = "proposal";
    const STATES: &'static [Self] = Self::ALL;

    fn after(self, event: ProposalEvent) -> Option<Self> {
        use ProposalEvent::{Accept, Decline, Delete, Edit, RequestRevision, Send, View};
        use ProposalStatus::{
            Accepted, Declined, Draft, Expired, Ready, RevisionRequested, Sent, Viewed,
        };
        match (self, event) {
            (Draft | Ready | RevisionRequested | Expired, Send) => Some(Sent),
            (Sent, Send) => Some(Sent),
            (Sent, View) => Some(Viewed),
            (Viewed, Send | View) => Some(Viewed),
            (Sent | Viewed, Accept) => Some(Accepted),
            (Sent | Viewed, Decline) => Some(Declined),
            (Sent | Viewed, RequestRevision) => Some(RevisionRequested),
            (Draft | Ready | RevisionRequested, Edit) => Some(self),
            (Draft | Ready | Sent | Viewed | Declined | RevisionRequested | Expired, Delete) => {
                Some(self)
            }
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
    fn an_answer_is_final() {
        use ProposalEvent::{Accept, Decline, Edit, RequestRevision, Send};
        for state in [ProposalStatus::Accepted, ProposalStatus::Declined] {
            for event in [Accept, Decline, RequestRevision, Send, Edit] {
                assert_eq!(state.after(event), None, "{state} {event:?}");
            }
        }
    }

    #[test]
    fn time_ends_only_what_waits_for_an_answer() {
        for state in ProposalStatus::STATES {
            let waits = matches!(state, ProposalStatus::Sent | ProposalStatus::Viewed);
            assert_eq!(
                state.once_expired() == ProposalStatus::Expired,
                waits || *state == ProposalStatus::Expired
            );
        }
    }

    #[test]
    fn a_refusal_names_the_states_that_would_allow_it() {
        let error = ProposalStatus::Draft.next(ProposalEvent::Accept).unwrap_err();

        assert_eq!(
            error.to_string(),
            "it is draft; this can be done only while it is sent or viewed"
        );
    }
}
