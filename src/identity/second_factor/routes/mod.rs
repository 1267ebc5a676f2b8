//! The API of the second factor: within a sign-in, and of the person who is signed in.

pub(super) mod me;
pub(super) mod sign_in;
