//! The use cases of sign-in.

mod complete;
mod link;
mod refresh;
mod session;
mod verify;

use kernel::Error;

pub(crate) use complete::{complete_sign_in, open_sign_in, signed_in_at};
pub use link::{LinkPage, follow_link, make_link, open_link, request_link};
pub use refresh::refresh;
pub use session::logout;
pub use verify::verify;

/// One answer for a token that is unknown, used or expired: which of them is nobody's business.
fn invalid_token() -> Error {
    Error::Unauthenticated {
        code: "invalid_token",
        detail: "this token is not valid, or no longer; ask for a new sign-in link".into(),
    }
}

/// The answer to tokens of a sign-in that is over.
fn session_ended() -> Error {
    Error::Unauthenticated {
        code: "session_ended",
        detail: "this sign-in has ended; sign in again".into(),
    }
}
