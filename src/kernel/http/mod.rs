//! The HTTP edge: one pipeline that every request passes, and the extractors and answers that
//! handlers are written with.

mod address;
pub mod cookies;
pub mod etag;
pub mod extract;
mod failure;
pub mod health;
mod idempotency;
pub mod limits;
mod notice;
pub mod openapi;
pub mod operation;
pub mod pipeline;
pub mod problem;
mod request;
pub mod respond;

pub use etag::{ETag, IfMatch};
pub use extract::{
    Authorized, Link, Operator, OptionalJson, Patch, RawBody, SignedIn, ValidForm, ValidJson,
    ValidQuery, not_null, patch,
};
pub use failure::log_error;
pub use request::RequestInfo;
pub use respond::{Created, Listed, NoContent, PageView, Read};
