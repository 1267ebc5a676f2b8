//! People who sign in, or have been invited to. A person has one lower-case address, unique on
//! the platform, and is a placeholder (`invited:…`) until the address has been proven once.

mod repo;
pub mod service;

pub(crate) use repo::UserRepo;
