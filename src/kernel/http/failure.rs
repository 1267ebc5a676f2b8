//! How an error is answered: described once, for programs or for people, and logged once.

use actix_web::HttpResponse;

use super::problem::Problem;
use super::{RequestInfo, notice};
use crate::error::Error;
use crate::state::App;

/// Puts the full description in the place of an error, and logs its cause once: a page for people,
/// else the problem document.
pub(super) fn describe(
    app: &App,
    response: HttpResponse,
    info: &RequestInfo,
    path: &str,
    for_people: bool,
) -> HttpResponse {
    let Some(error) = response.error() else { return response };
    // An error of the framework is described by its status alone.
    let foreign;
    let error = match error.as_error::<Error>() {
        Some(error) => error,
        None => {
            foreign = match response.status().as_u16() {
                404 => Error::NotFound,
                400..=499 => Error::BadRequest("the request could not be read".into()),
                _ => Error::internal(error.to_string()),
            };
            &foreign
        }
    };
    log_error(error, info);
    let problem = Problem::new(error, info, path);
    if !for_people {
        return problem.response(error);
    }
    notice::page(app, error, &problem).unwrap_or_else(|failure| {
        log_error(&failure, info);
        problem.response(error)
    })
}

/// Logs an error with its causes. For a handler that answers an error otherwise than by returning
/// it, which is logged by itself.
pub fn log_error(error: &Error, info: &RequestInfo) {
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        causes.push(next.to_string());
        cause = next.source();
    }
    let (request_id, cause) = (&info.request_id, causes.join(": "));
    match error.status() {
        500 => tracing::error!(request.id = request_id, error = %error, cause, "request failed"),
        502 | 503 => {
            tracing::warn!(request.id = request_id, error = %error, cause, "request failed")
        }
        _ => {
            tracing::debug!(request.id = request_id, error.code = error.code(), error = %error, "request refused")
        }
    }
}
