//! What every test stands on.
//!
//! [`TestApp::spawn`] starts the very server of the binary on a free port, with a database and a
//! folder of its own, a clock that tests move, and no background workers. People call it over real
//! HTTP; each answer must be one that the OpenAPI document promises. `TEST_DATABASE_URL` chooses
//! Postgres, without it everything runs on SQLite. See `docs/TESTING.md`.

mod app;
mod client;
pub mod contract;
pub mod database;
mod dns;
pub mod issuer;
mod pdf;
mod personas;
mod programs;
pub mod redis;
mod reply;
mod server;

pub use app::{Options, TestApp};
pub use chrono::TimeDelta;
pub use client::Client;
pub use dns::FakeDns;
pub use personas::Agency;
pub use programs::Program;
pub use reply::Reply;

/// So many days, to move the clock by.
pub fn days(count: i64) -> TimeDelta {
    TimeDelta::days(count)
}

/// So many minutes, to move the clock by.
pub fn minutes(count: i64) -> TimeDelta {
    TimeDelta::minutes(count)
}
