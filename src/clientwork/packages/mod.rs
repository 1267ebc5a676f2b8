//! The packages of the agency's price list: what a proposal sells.
//!
//! Prices are without tax. A proposal takes a copy of the package when it is sent, so that a price
//! can change here at any time. A package is switched off instead of deleted; only one that is on
//! can be chosen for a new proposal.

pub mod model;
pub mod routes;
pub mod service;
