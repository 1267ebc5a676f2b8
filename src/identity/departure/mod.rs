//! Taking a person out for good (spec §12.5), by their own decision or by the operator's.
//!
//! What is theirs alone goes: sign-ins, connected accounts, second factor, API keys, links that wait
//! in their mail. What belongs to agencies stays without naming them: documents have no maker any
//! more, and the entries of the activity log have no person, address or program.

mod repo;
pub mod service;

pub use service::By;
