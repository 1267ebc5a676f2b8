//! The states of an invoice (spec §5.4).

use entity::document::DocumentKind;

use crate::documents::Lifecycle;
use crate::documents::lifecycle::states;

states! {
    /// The state of an invoice.
    InvoiceStatus {
        /// Being written.
        Draft = "draft",
        /// With the client.
        Sent = "sent",
        /// Seen by the client.
        Viewed = "viewed",
        /// Its due day has ended unpaid.
        Overdue = "overdue",
        /// Paid.
        Paid = "paid",
        /// Withdrawn.
        Cancelled = "cancelled",
        /// Paid back.
        Refunded = "refunded",
    }
}

/// What can happen to an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceEvent {
    /// The agency sends it (again).
    Send,
    /// The client sees it.
    View,
    /// It is paid.
    Pay,
    /// The agency changes it.
    Edit,
    /// The agency throws it away.
    Delete,
}

impl Lifecycle for InvoiceStatus {
    type Event = InvoiceEvent;

    const KIND: DocumentKind = DocumentKind::Invoice;
    const NOUN: &'static str = "invoice";
    const STATES: &'static [Self] = Self::ALL;

    fn after(self, event: InvoiceEvent) -> Option<Self> {
        use InvoiceEvent::{Delete, Edit, Pay, Send, View};
        use InvoiceStatus::{Draft, Overdue, Paid, Sent, Viewed};
        match (self, event) {
            (Draft | Sent, Send) => Some(Sent),
            (Viewed, Send) => Some(Viewed),
            (Overdue, Send | View) => Some(Overdue),
            (Sent | Viewed, View) => Some(Viewed),
            (Paid, View) => Some(Paid),
            (Draft | Sent | Viewed | Overdue, Pay) => Some(Paid),
            // What is issued is corrected by a credit note, never by a change (ruling 10).
            (Draft, Edit | Delete) => Some(Draft),
            _ => None,
        }
    }

    fn once_expired(self) -> Self {
        match self {
            Self::Sent | Self::Viewed => Self::Overdue,
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
    fn an_invoice_is_paid_once() {
        assert_eq!(InvoiceStatus::Paid.after(InvoiceEvent::Pay), None);
        assert_eq!(InvoiceStatus::Overdue.after(InvoiceEvent::Pay), Some(InvoiceStatus::Paid));
        assert_eq!(InvoiceStatus::Cancelled.after(InvoiceEvent::Pay), None);
    }

    #[test]
    fn only_drafts_change() {
        for state in InvoiceStatus::STATES {
            let is_draft = *state == InvoiceStatus::Draft;
            assert_eq!(state.after(InvoiceEvent::Edit).is_some(), is_draft, "{state}");
        }
    }
}
