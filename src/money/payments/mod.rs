//! Payments recorded by hand: bank transfer, card, cash.
//!
//! The payment and the invoice's state become true together, and an invoice is paid once.

pub mod model;
pub mod routes;
pub mod service;
