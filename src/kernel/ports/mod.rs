//! The ways out of the server, each a trait with its real and its embedded form.

pub mod blobs;
pub mod breaker;
pub mod clock;
pub mod dns;
pub mod mail;
pub mod outbound;
pub mod pdf;
pub mod print;
pub mod redis;
pub mod sms;
