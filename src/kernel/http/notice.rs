//! Errors as pages, for people who followed a link. Programs get a problem document.

use actix_web::http::header::{self, Accept, Header, HeaderValue};
use actix_web::{HttpMessage, HttpResponse};
use serde::Serialize;

use super::operation::Operation;
use super::problem::Problem;
use crate::error::{Error, Result};
use crate::state::App;

/// The template of every such page; whoever brings the pages brings it too.
const TEMPLATE: &str = "notice.html";

/// What the template is filled with.
#[derive(Serialize)]
struct Notice {
    title: &'static str,
    message: String,
    tone: &'static str,
}

/// Whether an error of this request is for a person: it asks for a page, or for nothing that is
/// there while it would rather have HTML (RFC 9110 §12.5.1).
pub(super) fn is_wanted(request: &impl HttpMessage, operation: Option<&Operation>) -> bool {
    match operation {
        Some(operation) => operation.page,
        None => Accept::parse(request).is_ok_and(|accept| {
            accept.ranked().first().is_some_and(|best| best.essence_str() == "text/html")
        }),
    }
}

/// The page of an error, with the headers of its problem document.
///
/// # Errors
/// Those of the template.
pub(super) fn page(app: &App, error: &Error, problem: &Problem) -> Result<HttpResponse> {
    let (title, message) = words(error, &problem.request_id);
    let notice = Notice { title, message, tone: "negative" };
    let page = app.pages().render(TEMPLATE, notice)?;
    let mut response = problem.response(error).set_body(actix_web::body::BoxBody::new(page));
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    Ok(response)
}

/// What happened, and what to do, without a word of the machinery.
fn words(error: &Error, request_id: &str) -> (&'static str, String) {
    let (title, message) = match error {
        Error::NotFound | Error::Gone(_) => (
            "Nothing here",
            "This link is not valid, or no longer. Please ask whoever sent it to you for a new one.",
        ),
        Error::MethodNotAllowed { .. } => (
            "Nothing here",
            "This address only takes the answers of a form. Please open the link you were sent again.",
        ),
        Error::FeatureNotInPlan { feature, .. } => {
            let message = format!(
                "Whoever sent you here does not offer {} at this address. Please ask them.",
                feature.title()
            );
            return ("Not offered here", message);
        }
        Error::RateLimited { .. } => ("Too many requests", "Please wait a minute and try again."),
        Error::Unavailable { .. } | Error::NotConfigured { .. } | Error::Upstream { .. } => {
            ("Not available right now", "Please try again in a few minutes.")
        }
        Error::Internal { .. } => {
            let message = format!(
                "Please try again. If it happens again, tell whoever sent you here, and give them \
                 this number: {request_id}"
            );
            return ("Something went wrong", message);
        }
        _ => (
            "This could not be read",
            "What was sent is not what this page expects. Please go back and try again.",
        ),
    };
    (title, message.to_owned())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::http::limits::LimitClass;

    fn is_wanted_by(accept: &str, operation: Option<&Operation>) -> bool {
        let request = TestRequest::default().insert_header((header::ACCEPT, accept));
        is_wanted(&request.to_srv_request(), operation)
    }

    #[test]
    fn a_browser_at_an_unknown_address_gets_a_page_and_a_program_does_not() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

        assert!(is_wanted_by(browser, None));
        for program in ["*/*", "application/json", "application/json, text/html;q=0.5", "", "?"] {
            assert!(!is_wanted_by(program, None), "{program}");
        }
    }

    #[test]
    fn at_a_known_address_the_operation_says_what_it_answers() {
        let page = Operation::public("GET", "/p", LimitClass::PublicRead).page();
        let api = Operation::public("GET", "/v1", LimitClass::PublicRead);

        assert!(is_wanted_by("application/json", Some(&page)));
        assert!(!is_wanted_by("text/html", Some(&api)));
    }
}
