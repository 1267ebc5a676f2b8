//! Which identity providers people may sign in with, and how they are reached.

use std::time::Duration;

use secrecy::SecretString;

/// A client that was registered with an identity provider.
#[derive(Clone, Debug)]
pub struct OAuthClient {
    /// `client_id` (RFC 6749 §2.2).
    pub client_id: String,
    /// `client_secret` (RFC 6749 §2.3.1).
    pub client_secret: SecretString,
    /// Where the provider is: its issuer, or the address before its endpoints; no trailing slash.
    pub url: String,
}

/// Signing in with other people's accounts.
#[derive(Clone, Debug)]
pub struct OAuthConfig {
    /// Google, as an OpenID provider.
    pub google: Option<OAuthClient>,
    /// GitHub, or a GitHub Enterprise Server.
    pub github: Option<OAuthClient>,
    /// Microsoft's identity platform, as an OpenID provider.
    pub microsoft: Option<OAuthClient>,
    /// Facebook.
    pub facebook: Option<OAuthClient>,
    /// How long one call to a provider may take.
    pub timeout: Duration,
    /// Whether an agency may name an issuer in this server's own network, or without TLS.
    pub private_issuers: bool,
}
