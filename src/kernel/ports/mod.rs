//! The ways out of the server, each a trait with its real and its embedded form.

pub mod blobs;
pub mod clock;
pub mod mail;
pub mod pdf;
pub mod print;
