//! What handlers take.

mod body;
mod caller;
mod rules;

pub(super) use body::{MaxBody, read_body};
pub use body::{OptionalJson, RawBody, ValidForm, ValidJson, ValidQuery};
pub use caller::{Authorized, Link, Operator, SignedIn};
pub use rules::{Patch, check, not_null, patch};
