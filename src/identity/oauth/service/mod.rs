//! The use cases of signing in with a provider.

mod begin;
mod callback;
mod identities;
mod state;

pub use begin::start;
pub(crate) use begin::{Beginning, begin};
pub(crate) use callback::{Arrival, Finished, callback};
pub use identities::{connect, disconnect, list};
pub(crate) use identities::{forget_issuer, holder, open_account, remember};
pub(crate) use state::{Returned, identify, take_up};
