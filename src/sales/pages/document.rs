//! What every document page is filled with.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use comms::branding::style_href;
use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::http::respond::html;
use kernel::ports::print::{PrintDocument, Tone};
use serde::Serialize;

/// The state of a document, for people.
#[derive(Serialize)]
pub(super) struct State {
    /// `Sent`.
    pub(super) label: &'static str,
    /// Good, bad or neither.
    pub(super) tone: Tone,
    /// A sentence about it.
    pub(super) notice: Option<String>,
}

/// What can be done on the page.
#[derive(Default, Serialize)]
pub(super) struct Actions {
    pub(super) accept: bool,
    pub(super) decline: bool,
    pub(super) request_revision: bool,
    pub(super) sign: bool,
    pub(super) require_title: bool,
    pub(super) version: i32,
    pub(super) consent_text: &'static str,
    pub(super) pdf: bool,
    pub(super) pay_url: Option<String>,
}

/// What was typed before, and what was wrong with it.
#[derive(Default, Serialize)]
pub(super) struct Form {
    pub(super) values: BTreeMap<&'static str, String>,
    errors: BTreeMap<String, String>,
    problem: Option<String>,
}

/// A link to another document.
#[derive(Serialize)]
pub(super) struct RelatedLink {
    pub(super) label: &'static str,
    pub(super) href: String,
}

/// A page.
#[derive(Serialize)]
pub(super) struct Page {
    pub(super) doc: PrintDocument,
    pub(super) state: State,
    pub(super) kind: &'static str,
    pub(super) actions: Actions,
    pub(super) action_base: String,
    pub(super) form: Option<Form>,
    pub(super) links: Vec<RelatedLink>,
}

#[derive(Serialize)]
struct Styled {
    #[serde(flatten)]
    page: Page,
    style_href: String,
}

impl Page {
    /// Renders the page.
    ///
    /// # Errors
    /// Those of the template.
    pub(super) fn respond(
        self,
        context: &TenantContext,
        status: StatusCode,
    ) -> Result<HttpResponse> {
        let style_href = style_href(&self.doc.brand);
        let page = Styled { page: self, style_href };
        Ok(html(status, context.app().pages().render("document.html", page)?))
    }
}

impl Form {
    /// What is wrong with an answer, for the page; other errors stay errors.
    ///
    /// # Errors
    /// The error, when it is nothing a person on the page could do something about.
    pub(super) fn explain(
        error: Error,
        values: BTreeMap<&'static str, String>,
    ) -> Result<(StatusCode, Self)> {
        let mut form = Self { values, ..Self::default() };
        let status =
            StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
        match error {
            Error::Validation(errors) => {
                for error in errors {
                    let field = error.pointer.trim_start_matches('/').to_owned();
                    form.errors.entry(field).or_insert_with(|| sentence(&error.detail));
                }
            }
            Error::InvalidState { current, .. } => {
                form.problem = Some(format!(
                    "This is no longer possible: it is {} now.",
                    current.replace('_', " ")
                ));
            }
            Error::Conflict { code: "version_changed", .. } => {
                form.problem = Some(
                    "It has been changed since you opened this page. Please read it again."
                        .to_owned(),
                );
            }
            other => return Err(other),
        }
        Ok((status, form))
    }
}

/// A rule's message as a sentence.
fn sentence(detail: &str) -> String {
    let mut letters = detail.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// Back to the page after an answer, by a GET (303, RFC 9110 §15.4.4).
pub(super) fn back_to(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, path)).finish()
}

/// Text as typed into a form: browsers send line ends as CR LF.
pub(super) fn typed(text: &str) -> String {
    text.replace("\r\n", "\n")
}
