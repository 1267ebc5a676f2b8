//! The activity log, to read. It is written by every unit of work, and by nothing else.

pub mod model;
pub mod routes;
pub mod service;
