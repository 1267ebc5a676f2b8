//! The agency's clients: whom it works for.
//!
//! A client is found by its e-mail address, which is unique within the agency whatever the case
//! it is typed in. Clients are put away and taken out again, never lost: documents refer to them
//! and carry copies of their details, which later changes here do not touch.

pub mod model;
mod repo;
pub mod routes;
pub mod service;
