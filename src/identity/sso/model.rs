//! What single sign-on takes and shows.

use chrono::{DateTime, Utc};
use entity::{sso_connection, sso_domain};
use garde::Validate;
use kernel::TenantContext;
use kernel::http::ETag;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::domain;
use crate::rules;

/// Most domains of an agency.
const DOMAINS_MAX: usize = 20;

/// The agency's identity provider.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"issuer": "https://login.riverbend.example", "client_id": "retainer", "client_secret": "…", "domains": ["riverbend.example"]}))]
pub struct SsoSettings {
    /// The issuer's identifier (OpenID Connect Discovery 1.0): an https address on the public
    /// internet.
    #[garde(length(bytes, min = 1, max = 2048))]
    pub issuer: String,
    /// This server's name there.
    #[garde(custom(rules::line(1, 255)))]
    pub client_id: String,
    /// The secret that goes with it; never shown again. Left out it stays, unless the issuer or the
    /// client changes.
    #[serde(default)]
    #[garde(custom(secret))]
    #[schema(value_type = Option<String>)]
    pub client_secret: Option<SecretString>,
    /// The mail domains whose people sign in there, 1 to 20, each proven by a record in the domain
    /// name system.
    #[garde(length(min = 1, max = DOMAINS_MAX), inner(custom(a_domain)))]
    pub domains: Vec<String>,
}

fn secret(secret: &Option<SecretString>, _: &()) -> garde::Result {
    match secret.as_ref().map(|secret| secret.expose_secret().len()) {
        None | Some(1..=1024) => Ok(()),
        Some(_) => Err(garde::Error::new("must have 1 to 1024 characters")),
    }
}

fn a_domain(text: &str, _: &()) -> garde::Result {
    match domain::parse(text) {
        Some(_) => Ok(()),
        None => Err(garde::Error::new("is not a mail domain like riverbend.example")),
    }
}

impl SsoSettings {
    /// The domains in the form in which they are compared, each once.
    pub(super) fn domains(&self) -> Vec<String> {
        let mut domains: Vec<_> = self.domains.iter().filter_map(|d| domain::parse(d)).collect();
        domains.sort();
        domains.dedup();
        domains
    }
}

/// The agency's identity provider, as it is set up.
pub struct Sso {
    pub(super) connection: sso_connection::Model,
    pub(super) domains: Vec<sso_domain::Model>,
}

impl Sso {
    /// The version.
    pub fn etag(&self) -> ETag {
        ETag::version(self.connection.version)
    }

    /// As it is shown.
    pub fn view(self, ctx: &TenantContext) -> SsoView {
        let Self { connection, domains } = self;
        let slug = &ctx.agency().slug;
        SsoView {
            issuer: connection.issuer,
            client_id: connection.client_id,
            redirect_uri: ctx.public_url(&format!("/api/v1/auth/sso/{slug}/callback")),
            start_url: ctx.public_url(&format!("/api/v1/auth/sso/{slug}/start")),
            domains: domains.into_iter().map(SsoDomainView::from).collect(),
            created_at: connection.created_at,
            updated_at: connection.updated_at,
        }
    }
}

/// The agency's identity provider, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "issuer": "https://login.riverbend.example",
    "client_id": "retainer",
    "redirect_uri": "https://retainer.example.com/api/v1/auth/sso/riverbend/callback",
    "start_url": "https://retainer.example.com/api/v1/auth/sso/riverbend/start",
    "domains": [{"domain": "riverbend.example", "record_name": "_retainer-challenge.riverbend.example", "record_value": "retainer-domain-verification=pS3t8Xq1vB0m7cYw5hJkZr2LdN9aFgE4uTiOeRxWyQs", "verified_at": "2026-11-21T12:30:00Z"}],
    "created_at": "2026-11-20T09:00:00Z",
    "updated_at": "2026-11-21T12:30:00Z",
}))]
pub struct SsoView {
    /// The issuer's identifier.
    pub issuer: String,
    /// This server's name there.
    pub client_id: String,
    /// Where the issuer must send browsers back to: register it there.
    pub redirect_uri: String,
    /// Where the agency's people begin.
    pub start_url: String,
    /// The mail domains whose people sign in there.
    pub domains: Vec<SsoDomainView>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Last change.
    pub updated_at: DateTime<Utc>,
}

/// A mail domain.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"domain": "riverbend.example", "record_name": "_retainer-challenge.riverbend.example", "record_value": "retainer-domain-verification=pS3t8Xq1vB0m7cYw5hJkZr2LdN9aFgE4uTiOeRxWyQs", "verified_at": null}))]
pub struct SsoDomainView {
    /// As it stands after the `@`.
    pub domain: String,
    /// The name of the TXT record that proves it.
    pub record_name: String,
    /// What the record must say.
    pub record_value: String,
    /// When the record was last seen; null while the domain is not proven.
    pub verified_at: Option<DateTime<Utc>>,
}

impl From<sso_domain::Model> for SsoDomainView {
    fn from(row: sso_domain::Model) -> Self {
        Self {
            record_name: domain::record_name(&row.domain),
            record_value: domain::record_value(&row.challenge),
            domain: row.domain,
            verified_at: row.verified_at,
        }
    }
}

/// What came of looking at the issuer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"works": false, "detail": "the issuer did not answer as it should: it says that it is another"}))]
pub struct SsoTest {
    /// Whether the issuer says who it is, where its endpoints are, and which keys it signs with.
    pub works: bool,
    /// What is wrong, for people; null when it works.
    pub detail: Option<String>,
}
