//! What the server says about itself: the OpenAPI document, and a page to read it on.
//!
//! The document is collected from the routes as they are mounted and completed from the operation
//! table, without a database. The same text is committed as `openapi/openapi.json`, served at
//! `/openapi.json` and shown at `/docs/`, which loads nothing from outside this server.

use std::sync::OnceLock;

use actix_web::body::MessageBody;
use actix_web::dev::{HttpServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, EntityTag, Header, HeaderValue, IfNoneMatch};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Bytes, Data, Redirect};
use actix_web::{HttpRequest, HttpResponse, get};
use kernel::error::{Context, Error, Result};
use kernel::http::limits::LimitClass;
use kernel::http::openapi::complete;
use kernel::http::operation::Operation;
use kernel::text::sha256_hex;
use serde_json::Value;
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder, Server, Tag};
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::{Config as UiConfig, SwaggerUi};

use crate::app;

/// The operations of this module.
pub const OPERATIONS: &[Operation] = &[
    Operation::public("GET", "/openapi.json", LimitClass::Operations),
    Operation::public("GET", "/docs", LimitClass::Operations).page(),
    Operation::public("GET", "/docs/{_:.*}", LimitClass::Operations).page(),
];

/// Adds the routes of this module that are part of the API.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(openapi_json);
}

const DESCRIPTION: &str = "\
Retainer runs a service business: its people, clients, proposals, contracts, invoices and \
payments, for many agencies at once.

**Conventions.** JSON in snake_case; unknown members are refused. Ids are typed (`cli_…`). Money \
is an integer in the minor unit of its `currency`. Instants are RFC 3339 in UTC, calendar days \
`YYYY-MM-DD` in the agency's time zone.

**Errors** are problem documents (RFC 9457) with a stable `code`; what belongs to another agency \
answers 404 like what does not exist. **Lists** are read page by page with `limit` and `cursor`. \
**Repeats**: send `Idempotency-Key` with a POST, and it is done once. **Lost updates**: send the \
`ETag` you read as `If-Match`. **Limits**: each answer says what is left in `RateLimit`.";

/// What the operations are grouped by.
const TAGS: &[(&str, &str)] = &[
    ("auth", "Sign in with a link sent by e-mail, renew access, sign out."),
    ("me", "The signed-in person."),
    ("agencies", "Agencies, the tenants: who they are and how their documents look."),
    ("members", "The people of an agency and their roles."),
    ("plans", "What the tiers cost, have and allow, and what an agency uses of its own."),
    ("api_keys", "Keys with which an agency's own programs call."),
    ("activity", "What happened in an agency, and who did it."),
    ("events", "What happens in an agency, as it happens."),
    ("clients", "The companies and people an agency works for."),
    ("packages", "The services an agency sells."),
    ("addons", "What can be sold with a package."),
    ("proposals", "Offers: priced, sent, accepted or declined."),
    ("contracts", "Agreements: made from an accepted proposal, sent and signed."),
    ("invoices", "Demands for payment: sent, viewed, paid or overdue."),
    ("payments", "Money received."),
    ("public", "What the holder of a public link may see and do. No sign-in."),
    ("invites", "The operator's invitations to try the product."),
    ("operator", "Running the platform: for super-admins alone."),
    ("operations", "Health, and this document."),
];

/// Makes the OpenAPI document. Needs no database; the same build makes the same bytes.
///
/// # Errors
/// [`Error::Internal`] naming each route without a row in the operation table, and each row
/// without a route.
pub fn openapi() -> Result<OpenApi> {
    let info = InfoBuilder::new()
        .title("Retainer")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .build();
    let mut server = Server::new("/");
    server.description = Some("This server.".to_owned());
    let tag = |(name, description): &(&str, &str)| {
        let mut tag = Tag::new(*name);
        tag.description = Some((*description).to_owned());
        tag
    };
    let outline = OpenApiBuilder::new()
        .info(info)
        .servers(Some([server]))
        .tags(Some(TAGS.iter().map(tag)))
        .build();
    let (_, document) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(outline)
        .configure(app::routes)
        .split_for_parts();
    complete(document, &app::operations()?).map_err(|problems| Error::internal(problems.join("; ")))
}

/// The document as text, as it is committed and served.
///
/// # Errors
/// Those of [`openapi`].
pub fn openapi_text() -> Result<String> {
    let document = serde_json::to_value(openapi()?).context("writing the OpenAPI document")?;
    let mut text =
        serde_json::to_string_pretty(&ordered(document)).context("writing the OpenAPI document")?;
    text.push('\n');
    Ok(text)
}

/// Puts extensions last and in order; they come out of a hash map, in another order each time.
fn ordered(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(ordered).collect(),
        Value::Object(members) => {
            let (mut extensions, mut named): (Vec<_>, Vec<_>) =
                members.into_iter().partition(|(name, _)| name.starts_with("x-"));
            extensions.sort_by(|(a, _), (b, _)| a.cmp(b));
            named.extend(extensions);
            named.into_iter().map(|(name, member)| (name, ordered(member))).collect()
        }
        other => other,
    }
}

/// The document, ready to be served. Made when it is first asked for: a server that starts has
/// more urgent things to do.
#[derive(Default)]
pub(crate) struct Document(OnceLock<(Bytes, EntityTag)>);

impl Document {
    fn get(&self) -> Result<&(Bytes, EntityTag)> {
        if let Some(made) = self.0.get() {
            return Ok(made);
        }
        let text = openapi_text()?;
        let etag = EntityTag::new_strong(sha256_hex(&text));
        Ok(self.0.get_or_init(|| (text.into(), etag)))
    }
}

/// Read the description of this API.
///
/// An OpenAPI 3.1 document: every operation with its permission, limits, examples and errors.
#[utoipa::path(
    tag = "operations",
    operation_id = "openapi",
    responses(
        (status = 200, description = "The document.", content_type = "application/json", body = Object,
            example = json!({"openapi": "3.1.0", "info": {"title": "Retainer", "version": "1.0.0"}, "paths": {}})),
        (status = 304, description = "It has not changed since the version in If-None-Match.")
    )
)]
#[get("/openapi.json")]
async fn openapi_json(request: HttpRequest, document: Data<Document>) -> Result<HttpResponse> {
    let (text, etag) = document.get()?;
    let known = match IfNoneMatch::parse(&request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(etag)),
        Err(_) => false,
    };
    let mut response =
        HttpResponse::build(if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    response
        .insert_header((header::ETAG, etag.to_string()))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"));
    Ok(if known {
        response.finish()
    } else {
        response.content_type("application/json").body(text.clone())
    })
}

/// The reference page needs its own scripts, and styles in attributes; nothing from elsewhere.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// The page to read the document on, below `/docs`.
pub(crate) fn pages() -> impl HttpServiceFactory {
    let ui = UiConfig::new(["/openapi.json"])
        // No badge from a validator elsewhere.
        .validator_url("none")
        .display_operation_id(true)
        .doc_expansion("none")
        .filter(true)
        .persist_authorization(false);
    web::scope("/docs")
        .wrap(from_fn(around_pages))
        // The page's own addresses are relative to the folder.
        .service(web::resource("").get(async || Redirect::to("/docs/").permanent()))
        .service(SwaggerUi::new("/{_:.*}").config(ui))
}

/// Gives the page its policy, and what it does not have the common answer.
async fn around_pages(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, actix_web::Error> {
    let mut response = next.call(request).await?.map_into_boxed_body();
    if response.status() == StatusCode::NOT_FOUND {
        return Ok(response.into_response(HttpResponse::from_error(Error::NotFound)));
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    Ok(response)
}
