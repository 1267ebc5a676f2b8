//! The work before a sale: an agency's clients and its price list.
//!
//! Everything here is shared by all members of the agency; what each may change follows from the
//! role (spec §3). Sales documents take copies of these rows, so that a change here never alters
//! what was offered.

pub mod addons;
pub mod clients;
pub mod packages;
mod price_list;
mod text;

use kernel::http::operation::Operation;
use kernel::jobs::JobRegistry;
use utoipa_actix_web::service_config::ServiceConfig;

/// Every operation of this area.
pub fn operations() -> Vec<Operation> {
    [clients::routes::OPERATIONS, packages::routes::OPERATIONS, addons::routes::OPERATIONS].concat()
}

/// Adds the routes of this area.
pub fn configure(config: &mut ServiceConfig<'_>) {
    clients::routes::configure(config);
    packages::routes::configure(config);
    addons::routes::configure(config);
}

/// Adds the jobs of this area: it has none.
pub fn jobs(_registry: &mut JobRegistry) {}
