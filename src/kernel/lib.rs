//! What every area of the server shares: configuration, errors, the store, tenancy, HTTP, jobs,
//! events, and the ports to the outside.
//!
//! Areas depend on this crate and never the other way round.

pub mod calendar;
pub mod config;
pub mod crypto;
pub mod error;
pub mod events;
pub mod gradient;
pub mod http;
pub mod jobs;
pub mod keyfile;
pub mod money;
pub mod pages;
pub mod quota;
pub mod security;
pub mod state;
pub mod store;
pub mod tasks;
pub mod telemetry;
pub mod tenancy;
pub mod text;
pub mod upkeep;

/// The ways out of the server.
pub mod ports;

pub use error::{Error, FieldError, Result};
pub use state::App;
pub use tenancy::{AgencyScope, Permission, TenantContext, perm};
