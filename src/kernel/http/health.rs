//! Liveness and readiness (design ruling 19).

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::limits::LimitClass;
use super::operation::Operation;
use crate::state::App;

/// The operations of this module.
pub const OPERATIONS: &[Operation] = &[
    Operation::public("GET", "/health", LimitClass::Health),
    Operation::public("GET", "/health/live", LimitClass::Health),
    Operation::public("GET", "/health/ready", LimitClass::Health),
];

/// Adds the routes of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    config.service(health).service(live).service(ready);
}

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ready", "database": "sqlite"}))]
pub struct HealthView {
    /// `alive`, `ready`.
    pub status: &'static str,
    /// Which database it works on; only where it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<&'static str>,
}

/// Tell that the process is alive.
///
/// Checks nothing else. The same as `/health/live`.
#[utoipa::path(tag = "operations", operation_id = "health", responses((status = 200, body = HealthView)))]
#[get("/health")]
async fn health() -> HttpResponse {
    HttpResponse::Ok().json(HealthView { status: "alive", database: None })
}

/// Tell that the process is alive.
///
/// Checks nothing else: an orchestrator restarts a process that does not answer here.
#[utoipa::path(tag = "operations", operation_id = "health_live", responses((status = 200, body = HealthView)))]
#[get("/health/live")]
async fn live() -> HttpResponse {
    HttpResponse::Ok().json(HealthView { status: "alive", database: None })
}

/// Tell whether the server can do its work.
///
/// Asks the database. 503 while it does not answer.
#[utoipa::path(tag = "operations", operation_id = "health_ready", responses((status = 200, body = HealthView)))]
#[get("/health/ready")]
async fn ready(app: Data<App>) -> Result<HttpResponse, crate::Error> {
    app.store().ping().await?;
    Ok(HttpResponse::Ok()
        .json(HealthView { status: "ready", database: Some(app.store().engine()) }))
}
