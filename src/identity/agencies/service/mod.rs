//! The use cases of agencies.

mod create;
mod read;
mod update;

pub use create::{Founder, create, found};
pub use read::{read, slug_availability};
pub use update::update;
