//! Proposals: offers priced by the one engine, sent by link, answered by the client.
//!
//! Accepting makes the draft contract in the same unit of work, so that there is never an accepted
//! proposal without its contract.

pub mod content;
pub mod model;
pub mod public;
pub mod respond;
pub mod routes;
pub mod send;
pub mod service;
pub mod status;
