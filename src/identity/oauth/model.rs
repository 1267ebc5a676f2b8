//! What signing in with a provider takes and answers.

use chrono::{DateTime, Utc};
use entity::external_identity::{self, IdentityProvider};
use entity::{AgencyId, IdentityId};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How a sign-in begins.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct StartQuery {
    /// Where the web client takes over: an address of this server or of a configured client,
    /// without fragment. Without it the first configured client is taken.
    #[serde(default)]
    #[garde(inner(length(bytes, max = 2048)))]
    pub return_url: Option<String>,
    /// An invitation to the platform; kept in the cookie `beta_invite_token` until an agency is
    /// created.
    #[serde(default)]
    #[garde(inner(length(bytes, min = 1, max = 200)))]
    pub invite_token: Option<String>,
}

/// An account to connect.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"provider": "github", "return_url": "https://app.example.com/settings"}))]
pub struct NewIdentity {
    /// Where the account is: `google`, `github`, `microsoft` or `facebook`.
    #[garde(skip)]
    pub provider: IdentityProvider,
    /// Where the web client takes over afterwards.
    #[serde(default)]
    #[garde(inner(length(bytes, max = 2048)))]
    pub return_url: Option<String>,
}

/// Where to send the browser.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"authorization_url": "https://github.com/login/oauth/authorize?response_type=code&client_id=abc&state=…", "expires_at": "2026-11-21T12:45:00Z"}))]
pub struct ConnectionStart {
    /// The provider's page. It must be opened in the browser that got this answer's cookie.
    pub authorization_url: String,
    /// Until when the person must have come back.
    pub expires_at: DateTime<Utc>,
}

/// An account that a person signs in with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "idn_01jd3k9v5xe8rt2m4n6p8q0s2v", "provider": "google", "agency_id": null, "email": "ada@riverbend.example", "last_used_at": "2026-11-21T12:30:00Z", "created_at": "2026-11-20T09:00:00Z"}))]
pub struct IdentityView {
    /// Which.
    pub id: IdentityId,
    /// Where the account is.
    pub provider: IdentityProvider,
    /// The agency whose issuer it is; only with `sso`.
    pub agency_id: Option<AgencyId>,
    /// The address that the provider named last; may be empty.
    pub email: String,
    /// Last sign-in with it.
    pub last_used_at: DateTime<Utc>,
    /// Since when it is connected.
    pub created_at: DateTime<Utc>,
}

impl From<external_identity::Model> for IdentityView {
    fn from(row: external_identity::Model) -> Self {
        let external_identity::Model {
            id,
            user_id: _,
            provider,
            agency_id,
            issuer: _,
            subject: _,
            email,
            last_used_at,
            created_at,
        } = row;
        Self { id, provider, agency_id, email, last_used_at, created_at }
    }
}
