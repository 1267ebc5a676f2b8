//! Who operates the platform, as far as the server's own command line decides it: the first operator
//! can be made nowhere else. Over HTTP it is decided by operators, in `governance`.

pub mod service;

/// What came of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is so now.
    Done,
    /// It was so already.
    WasSo,
    /// Nobody has the address.
    Unknown,
    /// The person may not sign in.
    Suspended,
}
