//! Errors as problem documents (RFC 9457).

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use chrono::{DateTime, Utc};
use entity::agency::Tier;
use serde::Serialize;
use utoipa::ToSchema;

use super::RequestInfo;
use crate::error::{Error, FieldError, LimitReached};
use crate::tenancy::plan::{self, Limit};

/// What a problem document says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "urn:retainer:problem:validation_failed",
    "title": "The request breaks a rule",
    "status": 422,
    "detail": "one member of the request broke a rule",
    "instance": "/api/v1/agencies/acme/clients",
    "code": "validation_failed",
    "request_id": "01935c0b8f7e7c52a1f4c9d2e6b7a890",
    "errors": [{"pointer": "/email", "code": "invalid", "detail": "is not an e-mail address"}],
}))]
pub struct Problem {
    /// Names the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem, for people.
    pub title: &'static str,
    /// The HTTP status code.
    pub status: u16,
    /// This problem, for people: what is wrong and what to do.
    pub detail: String,
    /// The path of the request.
    pub instance: String,
    /// The kind of problem, for programs.
    pub code: &'static str,
    /// Names the request in the server's logs.
    pub request_id: String,
    /// The broken rules, all of them.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub errors: Vec<FieldError>,
    /// The permission that is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission: Option<&'static str>,
    /// The feature that the agency's plan has not got.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature: Option<&'static str>,
    /// The tier of the agency's plan; left out for who may not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// The cheapest tier that would allow it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_tier: Option<Tier>,
    /// What to do about a plan, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<String>,
    /// What the plan allows no more of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<&'static str>,
    /// How many the plan allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// How many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<i64>,
    /// When the count begins anew; null for what is counted in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub resets_at: Option<Option<DateTime<Utc>>>,
    /// The member that collides with what is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'static str>,
    /// The state it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    /// The states that would allow it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<String>>,
    /// The setting that would bring what is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<&'static str>,
    /// Seconds to wait before trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}

/// What a higher tier allows, for people.
fn allowance(resource: Limit, tier: Tier) -> String {
    let (title, unit) = (plan::title(tier), resource.unit());
    match resource.of(tier) {
        Some(max) => format!("upgrade to the {title} plan: it allows {max} {unit}"),
        None => format!("upgrade to the {title} plan: it allows any number of {unit}"),
    }
}

/// The kind of problem, for people.
fn title(error: &Error) -> &'static str {
    match error {
        Error::BadRequest(_) => "The request does not parse",
        Error::UnsupportedMediaType { .. } => "The body is of a wrong type",
        Error::Unauthenticated { .. } => "Sign in first",
        Error::Forbidden { .. } | Error::Refused { .. } => "Not permitted",
        Error::FeatureNotInPlan { .. } => "Not in the plan",
        Error::PlanLimit(_) => "The plan's limit is reached",
        Error::NotFound => "Not found",
        Error::MethodNotAllowed { .. } => "Method not allowed",
        Error::Gone(_) => "Gone",
        Error::Conflict { .. } => "In conflict with what is stored",
        Error::InvalidState { .. } => "Not possible in the current state",
        Error::StillRunning => "Still running",
        Error::PreconditionFailed => "Changed in the meantime",
        Error::PreconditionRequired => "If-Match is required",
        Error::PayloadTooLarge { .. } => "The body is too large",
        Error::Validation(_) => "The request breaks a rule",
        Error::RateLimited { .. } => "Too many requests",
        Error::NotConfigured { .. } => "Not set up",
        Error::Upstream { .. } => "Another system failed",
        Error::Unavailable { .. } => "Not available right now",
        Error::Internal { .. } => "Something went wrong",
    }
}

impl Problem {
    /// Describes an error to a caller. An unforeseen one says nothing but the request's id.
    pub fn new(error: &Error, info: &RequestInfo, instance: &str) -> Self {
        let mut problem = Self {
            kind: format!("urn:retainer:problem:{}", error.code()),
            title: title(error),
            status: error.status(),
            detail: error.to_string(),
            instance: instance.to_owned(),
            code: error.code(),
            request_id: info.request_id.clone(),
            errors: Vec::new(),
            permission: None,
            feature: None,
            tier: None,
            required_tier: None,
            upgrade: None,
            resource: None,
            limit: None,
            used: None,
            resets_at: None,
            field: None,
            current: None,
            allowed: None,
            setting: None,
            retry_after_s: None,
        };
        match error {
            Error::Internal { .. } => {
                problem.detail = format!(
                    "the server failed; if it happens again, report request {}",
                    info.request_id
                );
            }
            Error::Validation(errors) => problem.errors.clone_from(errors),
            Error::Forbidden { permission } => problem.permission = Some(permission),
            Error::FeatureNotInPlan { feature, tier } => {
                problem.feature = Some(feature.key());
                // Whose plan it is not learns nothing of it.
                if let Some(tier) = tier {
                    let required = feature.required_tier();
                    problem.tier = Some(*tier);
                    problem.required_tier = Some(required);
                    let (title, what) = (plan::title(required), feature.title());
                    problem.upgrade = Some(format!("upgrade to the {title} plan to use {what}"));
                }
            }
            Error::PlanLimit(reached) => {
                let LimitReached { resource, limit, used, tier, required_tier, resets_at } =
                    reached;
                problem.resource = Some(resource.key());
                problem.limit = Some(*limit);
                problem.used = Some(*used);
                problem.tier = Some(*tier);
                problem.required_tier = *required_tier;
                problem.upgrade = required_tier.map(|required| allowance(*resource, required));
                problem.resets_at = Some(*resets_at);
            }
            Error::Conflict { field, .. } => problem.field = *field,
            Error::InvalidState { current, allowed } => {
                problem.current = Some(current.clone());
                problem.allowed = Some(allowed.iter().map(|state| (*state).to_owned()).collect());
            }
            Error::NotConfigured { setting, .. } => problem.setting = Some(setting),
            Error::RateLimited { retry_after_s } | Error::Unavailable { retry_after_s, .. } => {
                problem.retry_after_s = Some(*retry_after_s);
            }
            Error::StillRunning => problem.retry_after_s = Some(1),
            _ => {}
        }
        problem
    }

    /// As an HTTP response with the headers that belong to it.
    pub fn response(&self, error: &Error) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        match error {
            Error::Unauthenticated { code, .. } => {
                let challenge = if *code == "unauthenticated" {
                    "Bearer realm=\"retainer\"".to_owned()
                } else {
                    format!(
                        "Bearer realm=\"retainer\", error=\"invalid_token\", error_description=\"{code}\""
                    )
                };
                response.insert_header((header::WWW_AUTHENTICATE, challenge));
            }
            Error::MethodNotAllowed { allowed } => {
                response.insert_header((header::ALLOW, allowed.join(", ")));
            }
            _ => {}
        }
        let body = serde_json::to_string(self).unwrap_or_default();
        response.insert_header((
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        ));
        response.body(body)
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Without the request's id and path; the pipeline puts the full document in its place.
    fn error_response(&self) -> HttpResponse {
        Problem::new(self, &RequestInfo::default(), "").response(self)
    }
}
