//! What is kept about a person, for that person (spec §12.5, GDPR Art. 15 and 20).

mod model;
mod repo;
mod service;

pub use model::AccountExport;
pub(super) use service::gather;
