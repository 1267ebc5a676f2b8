//! Completes the OpenAPI document from the operation table.
//!
//! Handlers describe their own inputs and answers; what follows from the rules — security, limit
//! class, headers, the error statuses — is written here from the same rows that the pipeline
//! obeys, so that the document cannot promise anything else than what happens.

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation as PathOperation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{OpenApi, Ref, RefOr, Required, Response, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

use super::operation::{Access, Operation, OperationTable, Precondition};
use super::problem::Problem;
use crate::error::FieldError;
use crate::tenancy::Feature;
use crate::tenancy::SUPER_ADMIN;

/// Writes the rules of every row into the document.
///
/// # Errors
/// Every route without a row, and every row (other than pages) without a route.
pub fn complete(mut document: OpenApi, table: &OperationTable) -> Result<OpenApi, Vec<String>> {
    let mut problems = Vec::new();
    let mut documented = Vec::new();
    for (path, item) in &mut document.paths.paths {
        let operations = [
            ("GET", &mut item.get),
            ("POST", &mut item.post),
            ("PUT", &mut item.put),
            ("PATCH", &mut item.patch),
            ("DELETE", &mut item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            let row = table.rows().iter().find(|row| row.method == method && row.path == path);
            match row {
                Some(row) => {
                    describe(operation, row);
                    documented.push((row.method, row.path));
                }
                None => problems.push(format!("{method} {path} has no row in the operation table")),
            }
        }
    }
    for row in table.rows().iter().filter(|row| !row.page) {
        if !documented.contains(&(row.method, row.path)) {
            problems.push(format!(
                "{} {} is in the table but not in the document",
                row.method, row.path
            ));
        }
    }
    let components = document.components.get_or_insert_default();
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    components.schemas.insert(FieldError::name().into_owned(), FieldError::schema());
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.security_schemes.insert("bearer".to_owned(), RefOr::T(SecurityScheme::Http(bearer)));
    let api_key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("rk_live_…")
        .description(Some("An API key, for programs. It must have the scope named here."))
        .build();
    let api_key = RefOr::T(SecurityScheme::Http(api_key));
    components.security_schemes.insert("api_key".to_owned(), api_key);
    if problems.is_empty() { Ok(document) } else { Err(problems) }
}

/// The error statuses of an operation, with what they mean.
pub fn error_statuses(row: &Operation) -> Vec<(&'static str, &'static str)> {
    let has_body = matches!(row.method, "POST" | "PUT" | "PATCH");
    let is_action = row.method != "GET";
    let mut statuses = Vec::new();
    if has_body || row.takes_idempotency_key() {
        statuses.push(("400", "The request does not parse."));
    }
    if matches!(row.access, Access::SignedIn | Access::Operator | Access::Member(_)) {
        statuses.push(("401", "No access token or API key, or one that has ended."));
    }
    if row.access == Access::SignedIn {
        statuses.push(("403", "It needs a person: an API key cannot do it."));
    }
    if row.access == Access::Operator {
        statuses.push(("403", "The caller does not operate the platform."));
        if is_action && row.path.contains("{agency_id}") {
            statuses.push(("410", "The agency has been deleted."));
        }
    }
    if let Access::Member(_) = row.access {
        statuses.push((
            "403",
            "The caller's role does not have the permission, the agency's plan does not allow it, or the agency is suspended.",
        ));
        statuses.push(("410", "The agency has been deleted."));
    }
    if matches!(row.access, Access::Link(_)) && row.feature.is_some() {
        statuses.push(("403", "The agency's plan does not offer it."));
    }
    if row.path.contains('{') {
        statuses.push(("404", "Absent, or another agency's."));
    }
    if is_action {
        statuses.push((
            "409",
            "The current state does not allow it, or something else has the same key.",
        ));
    }
    match row.precondition {
        Precondition::None => {}
        Precondition::Honoured => {
            statuses.push(("412", "It has been changed since the version named in If-Match."));
        }
        Precondition::Required => {
            statuses.push(("412", "It has been changed since the version named in If-Match."));
            statuses.push(("428", "If-Match is missing."));
        }
    }
    if has_body {
        statuses.push(("413", "The body is too large."));
        statuses.push(("415", "The body is of another type."));
    }
    statuses.push(("422", "The request breaks rules: each is named."));
    statuses.push(("429", "Too many requests."));
    statuses.push(("500", "The server failed."));
    statuses.push(("503", "The server, or something it needs, is not available."));
    statuses
}

/// Whether the answer is one thing, with a version: neither a page of a list nor a file.
fn reads_one_thing(operation: &PathOperation, row: &Operation) -> bool {
    let Some(RefOr::T(answer)) = operation.responses.responses.get("200") else { return false };
    let Some(RefOr::T(content)) = answer.content.get("application/json") else { return false };
    let is_page = match &content.schema {
        Some(RefOr::Ref(name)) => name.ref_location.contains("PageView"),
        _ => false,
    };
    let signed_in = matches!(row.access, Access::SignedIn | Access::Operator | Access::Member(_));
    row.method == "GET" && signed_in && !is_page
}

fn describe(operation: &mut PathOperation, row: &Operation) {
    let reads_one_thing = reads_one_thing(operation, row);
    let permission = match row.access {
        Access::Member(permission) => Some(permission.key()),
        Access::Operator => Some(SUPER_ADMIN),
        _ => None,
    };
    operation.extensions.get_or_insert_default().merge(
        ExtensionsBuilder::new()
            .add("x-permission", permission)
            .add("x-feature", row.feature.map(Feature::key))
            .add("x-limit-class", row.class.name())
            .add("x-priority", row.priority.name())
            .build(),
    );
    operation.security = Some(match row.access {
        Access::SignedIn => vec![SecurityRequirement::new::<_, [&str; 0], &str>("bearer", [])],
        Access::Member(permission) => vec![SecurityRequirement::new("bearer", [permission.key()])],
        Access::Operator => vec![SecurityRequirement::new("bearer", [SUPER_ADMIN])],
        Access::Public | Access::Link(_) => Vec::new(),
    });
    if let Some(permission) = row.key_permission() {
        let api_key = SecurityRequirement::new("api_key", [permission.key()]);
        operation.security.get_or_insert_default().push(api_key);
    }
    let parameters = operation.parameters.get_or_insert_default();
    let mut header = |name: &str, required: Required, description: &str| {
        parameters.push(RefOr::T(
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Header)
                .required(required)
                .description(Some(description))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
                .build(),
        ));
    };
    if row.takes_idempotency_key() {
        header(
            "Idempotency-Key",
            Required::False,
            "1–255 printable ASCII characters. A repeated request with the same key and body is answered like the first and done once; kept 24 hours.",
        );
    }
    if reads_one_thing {
        header(
            "If-None-Match",
            Required::False,
            "The ETag that is known: answer 304 if it is current.",
        );
    }
    match row.precondition {
        Precondition::None => {}
        Precondition::Honoured => {
            header(
                "If-Match",
                Required::False,
                "The ETag that was read: refuse (412) if it has been changed since.",
            );
        }
        Precondition::Required => {
            header(
                "If-Match",
                Required::True,
                "The ETag that was read: refuse (412) if it has been changed since.",
            );
        }
    }
    let taken: Vec<String> = parameters
        .iter()
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter.name.clone()),
            RefOr::Ref(_) => None,
        })
        .collect();
    let in_path = row.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    for name in in_path.filter(|name| !taken.iter().any(|taken| taken == name)) {
        let description = match name {
            "agency_slug" => "The agency's slug.",
            "token" => "The token of the public link.",
            _ => "The id.",
        };
        parameters.push(RefOr::T(
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .description(Some(description))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
                .build(),
        ));
    }
    if reads_one_thing {
        let unchanged = ResponseBuilder::new()
            .description("Unchanged since the version named in If-None-Match.")
            .build();
        let responses = &mut operation.responses.responses;
        responses.entry("304".to_owned()).or_insert_with(|| RefOr::T(unchanged));
    }
    for (status, description) in error_statuses(row) {
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::T(problem_response(description)));
    }
}

fn problem_response(description: &str) -> Response {
    let schema = RefOr::Ref(Ref::from_schema_name(Problem::name()));
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content)
        .build()
}
