//! How the server speaks to people: mail, the live stream, and the pages that belong to no other
//! area.
//!
//! Mail leaves through a job: it is rendered and logged in the unit of work of the change that
//! causes it, so that neither exists without the other.

pub mod branding;
pub mod live;
pub mod mail;
pub mod pages;

use kernel::http::operation::Operation;
use kernel::jobs::JobRegistry;
use utoipa_actix_web::service_config::ServiceConfig;

/// The templates that every page and every mail is built on: name and source.
pub const TEMPLATES: &[(&str, &str)] = &[
    ("layout.html", include_str!("templates/layout.html")),
    ("parts.html", include_str!("templates/parts.html")),
    ("notice.html", include_str!("templates/notice.html")),
    ("home.html", include_str!("templates/home.html")),
    ("dev_mail.html", include_str!("templates/dev_mail.html")),
    ("dev_mail_message.html", include_str!("templates/dev_mail_message.html")),
    ("mail.html", include_str!("templates/mail.html")),
    ("mail.txt", include_str!("templates/mail.txt")),
    ("brand.css", include_str!("templates/brand.css")),
];

/// Every operation of this area.
pub fn operations() -> Vec<Operation> {
    [live::OPERATIONS, pages::OPERATIONS].concat()
}

/// Adds the routes of this area.
pub fn configure(config: &mut ServiceConfig<'_>) {
    live::configure(config);
    pages::configure(config);
}

/// Adds the jobs of this area.
pub fn jobs(registry: &mut JobRegistry) {
    registry.register::<mail::Deliver>();
}
