//! The add-ons of the agency's price list: what a proposal sells besides its package.
//!
//! An add-on goes with the packages whose slugs it names, or with all when it names none. It is
//! priced once, each month, or once for each unit of something that its label says.

pub mod model;
mod repo;
pub mod routes;
pub mod service;
