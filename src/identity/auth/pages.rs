//! The pages of sign-in: asking for a link, and where a link lands.
//!
//! Opening a link changes nothing. Its button hands the token, in the fragment of an address, to
//! the web client that asked for it; without one the page shows the token to be copied.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Query};
use actix_web::{HttpResponse, get, post};
use kernel::App;
use kernel::error::{Error, Result};
use kernel::http::ValidForm;
use kernel::http::respond::html;
use kernel::text::is_email;
use serde::{Deserialize, Serialize};

use super::return_url;
use super::service::{self, LinkPage};
use crate::oauth::{self, Offered};

/// What the template is filled with.
#[derive(Default, Serialize)]
struct Page<'a> {
    state: &'static str,
    token: &'a str,
    email: &'a str,
    error: &'static str,
    notice: &'static str,
    providers: Vec<Offered>,
}

fn render(app: &App, page: Page<'_>) -> Result<HttpResponse> {
    Ok(html(StatusCode::OK, app.pages().render("sign_in.html", page)?))
}

#[derive(Deserialize)]
pub(super) struct Ask {
    #[serde(default)]
    email: String,
    /// Why a sign-in with a provider was refused.
    #[serde(default)]
    error: String,
}

/// Why a sign-in with a provider was refused, and what to do.
fn refusal(code: &str) -> &'static str {
    match code {
        "" => "",
        "email_missing" | "email_unverified" => {
            "That account does not vouch for an e-mail address. Sign in with a link once; then you \
             can connect the account."
        }
        "account_suspended" => "This account may not sign in.",
        "sso_not_member" => "Only members of the agency sign in that way. Ask to be invited.",
        "sso_domain_unproven" => {
            "Your agency has not proven that the domain of your address is its own yet."
        }
        "oauth_denied" => "The sign-in was not approved.",
        _ => "That did not work. Try again, or sign in with a link.",
    }
}

/// Asks for an address.
#[get("/auth/sign-in")]
pub(super) async fn ask(app: Data<App>, query: Query<Ask>) -> Result<HttpResponse> {
    let (notice, providers) = (refusal(&query.error), oauth::offered(&app));
    render(&app, Page { state: "ask", email: &query.email, notice, providers, ..Page::default() })
}

/// Sends a link to the address.
#[post("/auth/sign-in")]
pub(super) async fn send(app: Data<App>, form: ValidForm<Ask>) -> Result<HttpResponse> {
    let email = form.0.email.trim();
    if !is_email(email) {
        let error = "This is not an e-mail address.";
        let providers = oauth::offered(&app);
        return render(&app, Page { state: "ask", email, error, providers, ..Page::default() });
    }
    service::request_link(&app, email, return_url::landing(app.config())).await?;
    render(&app, Page { state: "sent", email, ..Page::default() })
}

#[derive(Deserialize)]
pub(super) struct Opened {
    #[serde(default)]
    token: String,
}

/// Shows what a link is for.
#[get("/auth/magic-link")]
pub(super) async fn open_link(app: Data<App>, query: Query<Opened>) -> Result<HttpResponse> {
    let page = service::open_link(&app, &query.token).await?;
    link_page(&app, &query.token, page)
}

/// Leads on to the web client.
#[post("/auth/magic-link")]
pub(super) async fn follow_link(app: Data<App>, form: ValidForm<Opened>) -> Result<HttpResponse> {
    match service::follow_link(&app, &form.0.token).await? {
        Ok(url) => Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, url)).finish()),
        Err(page) => link_page(&app, &form.0.token, page),
    }
}

fn link_page(app: &App, token: &str, page: LinkPage) -> Result<HttpResponse> {
    match page {
        LinkPage::Failed => render(app, Page { state: "failed", ..Page::default() }),
        LinkPage::Code => render(app, Page { state: "code", token, ..Page::default() }),
        LinkPage::Confirm { origin } => {
            let mut response = render(app, Page { state: "confirm", token, ..Page::default() })?;
            // Browsers hold the redirect of a form to the policy of the page it was on.
            let policy = format!(
                "default-src 'none'; style-src 'self'; img-src 'self' data:; \
                 form-action 'self' {origin}; base-uri 'none'; frame-ancestors 'none'"
            );
            let policy = HeaderValue::try_from(policy)
                .map_err(|_| Error::internal("an origin that does not fit into a header"))?;
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
            Ok(response)
        }
    }
}
