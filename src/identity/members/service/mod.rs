//! The use cases of memberships.

mod accept;
mod change;
mod depart;
mod invite;
mod read;
mod transfer;
mod welcome;

pub(crate) use accept::accept_pending;
pub use change::{change_role, rename, rename_me};
pub(crate) use depart::withdraw;
pub use depart::{cancel_invitation, expel, leave, remove};
pub use invite::{invite, resend_invitation};
pub(crate) use read::belongs;
pub use read::{list, read};
pub use transfer::transfer_ownership;
pub(crate) use welcome::welcome;
