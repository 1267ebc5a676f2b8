//! The one error of the server.
//!
//! A variant is a meaning, not a source: what the caller may learn and do. Causes are kept for
//! the log and never shown. The HTTP form is an RFC 9457 problem document, made at the edge by
//! [`crate::http::problem`].

use std::borrow::Cow;
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::ParseIdError;
use entity::agency::Tier;

use crate::tenancy::plan::{self, Feature, Limit};

/// A broken rule at one place of the request.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"pointer": "/email", "code": "invalid", "detail": "not an e-mail address"}))]
pub struct FieldError {
    /// Where: a JSON pointer (RFC 6901) into the body, or `?name` for a query parameter.
    pub pointer: String,
    /// Which rule, for programs.
    pub code: String,
    /// What is wrong, for people.
    pub detail: String,
}

impl FieldError {
    /// Makes one.
    pub fn new(
        pointer: impl Into<String>,
        code: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self { pointer: pointer.into(), code: code.into(), detail: detail.into() }
    }
}

/// What went wrong, as a meaning.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request does not parse (400).
    #[error("{0}")]
    BadRequest(Cow<'static, str>),
    /// The body is of a type the operation does not take (415).
    #[error("the body must be sent as {expected}")]
    UnsupportedMediaType {
        /// The type that is taken.
        expected: &'static str,
    },
    /// No credentials, or bad ones (401). `code` says which: `unauthenticated`, `token_expired`, …
    #[error("{detail}")]
    Unauthenticated {
        /// Stable word for programs.
        code: &'static str,
        /// For people.
        detail: Cow<'static, str>,
    },
    /// The caller may see but not do this (403).
    #[error("you do not have the permission `{permission}`")]
    Forbidden {
        /// The missing permission.
        permission: &'static str,
    },
    /// The agency's plan has not got it (403).
    #[error("{}", not_in_plan(*feature, *tier))]
    FeatureNotInPlan {
        /// What is missing.
        feature: Feature,
        /// The tier that holds; `None` for who may not know it.
        tier: Option<Tier>,
    },
    /// The agency's plan allows no more of it (403).
    #[error("{}", limit_reached(.0))]
    PlanLimit(LimitReached),
    /// Refused for a reason other than a permission (403).
    #[error("{detail}")]
    Refused {
        /// Stable word for programs.
        code: &'static str,
        /// For people.
        detail: Cow<'static, str>,
    },
    /// Absent, or another agency's: the same to the caller (404).
    #[error("there is nothing at this address")]
    NotFound,
    /// The operation exists, but not with this method (405).
    #[error("this address does not take the method")]
    MethodNotAllowed {
        /// The methods it takes.
        allowed: Vec<String>,
    },
    /// It existed and is gone for good (410).
    #[error("{0}")]
    Gone(Cow<'static, str>),
    /// In conflict with what is stored (409).
    #[error("{detail}")]
    Conflict {
        /// Stable word for programs.
        code: &'static str,
        /// For people.
        detail: Cow<'static, str>,
        /// The member that collides, where there is one.
        field: Option<&'static str>,
    },
    /// The current state does not allow it (409).
    #[error("it is {current}; this can be done only while it is {}", allowed.join(" or "))]
    InvalidState {
        /// The state it is in.
        current: String,
        /// The states that would allow it.
        allowed: Vec<&'static str>,
    },
    /// The same request is still being worked on (409).
    #[error("a request with this Idempotency-Key is still running")]
    StillRunning,
    /// `If-Match` names an older version (412).
    #[error("it has been changed since you read it; read it again and repeat your change")]
    PreconditionFailed,
    /// `If-Match` is missing where it is required (428).
    #[error("send the ETag you read in If-Match, so that nobody's change is overwritten unseen")]
    PreconditionRequired,
    /// More bytes than the operation takes (413).
    #[error("the body is larger than {max_bytes} bytes")]
    PayloadTooLarge {
        /// The limit.
        max_bytes: usize,
    },
    /// Parses, but breaks rules (422): all of them at once.
    #[error("{} of the request broke a rule", if .0.len() == 1 { "one member".to_owned() } else { format!("{} members", .0.len()) })]
    Validation(Vec<FieldError>),
    /// Too many requests (429).
    #[error("too many requests; try again in {retry_after_s} s")]
    RateLimited {
        /// Seconds until the next will be taken.
        retry_after_s: u64,
    },
    /// An optional part of the installation is not set up (503).
    #[error("this installation has no {what}; set {setting}")]
    NotConfigured {
        /// What is missing.
        what: &'static str,
        /// The setting that brings it.
        setting: &'static str,
    },
    /// Another system failed (502).
    #[error("{upstream} did not answer as it should; try again later")]
    Upstream {
        /// Which.
        upstream: &'static str,
        /// Why, for the log.
        #[source]
        cause: Cause,
    },
    /// Overload, or a missing dependency (503).
    #[error("the server cannot do this right now; try again in {retry_after_s} s")]
    Unavailable {
        /// Seconds to wait.
        retry_after_s: u64,
        /// Why, for the log.
        #[source]
        cause: Cause,
    },
    /// Our bug, or something nobody foresaw (500).
    #[error("{context}")]
    Internal {
        /// What was being done, for the log.
        context: Cow<'static, str>,
        /// Why, for the log.
        #[source]
        cause: Option<Cause>,
    },
}

/// A limit of a plan that does not allow what was wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitReached {
    /// Of what.
    pub resource: Limit,
    /// How many the plan allows.
    pub limit: i64,
    /// How many there are.
    pub used: i64,
    /// The tier that holds.
    pub tier: Tier,
    /// The cheapest tier that would allow it.
    pub required_tier: Option<Tier>,
    /// When the count begins anew; `None` for what is counted in all.
    pub resets_at: Option<DateTime<Utc>>,
}

/// What a missing feature is told to people.
fn not_in_plan(feature: Feature, tier: Option<Tier>) -> String {
    match tier {
        Some(tier) => {
            format!("the {} plan does not include {}", plan::title(tier), feature.title())
        }
        None => format!("this agency does not offer {}", feature.title()),
    }
}

/// What a reached limit is told to people.
fn limit_reached(reached: &LimitReached) -> String {
    let LimitReached { resource, limit, used, tier, .. } = reached;
    let (unit, title) = (resource.unit(), plan::title(*tier));
    format!("the {title} plan allows {limit} {unit}, and {used} are used")
}

/// Any cause, kept for the log.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A result with the server's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Something that cannot happen, with the reason why not.
    pub fn internal(context: impl Into<Cow<'static, str>>) -> Self {
        Self::Internal { context: context.into(), cause: None }
    }

    /// One broken rule.
    pub fn invalid(
        pointer: impl Into<String>,
        code: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self::Validation(vec![FieldError::new(pointer, code, detail)])
    }

    /// A collision with what is stored.
    pub fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Conflict { code, detail: detail.into(), field: None }
    }

    /// A collision of one member with what is stored.
    pub fn conflict_on(field: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Conflict { code: "conflict", detail: detail.into(), field: Some(field) }
    }

    /// A refusal with its own code.
    pub fn refused(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused { code, detail: detail.into() }
    }

    /// No credentials at all.
    pub fn unauthenticated() -> Self {
        Self::Unauthenticated {
            code: "unauthenticated",
            detail: "send an access token: `Authorization: Bearer …`".into(),
        }
    }

    /// The stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad_request",
            Self::UnsupportedMediaType { .. } => "unsupported_media_type",
            Self::Unauthenticated { code, .. }
            | Self::Refused { code, .. }
            | Self::Conflict { code, .. } => code,
            Self::Forbidden { .. } => "forbidden",
            Self::FeatureNotInPlan { .. } => "feature_not_in_plan",
            Self::PlanLimit(_) => "plan_limit_reached",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::Gone(_) => "gone",
            Self::InvalidState { .. } => "invalid_state",
            Self::StillRunning => "request_in_progress",
            Self::PreconditionFailed => "precondition_failed",
            Self::PreconditionRequired => "precondition_required",
            Self::PayloadTooLarge { .. } => "payload_too_large",
            Self::Validation(_) => "validation_failed",
            Self::RateLimited { .. } => "rate_limited",
            Self::NotConfigured { .. } => "not_configured",
            Self::Upstream { .. } => "upstream_failed",
            Self::Unavailable { .. } => "unavailable",
            Self::Internal { .. } => "internal",
        }
    }

    /// The HTTP status code.
    pub fn status(&self) -> u16 {
        match self {
            Self::BadRequest(_) => 400,
            Self::Unauthenticated { .. } => 401,
            Self::Forbidden { .. }
            | Self::FeatureNotInPlan { .. }
            | Self::PlanLimit(_)
            | Self::Refused { .. } => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed { .. } => 405,
            Self::Conflict { .. } | Self::InvalidState { .. } | Self::StillRunning => 409,
            Self::Gone(_) => 410,
            Self::PreconditionFailed => 412,
            Self::PayloadTooLarge { .. } => 413,
            Self::UnsupportedMediaType { .. } => 415,
            Self::Validation(_) => 422,
            Self::PreconditionRequired => 428,
            Self::RateLimited { .. } => 429,
            Self::Internal { .. } => 500,
            Self::Upstream { .. } => 502,
            Self::NotConfigured { .. } | Self::Unavailable { .. } => 503,
        }
    }
}

/// Adds what was being done to an unforeseen cause.
pub trait Context<T> {
    /// Turns the cause into [`Error::Internal`] with `context`.
    ///
    /// # Errors
    /// The cause, wrapped.
    fn context(self, context: &'static str) -> Result<T>;
}

impl<T, E: Into<Cause>> Context<T> for std::result::Result<T, E> {
    fn context(self, context: &'static str) -> Result<T> {
        self.map_err(|cause| Error::Internal { context: context.into(), cause: Some(cause.into()) })
    }
}

impl From<sea_orm::DbErr> for Error {
    /// A pool that gave no connection in time, and a connection that broke, are the database being
    /// away (503); everything else is unforeseen (500).
    fn from(cause: sea_orm::DbErr) -> Self {
        let away = matches!(cause, sea_orm::DbErr::ConnectionAcquire(_) | sea_orm::DbErr::Conn(_))
            || is_connection_failure(&cause);
        if away {
            Self::Unavailable { retry_after_s: RETRY_DATABASE.as_secs(), cause: Box::new(cause) }
        } else {
            Self::Internal {
                context: "talking to the database".into(),
                cause: Some(Box::new(cause)),
            }
        }
    }
}

/// How long a caller is told to wait when the database is away.
const RETRY_DATABASE: Duration = Duration::from_secs(2);

/// Whether the driver reports that the connection itself failed (and not the statement).
fn is_connection_failure(cause: &sea_orm::DbErr) -> bool {
    use sea_orm::{DbErr, RuntimeErr};
    let (DbErr::Exec(RuntimeErr::SqlxError(driver)) | DbErr::Query(RuntimeErr::SqlxError(driver))) =
        cause
    else {
        return false;
    };
    match driver.as_ref() {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // Class 57: operator intervention (shutdown, statement timeout); 08: connection.
        sqlx::Error::Database(database) => {
            database.code().is_some_and(|code| code.starts_with("57") || code.starts_with("08"))
        }
        _ => false,
    }
}

impl From<ParseIdError> for Error {
    fn from(_: ParseIdError) -> Self {
        Self::NotFound
    }
}

/// What a unique key or foreign key violation names, for turning it into a field error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A unique key.
    Unique,
    /// A foreign key.
    ForeignKey,
}

/// Tells whether a statement failed because of a key.
pub fn violation(error: &sea_orm::DbErr) -> Option<Violation> {
    match error.sql_err()? {
        sea_orm::SqlErr::UniqueConstraintViolation(_) => Some(Violation::Unique),
        sea_orm::SqlErr::ForeignKeyConstraintViolation(_) => Some(Violation::ForeignKey),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_validation_error_counts_its_members() {
        let one = Error::invalid("/a", "required", "is missing");
        let two = Error::Validation(vec![
            FieldError::new("/a", "required", "is missing"),
            FieldError::new("/b", "required", "is missing"),
        ]);

        assert_eq!(one.to_string(), "one member of the request broke a rule");
        assert_eq!(two.to_string(), "2 members of the request broke a rule");
    }
}
