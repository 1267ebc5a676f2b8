//! The public pages: a document to read, and a form to answer it, without any script.
//!
//! They show what the public API shows, by the same services: a page is the layout of
//! [`crate::print`] in HTML. Wrong input brings the page back with what was typed and what is
//! wrong with it; an answer ends in a redirect, so that reloading repeats nothing.

mod contract;
mod document;
mod invoice;
mod proposal;

use entity::document::DocumentKind;
use kernel::http::limits::LimitClass;
use kernel::http::operation::{Operation, Priority};
use kernel::tenancy::Feature;
use utoipa_actix_web::service_config::ServiceConfig;

const fn show(path: &'static str, kind: DocumentKind) -> Operation {
    Operation::link("GET", path, kind, LimitClass::PublicRead).page()
}

const fn answer(path: &'static str, kind: DocumentKind) -> Operation {
    Operation::link("POST", path, kind, LimitClass::PublicWrite).priority(Priority::Sign).page()
}

const fn download(path: &'static str, kind: DocumentKind) -> Operation {
    Operation::link("GET", path, kind, LimitClass::PublicPdf).feature(Feature::PdfExport).page()
}

/// The operations of this module: pages, not part of the API.
pub const OPERATIONS: &[Operation] = &[
    show("/p/{token}", DocumentKind::Proposal).feature(Feature::BasicProposals),
    answer("/p/{token}/accept", DocumentKind::Proposal).feature(Feature::BasicProposals),
    answer("/p/{token}/decline", DocumentKind::Proposal).feature(Feature::BasicProposals),
    answer("/p/{token}/request-revision", DocumentKind::Proposal).feature(Feature::BasicProposals),
    download("/p/{token}/pdf", DocumentKind::Proposal),
    show("/c/{token}", DocumentKind::Contract),
    answer("/c/{token}/sign", DocumentKind::Contract),
    download("/c/{token}/pdf", DocumentKind::Contract),
    show("/i/{token}", DocumentKind::Invoice),
    download("/i/{token}/pdf", DocumentKind::Invoice),
];

/// Adds the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.map(|config| {
        config
            .service(proposal::show)
            .service(proposal::accept)
            .service(proposal::decline)
            .service(proposal::request_revision)
            .service(proposal::pdf)
            .service(contract::show)
            .service(contract::sign)
            .service(contract::pdf)
            .service(invoice::show)
            .service(invoice::pdf)
    });
}
