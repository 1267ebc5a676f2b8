//! The server: the areas collected, their routes mounted, the listener opened.
//!
//! An area gives its operations, its routes, its jobs and its templates; each is named here once
//! for each of the four. Every request passes the kernel's pipeline, whatever it asks for.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::Server;
use actix_web::http::header::{self, HeaderName};
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::{self, Data, PathConfig};
use actix_web::{App as Routes, HttpServer};
use kernel::config::{Config, DatabaseUrl};
use kernel::error::{Context, Error, Result};
use kernel::http::operation::OperationTable;
use kernel::http::{health, pipeline};
use kernel::jobs::JobRegistry;
use kernel::pages::Pages;
use kernel::state::{App, Ports};
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::reference;

/// How long an idle connection is kept: longer than the proxies before it do, so that they never
/// send a request into a connection that is just being closed.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// How long a browser may remember the answer to a preflight.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_secs(3600);

/// Every operation of the server.
///
/// # Errors
/// [`Error::Internal`] naming an operation that two areas claim.
pub fn operations() -> Result<OperationTable> {
    let rows = [
        reference::OPERATIONS.to_vec(),
        health::OPERATIONS.to_vec(),
        comms::operations(),
        identity::operations(),
        clientwork::operations(),
        sales::operations(),
        money::operations(),
        governance::operations(),
    ];
    OperationTable::new(rows.concat()).map_err(Error::internal)
}

/// Every route of the server that the OpenAPI document knows.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    health::configure(config);
    comms::configure(config);
    identity::configure(config);
    clientwork::configure(config);
    sales::configure(config);
    money::configure(config);
    governance::configure(config);
    reference::configure(config);
}

/// Every kind of work.
fn jobs() -> JobRegistry {
    let mut registry = JobRegistry::default();
    comms::jobs(&mut registry);
    identity::jobs(&mut registry);
    clientwork::jobs(&mut registry);
    sales::jobs(&mut registry);
    money::jobs(&mut registry);
    governance::jobs(&mut registry);
    registry
}

/// Connects everything the configuration names. The schema must be up to date.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached; [`Error::Internal`] when a key
/// cannot be read or a template does not compile.
pub async fn start(config: Config, ports: Ports) -> Result<App> {
    start_with(config, ports, operations()?).await
}

/// As [`start`], with other rules for the operations: for tests that show that a rule is missed.
///
/// # Errors
/// As [`start`].
pub async fn start_with(config: Config, ports: Ports, table: OperationTable) -> Result<App> {
    let templates = [comms::TEMPLATES, identity::TEMPLATES, sales::TEMPLATES];
    let pages = Pages::compile(templates.into_iter().flatten())?;
    App::start(config, ports, jobs(), table, pages).await
}

/// Takes the address to listen on. Where the configuration left the port open and named no public
/// address, the address that was found is written into it.
///
/// # Errors
/// [`Error::Internal`] when the address is taken or not this machine's.
pub fn bind(config: &mut Config) -> Result<TcpListener> {
    let wanted = SocketAddr::new(config.bind, config.port);
    let socket = match wanted {
        SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4(),
        SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6(),
    };
    let listener = socket
        .and_then(|socket| {
            socket.set_reuseaddr(true)?;
            socket.bind(wanted)?;
            socket.listen(BACKLOG)?.into_std()
        })
        .context("listening")?;
    let found = listener.local_addr().context("listening")?;
    if config.public_base_url == format!("http://{wanted}") {
        config.public_base_url = format!("http://{found}");
    }
    config.port = found.port();
    Ok(listener)
}

/// Makes the server that answers on `listener`. It answers from when it is first polled, and ends
/// when its handle says so: signals are left to the caller.
///
/// # Errors
/// [`Error::Internal`] when the listener cannot be used.
pub fn listen(app: &App, listener: TcpListener) -> Result<Server> {
    let config = app.config();
    let document = Data::new(reference::Document::default());
    let (client_timeout, workers) = (config.client_timeout, config.workers);
    let shutdown_timeout = config.shutdown_timeout.as_secs();
    let app = Data::new(app.clone());
    let server = HttpServer::new(move || {
        let (routes, _) = Routes::new()
            .app_data(app.clone())
            .app_data(document.clone())
            .app_data(PathConfig::default().error_handler(|_, _| Error::NotFound.into()))
            .into_utoipa_app()
            .configure(routes)
            .split_for_parts();
        routes
            .service(reference::pages())
            .default_service(web::to(pipeline::not_found))
            .wrap(from_fn(pipeline::pipeline))
            .wrap(cross_origin(app.config()))
            .wrap(from_fn(pipeline::preflights))
    });
    let server = if workers == 0 { server } else { server.workers(workers) };
    let server = server
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(client_timeout)
        .shutdown_timeout(shutdown_timeout)
        .disable_signals()
        .listen(listener)
        .context("listening")?;
    Ok(server.run())
}

/// Cross-origin requests (Fetch standard): from the configured origins only. Credentials travel in
/// the Authorization header, never in cookies, so that none are allowed here.
fn cross_origin(config: &Config) -> Condition<Cors> {
    let allowed = Cors::default()
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("x-request-id"),
        ])
        .expose_headers([
            header::ETAG,
            header::LOCATION,
            header::LINK,
            header::RETRY_AFTER,
            HeaderName::from_static("idempotency-replayed"),
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
            HeaderName::from_static("x-request-id"),
        ])
        // Cookies of a sign-in; the origins are named one by one.
        .supports_credentials()
        .max_age(usize::try_from(PREFLIGHT_MAX_AGE.as_secs()).unwrap_or(usize::MAX));
    let origins = &config.client_origins;
    let cors = origins.iter().fold(allowed, |cors, origin| cors.allowed_origin(origin));
    Condition::new(!origins.is_empty(), cors)
}

/// Where the database is, for people: never with its password.
pub fn database_place(config: &Config) -> String {
    match &config.database.url {
        DatabaseUrl::Sqlite(path) => format!("SQLite, {}", path.display()),
        DatabaseUrl::Postgres(url) => {
            let url = secrecy::ExposeSecret::expose_secret(url);
            let place = url.split_once("://").map_or(url, |(_, place)| place);
            let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
            format!("Postgres, {}", place.split('?').next().unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_the_database_shows_no_password() {
        let environment = [("DATABASE_URL", "postgres://me:hunter2@db:5432/x?sslmode=require")];
        let environment = environment.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let config = Config::from_sources(None, environment.into()).unwrap();

        assert_eq!(database_place(&config), "Postgres, db:5432/x");
    }
}
