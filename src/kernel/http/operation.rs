//! Every operation of the server with its rules, as one table.
//!
//! The pipeline reads who may call, the limit class and the preconditions from here, the OpenAPI
//! document shows the same rows, and the sweep of the test suite walks them: a rule stated once
//! holds in all three places. A route without a row does not exist.

use std::collections::HashMap;

use actix_web::http::Method;
use entity::document::DocumentKind;

use super::limits::LimitClass;
use crate::tenancy::{Feature, Permission};

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Whoever holds the public link `{token}` of a document of this kind.
    Link(DocumentKind),
    /// Any signed-in person.
    SignedIn,
    /// Any operator of the platform (super-admin).
    Operator,
    /// An active member (of the agency in the path, else of the caller's best) with a permission.
    Member(Permission),
}

/// What is refused first under pressure (design §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Payments.
    Money,
    /// Acceptance and signature.
    Sign,
    /// Changes.
    Write,
    /// Everything a person waits to see.
    Read,
    /// Figures over many rows.
    Report,
    /// Everything that can wait.
    Bulk,
}

impl Priority {
    /// As shown in the OpenAPI document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Money => "money",
            Self::Sign => "sign",
            Self::Write => "write",
            Self::Read => "read",
            Self::Report => "report",
            Self::Bulk => "bulk",
        }
    }
}

/// How an operation treats `If-Match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// Not at all.
    None,
    /// Where it is sent, it must name the current version.
    Honoured,
    /// It must be sent, and name the current version.
    Required,
}

/// One operation.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// The whole path with its parameters in braces.
    pub path: &'static str,
    /// Who may call.
    pub access: Access,
    /// What the agency's plan must have.
    pub feature: Option<Feature>,
    /// Which budget it draws on.
    pub class: LimitClass,
    /// What is refused first under pressure.
    pub priority: Priority,
    /// How it treats `If-Match`.
    pub precondition: Precondition,
    /// Largest body in bytes, when not the configured limit for JSON.
    pub max_body: Option<usize>,
    /// Whether the answer is a stream without end.
    pub streams: bool,
    /// Whether it is a page for people and not part of the API.
    pub page: bool,
    /// Whether a program with an API key may call it, its scopes permitting.
    pub for_keys: bool,
}

impl Operation {
    /// An operation that anybody may call.
    pub const fn public(method: &'static str, path: &'static str, class: LimitClass) -> Self {
        Self {
            method,
            path,
            access: Access::Public,
            feature: None,
            class,
            priority: Self::default_priority(method),
            precondition: Self::default_precondition(method),
            max_body: None,
            streams: false,
            page: false,
            for_keys: true,
        }
    }

    /// An operation for whoever holds a public link.
    pub const fn link(
        method: &'static str,
        path: &'static str,
        kind: DocumentKind,
        class: LimitClass,
    ) -> Self {
        Self { access: Access::Link(kind), ..Self::public(method, path, class) }
    }

    /// An operation for any signed-in person.
    pub const fn signed_in(method: &'static str, path: &'static str) -> Self {
        Self { access: Access::SignedIn, ..Self::public(method, path, LimitClass::Authenticated) }
    }

    /// An operation for operators of the platform.
    pub const fn operator(method: &'static str, path: &'static str) -> Self {
        Self { access: Access::Operator, ..Self::public(method, path, LimitClass::Admin) }
    }

    /// An operation for members with a permission.
    pub const fn member(method: &'static str, path: &'static str, permission: Permission) -> Self {
        Self {
            access: Access::Member(permission),
            ..Self::public(method, path, LimitClass::Authenticated)
        }
    }

    /// Is there only where the agency's plan has a feature.
    #[must_use]
    pub const fn feature(self, feature: Feature) -> Self {
        Self { feature: Some(feature), ..self }
    }

    /// Draws on another budget.
    #[must_use]
    pub const fn class(self, class: LimitClass) -> Self {
        Self { class, ..self }
    }

    /// Has another priority than its method suggests.
    #[must_use]
    pub const fn priority(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }

    /// Insists on `If-Match`.
    #[must_use]
    pub const fn requires_if_match(self) -> Self {
        Self { precondition: Precondition::Required, ..self }
    }

    /// Takes `If-Match` though its method suggests none: an action on what was read.
    #[must_use]
    pub const fn honours_if_match(self) -> Self {
        Self { precondition: Precondition::Honoured, ..self }
    }

    /// Has no version to match.
    #[must_use]
    pub const fn without_if_match(self) -> Self {
        Self { precondition: Precondition::None, ..self }
    }

    /// Takes a body of up to so many bytes.
    #[must_use]
    pub const fn max_body(self, bytes: usize) -> Self {
        Self { max_body: Some(bytes), ..self }
    }

    /// Answers with a stream without end.
    #[must_use]
    pub const fn streaming(self) -> Self {
        Self { streams: true, ..self }
    }

    /// Is a page for people.
    #[must_use]
    pub const fn page(self) -> Self {
        Self { page: true, ..self }
    }

    /// Is for people alone: an API key may never call it, whatever its scopes.
    #[must_use]
    pub const fn not_for_keys(self) -> Self {
        Self { for_keys: false, ..self }
    }

    /// The permission with which an API key may call it; `None` where no key may.
    pub fn key_permission(&self) -> Option<Permission> {
        match self.access {
            Access::Member(permission) if self.for_keys && permission.is_open_to_keys() => {
                Some(permission)
            }
            _ => None,
        }
    }

    const fn default_priority(method: &str) -> Priority {
        match method.as_bytes() {
            b"GET" => Priority::Read,
            _ => Priority::Write,
        }
    }

    const fn default_precondition(method: &str) -> Precondition {
        match method.as_bytes() {
            b"PATCH" | b"PUT" | b"DELETE" => Precondition::Honoured,
            _ => Precondition::None,
        }
    }

    /// Whether repeated requests with one `Idempotency-Key` are answered once.
    pub fn takes_idempotency_key(&self) -> bool {
        self.method == "POST"
    }
}

/// All operations, found by method and path pattern.
#[derive(Clone, Debug, Default)]
pub struct OperationTable {
    rows: Vec<Operation>,
    index: HashMap<(&'static str, &'static str), usize>,
}

impl OperationTable {
    /// Builds the table.
    ///
    /// # Errors
    /// The method and path of a row that stands there twice.
    pub fn new(rows: impl IntoIterator<Item = Operation>) -> Result<Self, String> {
        let mut table = Self::default();
        for row in rows {
            let number = table.rows.len();
            if table.index.insert((row.path, row.method), number).is_some() {
                return Err(format!(
                    "{} {} stands twice in the operation table",
                    row.method, row.path
                ));
            }
            table.rows.push(row);
        }
        Ok(table)
    }

    /// The rows in the order in which the areas name them.
    pub fn rows(&self) -> &[Operation] {
        &self.rows
    }

    /// The operation of a request, by the pattern its path matched. `HEAD` is `GET`.
    pub fn find(&self, method: &Method, pattern: &str) -> Option<&Operation> {
        let method = if method == Method::HEAD { "GET" } else { method.as_str() };
        self.index.get(&(pattern, method)).and_then(|number| self.rows.get(*number))
    }

    /// The methods that a path pattern takes.
    pub fn methods(&self, pattern: &str) -> Vec<String> {
        let of_path = self.rows.iter().filter(|row| row.path == pattern);
        of_path.map(|row| row.method.to_owned()).collect()
    }
}
