//! What every kind of sales document shares: one lifecycle engine, one numbering, one freezing,
//! one public link, one count of views.
//!
//! A kind adds its own small table and its own states; the shared row holds everything that a list,
//! a link or a total needs. A document that has been issued never changes its content: it is kept
//! as canonical JSON with its SHA-256, and every later surface is built from that.

pub mod content;
pub mod delivery;
pub mod issue;
pub mod lifecycle;
pub mod list;
pub mod repo;
pub mod snapshot;
pub mod view;
pub mod views;

pub use content::{Issued, PartyContent};
pub use lifecycle::Lifecycle;
