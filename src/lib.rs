//! Retainer, put together: the areas mounted into one server, and the commands of the binary.
//!
//! Every rule lives in an area or in the kernel; this package only connects them. It is a library
//! so that the tests can start the very server that the binary runs.

pub mod app;
pub mod cli;
pub mod reference;
