//! The wall behind the walls: row-level security on Postgres.
//!
//! Everything here runs on SQLite too, where it shows the opposite: there is no such wall, so what
//! the tests take away is really gone, and what they find on Postgres is the database's doing.

mod roles;
mod unfiltered;
