//! Contracts: made from an accepted proposal, sent by link, signed by the client.
//!
//! The signature refers to one revision of the content and to its hash: what was signed can be
//! shown, byte for byte, for as long as the row exists.

pub mod content;
pub mod generate;
pub mod model;
pub mod public;
pub mod routes;
pub mod send;
pub mod service;
pub mod sign;
pub mod status;
