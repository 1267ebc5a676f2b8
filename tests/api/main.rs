//! The suite: the server as a whole, driven through HTTP, on SQLite and on Postgres.

#![expect(
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what a test did not expect ends it right there"
)]

mod activity;
mod addons;
mod agencies;
mod api_keys;
mod auth;
mod bad_input;
mod branding;
mod bystander;
mod clients;
mod commands;
mod contracts;
mod docs;
mod fault;
mod http;
mod invoices;
mod isolation;
mod limits;
mod live;
mod me;
mod members;
mod oauth;
mod openapi;
mod operator;
mod packages;
mod pages;
mod payments;
mod pdf;
mod permissions;
mod plans;
mod process;
mod profile;
mod proposals;
mod quick_start;
mod race;
mod schema;
mod second_factor;
mod security;
mod sessions;
mod steps;
mod support;
mod sweep;
