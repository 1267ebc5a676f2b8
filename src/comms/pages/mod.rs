//! The pages that belong to no other area: the start page, the styles, and the development inbox.

mod dev_mail;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use kernel::App;
use kernel::error::Result;
use kernel::http::limits::LimitClass;
use kernel::http::operation::Operation;
use kernel::http::respond::html;
use serde::Serialize;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::branding;

/// The operations of this module: pages, not part of the API.
pub const OPERATIONS: &[Operation] = &[
    Operation::public("GET", "/", LimitClass::Operations).page(),
    Operation::public("GET", "/assets/site.css", LimitClass::Operations).page(),
    Operation::public("GET", "/assets/brand/{name}.css", LimitClass::Operations).page(),
    Operation::public("GET", "/dev/mail", LimitClass::Operations).page(),
    Operation::public("GET", "/dev/mail.json", LimitClass::Operations).page(),
    Operation::public("GET", "/dev/mail/{id}", LimitClass::Operations).page(),
    Operation::public("GET", "/dev/mail/{id}/html", LimitClass::Operations).page(),
];

/// Adds the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.map(|config| {
        config
            .service(home)
            .service(site_css)
            .service(brand_css)
            .service(dev_mail::list)
            .service(dev_mail::list_json)
            .service(dev_mail::message)
            .service(dev_mail::message_html)
    });
}

/// The cache header of what never changes under its address.
pub const IMMUTABLE: (HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));

#[derive(Serialize)]
struct Home<'a> {
    base_url: &'a str,
    dev: bool,
    version: &'static str,
}

/// The start page.
#[get("/")]
async fn home(app: Data<App>) -> Result<HttpResponse> {
    let page = Home {
        base_url: &app.config().public_base_url,
        dev: app.config().is_development(),
        version: env!("CARGO_PKG_VERSION"),
    };
    Ok(html(StatusCode::OK, app.pages().render("home.html", page)?))
}

/// The styles of every page. Not immutable: their address does not change with a release.
#[get("/assets/site.css")]
async fn site_css() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(include_str!("../templates/site.css"))
}

/// The colours of a brand; they are in the address.
#[get("/assets/brand/{name}.css")]
async fn brand_css(app: Data<App>, name: Path<String>) -> Result<HttpResponse> {
    let style = branding::stylesheet(&app, &name)?;
    Ok(HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header(IMMUTABLE)
        .body(style))
}
