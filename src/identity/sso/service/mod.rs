//! The use cases of single sign-on.

mod settings;
mod sign_in;
mod verify;

pub use settings::{delete, put, read, test};
pub(crate) use sign_in::callback;
pub use sign_in::start;
pub use verify::verify_domains;

/// Where an agency's client secret is sealed for.
fn place(ctx: &kernel::TenantContext) -> String {
    format!("{}/sso_client_secret", ctx.agency_id())
}
