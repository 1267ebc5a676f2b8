//! What sign-in takes and answers.

use chrono::{DateTime, Utc};
use garde::Validate;
use kernel::text::check_email;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::oauth::Offered;
use crate::second_factor::SecondFactorStep;

/// Who asks for a sign-in link.
#[derive(Deserialize, Validate, ToSchema)]
#[schema(example = json!({"email": "ada@riverbend.example", "return_url": "https://app.example.com/welcome"}))]
pub struct LinkRequest {
    /// Where the link is sent.
    #[garde(custom(check_email))]
    pub email: String,
    /// Where the web client takes over: an address of this server or of a configured client. The
    /// token is appended as `#token=…`. Without it the page shows the token to be copied.
    #[serde(default)]
    #[garde(inner(length(bytes, max = 2048)))]
    pub return_url: Option<String>,
}

/// The same answer for every address.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"message": "If mail reaches this address, a sign-in link is on its way. It works once, for 15 minutes."}))]
pub struct LinkRequested {
    /// For people.
    pub message: &'static str,
}

/// A one-time token.
#[derive(Deserialize, Validate, ToSchema)]
#[schema(example = json!({"token": "pS3t8Xq1vB0m7cYw5hJkZr2LdN9aFgE4uTiOeRxWyQs"}))]
pub struct LinkToken {
    /// The token of the link.
    #[garde(length(bytes, min = 1, max = 200))]
    pub token: String,
}

/// A refresh token; may be left out by a browser, whose cookie holds it.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"refresh_token": "pS3t8Xq1vB0m7cYw5hJkZr2LdN9aFgE4uTiOeRxWyQs"}))]
pub struct RefreshToken {
    /// The newest refresh token of the sign-in.
    #[serde(default)]
    #[garde(inner(length(bytes, min = 1, max = 200)))]
    pub refresh_token: Option<String>,
}

/// What a sign-in gives.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c3JfMDFqZDNrOXY1eGU4cnQybTRuNnA4cTBzMnYifQ.c2lnbmF0dXJl",
    "token_type": "Bearer",
    "expires_in": 900,
    "refresh_token": "pS3t8Xq1vB0m7cYw5hJkZr2LdN9aFgE4uTiOeRxWyQs",
    "refresh_expires_at": "2026-12-21T09:00:00Z",
}))]
pub struct TokenPair {
    /// Send it as `Authorization: Bearer …`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Seconds until the access token ends.
    pub expires_in: i64,
    /// Buys the next pair once.
    pub refresh_token: String,
    /// When the refresh token ends, if it is not used before.
    pub refresh_expires_at: DateTime<Utc>,
}

/// What a proven first factor gives: tokens, or a session token for the second factor. They are
/// told apart by `second_factor_required`, which only the latter has.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum SignInOutcome {
    /// The person is signed in.
    SignedIn(TokenPair),
    /// The second factor is missing.
    SecondFactor(SecondFactorStep),
}

/// The ways to sign in that are on.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"magic_link": true, "oauth": [{"provider": "google", "name": "Google"}], "sign_up": "open"}))]
pub struct Providers {
    /// A link by mail.
    pub magic_link: bool,
    /// Accounts at identity providers: begin with `GET /api/v1/auth/oauth/{provider}/start`.
    pub oauth: Vec<Offered>,
    /// Who may create an agency: `open` is everybody.
    pub sign_up: &'static str,
}
