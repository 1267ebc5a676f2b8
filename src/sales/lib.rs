//! Sales documents: proposals, contracts and invoices, from the first draft to the payment.
//!
//! Prices come from one engine ([`pricing`]), everything that is the same in all kinds from one
//! place ([`documents`]), and page and PDF from one layout ([`mod@print`]).

// The examples of the OpenAPI document are deep.
#![recursion_limit = "256"]

pub mod contracts;
pub mod documents;
pub mod invoices;
pub mod pages;
pub mod pricing;
pub mod print;
pub mod proposals;

use kernel::http::operation::Operation;
use kernel::jobs::JobRegistry;
use utoipa_actix_web::service_config::ServiceConfig;

/// The templates of the public pages: name and source.
pub const TEMPLATES: &[(&str, &str)] =
    &[("document.html", include_str!("pages/templates/document.html"))];

/// Every operation of this area.
pub fn operations() -> Vec<Operation> {
    [
        proposals::routes::OPERATIONS,
        proposals::public::OPERATIONS,
        contracts::routes::OPERATIONS,
        contracts::public::OPERATIONS,
        invoices::routes::OPERATIONS,
        invoices::public::OPERATIONS,
        pages::OPERATIONS,
    ]
    .concat()
}

/// Adds the routes of this area.
pub fn configure(config: &mut ServiceConfig<'_>) {
    proposals::routes::configure(config);
    proposals::public::configure(config);
    contracts::routes::configure(config);
    contracts::public::configure(config);
    invoices::routes::configure(config);
    invoices::public::configure(config);
    pages::configure(config);
}

/// Adds the jobs of this area: none of its own so far, its mails are delivered by `comms`.
pub fn jobs(_registry: &mut JobRegistry) {}
