//! Invoices: made from lines or from a signed contract, sent by link, paid.
//!
//! Overdue is a matter of the clock: an invoice that is with the client when its due day ends is
//! overdue wherever it is shown.

pub mod content;
pub mod create;
pub mod lines;
pub mod model;
pub mod paid;
pub mod public;
pub mod routes;
pub mod send;
pub mod service;
pub mod status;
