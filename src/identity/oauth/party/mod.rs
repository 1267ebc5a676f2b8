//! This server as a relying party of one provider: where to send a browser, and who came back.
//!
//! The protocol is the work of the crates `openidconnect` and `oauth2`; here stand the addresses,
//! the rules that the crates leave open, and what is believed of an address.

mod facebook;
mod github;
mod oauth;
mod oidc;

use entity::external_identity::IdentityProvider;
use kernel::App;
use kernel::error::{Error, Result};
use kernel::ports::outbound::{OutboundError, Reach};
use kernel::text::{is_email, normalize_email, secret_token};
use openidconnect::{HttpRequest, HttpResponse, RequestTokenError};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How a provider is spoken to.
#[derive(Clone, Debug)]
pub(crate) enum Protocol {
    /// OpenID Connect, with discovery.
    OpenId {
        /// The issuer's identifier.
        issuer: String,
        /// Whether it speaks for many tenants, each an issuer of its own.
        tenants: bool,
    },
    /// GitHub's OAuth and REST API.
    GitHub {
        /// Before its endpoints.
        url: String,
        /// Before its API.
        api: String,
    },
    /// Facebook's OAuth and Graph API.
    Facebook {
        /// Before its dialog.
        url: String,
        /// Before its Graph API.
        graph: String,
    },
}

/// This server as a client of a provider.
pub(crate) struct Party<'a> {
    /// Makes the calls.
    pub(crate) app: &'a App,
    /// Which provider.
    pub(crate) provider: IdentityProvider,
    /// How it is spoken to.
    pub(crate) protocol: Protocol,
    /// This server's name there.
    pub(crate) client_id: String,
    /// The secret that goes with it.
    pub(crate) client_secret: SecretString,
    /// Where it sends browsers back to.
    pub(crate) redirect_uri: String,
    /// Where its addresses may lead.
    pub(crate) reach: Reach,
}

/// What the provider's answer is held against. Never leaves this server but as its hash (the
/// verifier) and in the request (the nonce).
#[derive(Serialize, Deserialize)]
pub(crate) struct Proof {
    /// The PKCE code verifier (RFC 7636 §4.1).
    pub(crate) verifier: String,
    /// Comes back inside the ID token (OpenID Connect Core §3.1.2.1).
    pub(crate) nonce: String,
}

impl Proof {
    /// 256 random bits each.
    pub(crate) fn new(app: &App) -> Self {
        Self { verifier: secret_token(app.rng()), nonce: secret_token(app.rng()) }
    }
}

/// Who came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identified {
    /// Who vouches for the subject; empty where the provider alone says it.
    pub(crate) issuer: String,
    /// The account: never changes, never given away again.
    pub(crate) subject: String,
    /// Their address, in the form in which addresses are compared.
    pub(crate) email: Option<String>,
    /// Whether the provider says that the address is theirs.
    pub(crate) email_verified: bool,
}

impl Identified {
    fn new(issuer: String, subject: String, email: Option<&str>, verified: bool) -> Self {
        let email = email.map(normalize_email).filter(|email| is_email(email));
        let email_verified = verified && email.is_some();
        Self { issuer, subject, email, email_verified }
    }
}

/// Why nobody was identified.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What came back does not hold. The word goes into the security log.
    Token(&'static str),
    /// The provider did not answer as it should.
    Upstream(Box<dyn std::error::Error + Send + Sync>),
}

impl Failure {
    /// As the caller hears it.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Token(_) => Error::Unauthenticated {
                code: "oauth_failed",
                detail: "the identity provider's answer did not hold; sign in again".into(),
            },
            Self::Upstream(cause) => Error::Upstream { upstream: "the identity provider", cause },
        }
    }
}

impl From<OutboundError> for Failure {
    fn from(cause: OutboundError) -> Self {
        Self::Upstream(Box::new(cause))
    }
}

impl Party<'_> {
    /// The provider's page on which the person agrees.
    ///
    /// # Errors
    /// [`Failure::Upstream`] when the provider does not say where that is.
    pub(crate) async fn authorization_url(
        &self,
        proof: &Proof,
        state: &str,
    ) -> Result<String, Failure> {
        match &self.protocol {
            Protocol::OpenId { issuer, tenants } => {
                oidc::authorization_url(self, issuer, *tenants, proof, state).await
            }
            Protocol::GitHub { url, .. } => github::authorization_url(self, url, proof, state),
            Protocol::Facebook { url, .. } => facebook::authorization_url(self, url, proof, state),
        }
    }

    /// Exchanges a code and says whose it is. No unit of work may be open.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) async fn identify(&self, code: &str, proof: Proof) -> Result<Identified, Failure> {
        match &self.protocol {
            Protocol::OpenId { issuer, tenants } => {
                oidc::identify(self, issuer, *tenants, code, proof).await
            }
            Protocol::GitHub { url, api } => github::identify(self, url, api, code, proof).await,
            Protocol::Facebook { graph, .. } => facebook::identify(self, graph, code, proof).await,
        }
    }

    /// Whether the issuer that a browser brought back is the provider's (RFC 9207 §2.4). One that is
    /// not named proves nothing and is fine.
    ///
    /// # Errors
    /// [`Failure::Upstream`] when the provider does not say who it is.
    pub(crate) async fn is_issuer(&self, named: Option<&str>) -> Result<bool, Failure> {
        match (&self.protocol, named) {
            (Protocol::OpenId { issuer, tenants: false }, Some(named)) => {
                Ok(oidc::metadata(self, issuer, false).await?.issuer == named)
            }
            _ => Ok(true),
        }
    }

    /// Looks whether the provider can be used: it says who it is, where its endpoints are, and which
    /// keys it signs with.
    ///
    /// # Errors
    /// [`Failure`] saying what is wrong.
    pub(crate) async fn examine(&self) -> Result<(), Failure> {
        match &self.protocol {
            Protocol::OpenId { issuer, tenants } => oidc::examine(self, issuer, *tenants).await,
            Protocol::GitHub { .. } | Protocol::Facebook { .. } => Ok(()),
        }
    }

    /// Makes a call to the provider. An answer that speaks of the provider's own trouble is none.
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, OutboundError> {
        let timeout = self.app.config().oauth.timeout;
        let answer = self.app.outbound().send(self.reach, timeout, request).await?;
        if answer.status().is_server_error() {
            return Err(OutboundError::Status(answer.status().as_u16()));
        }
        Ok(answer)
    }

    /// Reads something of the person's from the provider's API.
    async fn read<T: DeserializeOwned>(&self, url: &str, token: &str) -> Result<T, Failure> {
        let request = openidconnect::http::Request::get(url)
            .header("authorization", format!("Bearer {token}"))
            .header("accept", "application/json")
            .body(Vec::new())
            .map_err(upstream)?;
        let answer = self.call(request).await?;
        if !answer.status().is_success() {
            return Err(OutboundError::Status(answer.status().as_u16()).into());
        }
        serde_json::from_slice(answer.body()).map_err(upstream)
    }
}

fn upstream(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::Upstream(cause.into())
}

/// Why a code brought no token.
fn refused<T>(error: RequestTokenError<OutboundError, T>) -> Failure
where
    T: openidconnect::ErrorResponse + 'static,
{
    match error {
        // The code was made up, used, given for another verifier or to another client.
        RequestTokenError::ServerResponse(_) => Failure::Token("code_refused"),
        RequestTokenError::Request(cause) => cause.into(),
        // GitHub refuses a code with status 200; and whoever answers with something else than a
        // token has not vouched for anybody.
        RequestTokenError::Parse(..) => Failure::Token("no_token"),
        RequestTokenError::Other(text) => upstream(text),
    }
}
