//! What every request passes, in this order: identification, the operation's row, limits by
//! address, size, authentication, authorisation, limits by person, the agency's plan,
//! preconditions, idempotency, the handler; then the headers, the problem document and the log
//! line.

use std::borrow::Cow;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpMessage, HttpResponse};
use tracing::Instrument;

use super::RequestInfo;
use super::cookies;
use super::extract::{MaxBody, read_body};
use super::failure;
use super::idempotency::{self, Attempt, Decision};
use super::limits::{self, LimitClass, Meter, Standing, Who};
use super::notice;
use super::operation::{Access, Operation, Precondition};
use crate::error::{Error, Result};
use crate::security::{self, SecurityEvent};
use crate::state::App;
use crate::tenancy::{self, ApiKeyInfo, SignedInUser, TenantContext, is_api_key};

/// Pages may show images and styles of this server and send forms to it; nothing else.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The middleware around all routes.
///
/// # Errors
/// Those that were not answered by a handler; they carry the whole answer.
pub async fn pipeline(
    app: Data<App>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = app.clock().now();
    let info = RequestInfo::read(&app, &request);
    request.extensions_mut().insert(info.clone());
    let pattern = pattern_of(&request);
    let method = request.method().clone();
    let path = request.path().to_owned();
    let operation = app.operations().find(&method, &pattern).copied();
    let for_people = notice::is_wanted(&request, operation.as_ref());
    let span = tracing::info_span!(
        "request",
        request.id = info.request_id,
        http.method = %method,
        http.route = pattern,
        agency.id = tracing::field::Empty,
        user.id = tracing::field::Empty,
    );
    let mut meter = Meter::new(app.limiter(), &info);
    let outcome = async {
        match operation {
            Some(operation) => {
                // The router knows GET only; the server leaves the body out again by itself.
                if method == Method::HEAD {
                    request.head_mut().method = Method::GET;
                }
                admit(&app, &mut request, &info, &operation, &mut meter).await
            }
            None => {
                meter.by_address(LimitClass::Unmatched).await?;
                Err(unknown(&app, &pattern))
            }
        }
    }
    .instrument(span.clone())
    .await;
    let standing = meter.standing;
    let outcome = match outcome {
        Err(error) => Ok(request.error_response(error)),
        Ok(Admitted::Replay(response)) => Ok(request.into_response(response)),
        Ok(Admitted::Run(attempt)) => {
            run(&app, request, next, operation, attempt).instrument(span.clone()).await
        }
    };
    let finish = |response| {
        let mut response = failure::describe(&app, response, &info, &path, for_people);
        if info.headers_only && operation.is_some_and(|operation| operation.streams) {
            // Without end, a body that is not sent would still hold the connection.
            response = response.set_body(BoxBody::new(()));
        }
        add_headers(&app, response.headers_mut(), &info, operation.as_ref(), standing);
        let duration_ms = (app.clock().now() - started).num_milliseconds();
        let status = response.status().as_u16();
        span.in_scope(|| tracing::info!(http.status = status, duration_ms, "request"));
        response
    };
    match outcome {
        Ok(response) => {
            let (request, response) = response.into_parts();
            Ok(ServiceResponse::new(request, finish(response)))
        }
        Err(response) => Err(InternalError::from_response("unanswered", finish(response)).into()),
    }
}

/// The middleware around the cross-origin rules: what those answer by themselves, the preflights of
/// browsers (Fetch standard), is counted as well.
///
/// # Errors
/// Those of what is inside.
pub async fn preflights(
    app: Data<App>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let is_preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !is_preflight || app.config().client_origins.is_empty() {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    }
    let info = RequestInfo::read(&app, &request);
    let mut meter = Meter::new(app.limiter(), &info);
    let mut response = match meter.by_address(LimitClass::Operations).await {
        Ok(()) => next.call(request).await?.map_into_boxed_body(),
        Err(error) => {
            let path = request.path().to_owned();
            let (request, response) = request.error_response(error).into_parts();
            let response = failure::describe(&app, response, &info, &path, false);
            ServiceResponse::new(request, response)
        }
    };
    add_headers(&app, response.headers_mut(), &info, None, meter.standing);
    Ok(response)
}

/// The path pattern that the router is going to match.
///
/// Routing comes after this middleware, so it is looked up here, in the path as the router reads
/// it: percent-decoded. The raw path could match another pattern than the one that will run. One
/// with the character NUL matches none: there is nothing that Postgres could find by it.
fn pattern_of(request: &ServiceRequest) -> String {
    let path = request.match_info().as_str();
    let pattern = (!path.contains('\0')).then(|| request.resource_map().match_pattern(path));
    pattern.flatten().unwrap_or_default()
}

/// The value of a path parameter, which the router has not filled in yet.
fn path_parameter(request: &ServiceRequest, operation: &Operation, name: &str) -> Option<String> {
    operation.path.split('/').zip(request.match_info().as_str().split('/')).find_map(
        |(pattern, value)| {
            let parameter = pattern.strip_prefix('{')?.strip_suffix('}')?;
            (parameter == name).then(|| value.to_owned())
        },
    )
}

/// Why there is no such operation.
fn unknown(app: &App, pattern: &str) -> Error {
    match app.operations().methods(pattern) {
        methods if methods.is_empty() => Error::NotFound,
        allowed => Error::MethodNotAllowed { allowed },
    }
}

/// A request that may go on.
enum Admitted {
    /// To its handler.
    Run(Option<Attempt>),
    /// It has been answered before.
    Replay(HttpResponse),
}

/// Everything that is checked before the handler.
async fn admit(
    app: &App,
    request: &mut ServiceRequest,
    info: &RequestInfo,
    operation: &Operation,
    meter: &mut Meter<'_>,
) -> Result<Admitted> {
    let token = path_parameter(request, operation, "token");
    meter.before(operation, token.as_deref()).await?;

    let max_bytes = operation.max_body.unwrap_or(app.config().max_body_bytes);
    request.extensions_mut().insert(MaxBody(max_bytes));
    request.extensions_mut().insert(operation.access);
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<usize>().ok());
    if announced.is_some_and(|length| length > max_bytes) {
        return Err(Error::PayloadTooLarge { max_bytes });
    }

    let mut caller = Caller::default();
    let known = identify(app, request, info, operation, token.as_deref(), &mut caller).await;
    let who = caller.who(request, known.is_ok());
    meter.after(operation, &who, known.as_ref().err()).await?;
    known?;
    if let (Some(feature), Some(tenant)) = (operation.feature, &caller.tenant) {
        tenant.require_feature(feature)?;
    }

    let has_condition = request.headers().contains_key(header::IF_MATCH);
    if operation.precondition == Precondition::Required && !has_condition {
        return Err(Error::PreconditionRequired);
    }

    let decision = if operation.takes_idempotency_key() {
        once(app, request, info, &caller, token.as_deref()).await?
    } else {
        Admitted::Run(None)
    };
    let mut extensions = request.extensions_mut();
    if let Some(user) = caller.user {
        extensions.insert(user);
    }
    if let Some(tenant) = caller.tenant {
        extensions.insert(tenant);
    }
    if let Some(document_id) = caller.document_id {
        extensions.insert(document_id);
    }
    drop(extensions);
    Ok(decision)
}

/// Who calls.
#[derive(Default)]
struct Caller {
    user: Option<SignedInUser>,
    tenant: Option<TenantContext>,
    document_id: Option<entity::DocumentId>,
}

impl Caller {
    fn api_key(&self) -> Option<&ApiKeyInfo> {
        self.tenant.as_ref().and_then(TenantContext::api_key)
    }

    /// Names who calls, person or key, for limits.
    fn person_key(&self) -> Option<String> {
        let key = self.api_key().map(|key| key.id.to_string());
        key.or_else(|| self.user.as_ref().map(|user| user.user.id.to_string()))
    }

    /// For limits. What an agency has is not used up by who `may` not use it.
    fn who(&self, request: &ServiceRequest, may: bool) -> Who {
        let tenant = self.tenant.as_ref().filter(|_| may);
        let cookie = || cookies::value(request.request(), cookies::ACCESS_TOKEN).is_some();
        Who {
            person: self.person_key(),
            api_key: self.api_key().map(|key| key.id.to_string()),
            api_key_requests: self.api_key().and_then(|key| key.requests_per_minute),
            agency: tenant.map(|tenant| tenant.agency_id().to_string()),
            tier: tenant.map(|tenant| tenant.plan().tier()),
            has_credentials: bearer(request).is_some() || cookie(),
        }
    }

    /// Names the caller among all callers of an agency, for idempotency keys.
    fn name(&self, token: Option<&str>, info: &RequestInfo) -> String {
        match (self.person_key(), token) {
            (Some(person), _) => person,
            (None, Some(token)) => format!("link {token}"),
            (None, None) => format!("address {}", info.ip_key()),
        }
    }
}

/// Authentication and authorisation. `caller` holds what has been found out so far, also when it
/// fails.
async fn identify(
    app: &App,
    request: &ServiceRequest,
    info: &RequestInfo,
    operation: &Operation,
    token: Option<&str>,
    caller: &mut Caller,
) -> Result<()> {
    let span = tracing::Span::current();
    let needs_somebody = !matches!(operation.access, Access::Public | Access::Link(_));
    if let Some(key) = bearer(request).filter(|token| needs_somebody && is_api_key(token)) {
        let slug = path_parameter(request, operation, "agency_slug");
        return identify_key(app, key, slug.as_deref(), info, operation, caller).await;
    }
    let signed_in = async || -> Result<SignedInUser> {
        let token = access_token(app, request, info).await?;
        let user = tenancy::authenticate(app, &token, info).await?;
        span.record("user.id", tracing::field::display(user.user.id));
        Ok(user)
    };
    match operation.access {
        Access::Public => {}
        Access::SignedIn => caller.user = Some(signed_in().await?),
        Access::Operator => {
            let user = caller.user.insert(signed_in().await?);
            if !user.user.is_super_admin {
                return Err(Error::Forbidden { permission: tenancy::SUPER_ADMIN });
            }
        }
        Access::Member(permission) => {
            let user = caller.user.insert(signed_in().await?);
            let slug = path_parameter(request, operation, "agency_slug");
            let tenant = tenancy::resolve_member(app, user, slug.as_deref(), info.clone()).await?;
            span.record("agency.id", tracing::field::display(tenant.agency_id()));
            caller.tenant.insert(tenant).require(permission)?;
        }
        Access::Link(kind) => {
            let (tenant, document_id) =
                tenancy::resolve_link(app, kind, token.unwrap_or_default(), info.clone()).await?;
            span.record("agency.id", tracing::field::display(tenant.agency_id()));
            caller.tenant = Some(tenant);
            caller.document_id = Some(document_id);
        }
    }
    Ok(())
}

/// Authentication and authorisation of a program with an API key.
async fn identify_key(
    app: &App,
    key: &str,
    slug: Option<&str>,
    info: &RequestInfo,
    operation: &Operation,
    caller: &mut Caller,
) -> Result<()> {
    let tenant = tenancy::resolve_api_key(app, key, slug, info.clone()).await?;
    tracing::Span::current().record("agency.id", tracing::field::display(tenant.agency_id()));
    let tenant = caller.tenant.insert(tenant);
    let permission = operation.key_permission().ok_or_else(|| {
        Error::refused("api_key_not_allowed", "this needs a person: an API key cannot do it")
    })?;
    tenant.require(permission)
}

/// The access token of a request: the bearer token, else that of the browser's cookie.
async fn access_token<'r>(
    app: &App,
    request: &'r ServiceRequest,
    info: &RequestInfo,
) -> Result<Cow<'r, str>> {
    if let Some(token) = bearer(request) {
        return Ok(Cow::Borrowed(token));
    }
    let token = cookies::value(request.request(), cookies::ACCESS_TOKEN);
    let token = token.ok_or_else(Error::unauthenticated)?;
    if !request.method().is_safe() {
        let checked = cookies::check_origin(app.config(), request.headers());
        if checked.is_err() {
            security::record(app, info, SecurityEvent::OriginMismatch).await;
        }
        checked?;
    }
    Ok(Cow::Owned(token))
}

/// The bearer token of a request (RFC 6750 §2.1).
fn bearer(request: &ServiceRequest) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}

/// Looks a repeated request up.
async fn once(
    app: &App,
    request: &mut ServiceRequest,
    info: &RequestInfo,
    caller: &Caller,
    token: Option<&str>,
) -> Result<Admitted> {
    let Some(key) = idempotency::key_of(request.request())? else { return Ok(Admitted::Run(None)) };
    let name = caller.name(token, info);
    let agency_id = caller.tenant.as_ref().map(TenantContext::agency_id);
    let body: Bytes = {
        let (head, payload) = request.parts_mut();
        read_body(head, payload).await?
    };
    let attempt = Attempt::new(agency_id, &name, request.request(), &key, &body);
    request.set_payload(Payload::from(body));
    Ok(match attempt.begin(app).await? {
        Decision::Run => {
            // Shared with the contexts made from this request, so that their unit of work marks
            // the record.
            let _ = info.idempotency.set(attempt.id.clone());
            Admitted::Run(Some(attempt))
        }
        Decision::Replay(response) => Admitted::Replay(response),
    })
}

/// The handler, within its time.
///
/// The router takes the request whole: it cannot read the path while a copy is kept here. What ends
/// without an answer of the handler has therefore no request any more, and is returned as an error.
async fn run(
    app: &App,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    operation: Option<Operation>,
    attempt: Option<Attempt>,
) -> Result<ServiceResponse<BoxBody>, HttpResponse> {
    let limit = match operation {
        Some(operation) if operation.streams => Duration::MAX,
        _ => app.config().request_timeout,
    };
    let outcome = match tokio::time::timeout(limit, next.call(request)).await {
        Ok(outcome) => outcome.map(ServiceResponse::map_into_boxed_body),
        Err(_) => {
            let cause = "the request took too long".into();
            Err(Error::Unavailable { retry_after_s: 5, cause }.into())
        }
    };
    match (outcome, attempt) {
        (Ok(response), None) => Ok(response),
        (Ok(response), Some(attempt)) => {
            attempt.finish(app, response).await.map_err(HttpResponse::from_error)
        }
        (Err(error), None) => Err(HttpResponse::from_error(error)),
        (Err(error), Some(attempt)) => {
            attempt.forget(app).await.map_err(HttpResponse::from_error)?;
            Err(HttpResponse::from_error(error))
        }
    }
}

/// Headers that every answer has.
fn add_headers(
    app: &App,
    headers: &mut HeaderMap,
    info: &RequestInfo,
    operation: Option<&Operation>,
    standing: Option<Standing>,
) {
    let is_link = operation.is_some_and(|operation| matches!(operation.access, Access::Link(_)));
    let is_secure = app.config().public_base_url.starts_with("https://");
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(HeaderName::from_static("x-request-id"), &info.request_id);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    // Not `no-referrer` for pages: their forms would then arrive without origin.
    set(header::REFERRER_POLICY, "same-origin");
    if is_secure {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
    if is_link {
        set(HeaderName::from_static("x-robots-tag"), "noindex");
    }
    if let Some(standing) = &standing {
        limits::set_headers(headers, standing);
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(CONTENT_SECURITY_POLICY),
        );
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
}

/// Answers what no route matched; the pipeline has described it already.
///
/// # Errors
/// [`Error::NotFound`], always.
pub async fn not_found(method: Method) -> Result<HttpResponse> {
    tracing::debug!(%method, "no route");
    Err(Error::NotFound)
}
