//! The providers of the configuration.

use entity::external_identity::IdentityProvider;
use kernel::App;
use kernel::config::OAuthClient;
use kernel::error::{Error, Result};
use kernel::ports::outbound::Reach;
use serde::Serialize;
use utoipa::ToSchema;

use super::party::{Party, Protocol};

/// What Facebook is called when nothing else is configured.
const FACEBOOK: &str = "https://www.facebook.com";

/// Where Facebook's Graph API is then.
const FACEBOOK_GRAPH: &str = "https://graph.facebook.com";

/// What GitHub is called when nothing else is configured.
const GITHUB: &str = "https://github.com";

/// Where its API is then.
const GITHUB_API: &str = "https://api.github.com";

/// A provider that a person may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"provider": "google", "name": "Google"}))]
pub struct Offered {
    /// Part of the addresses that begin a sign-in.
    pub provider: IdentityProvider,
    /// For people.
    pub name: &'static str,
}

/// What a provider is called on a button.
fn name(provider: IdentityProvider) -> &'static str {
    match provider {
        IdentityProvider::Google => "Google",
        IdentityProvider::Github => "GitHub",
        IdentityProvider::Microsoft => "Microsoft",
        IdentityProvider::Facebook => "Facebook",
        IdentityProvider::Sso => "single sign-on",
    }
}

fn client(app: &App, provider: IdentityProvider) -> Option<&OAuthClient> {
    let oauth = &app.config().oauth;
    match provider {
        IdentityProvider::Google => oauth.google.as_ref(),
        IdentityProvider::Github => oauth.github.as_ref(),
        IdentityProvider::Microsoft => oauth.microsoft.as_ref(),
        IdentityProvider::Facebook => oauth.facebook.as_ref(),
        // Belongs to an agency, not to the configuration.
        IdentityProvider::Sso => None,
    }
}

/// The providers that are configured.
pub(crate) fn offered(app: &App) -> Vec<Offered> {
    let configured = IdentityProvider::ALL.iter().filter(|p| client(app, **p).is_some());
    configured.map(|provider| Offered { provider: *provider, name: name(*provider) }).collect()
}

/// This server as a client of a provider.
///
/// # Errors
/// [`Error::NotFound`] when the provider is not configured, or none.
pub(super) fn party<'a>(app: &'a App, provider: IdentityProvider) -> Result<Party<'a>> {
    let OAuthClient { client_id, client_secret, url } =
        client(app, provider).ok_or(Error::NotFound)?.clone();
    let protocol = match provider {
        IdentityProvider::Google => Protocol::OpenId { issuer: url, tenants: false },
        IdentityProvider::Microsoft => Protocol::OpenId { issuer: url, tenants: true },
        IdentityProvider::Github => {
            let api = if url == GITHUB { GITHUB_API.to_owned() } else { format!("{url}/api/v3") };
            Protocol::GitHub { url, api }
        }
        IdentityProvider::Facebook => {
            let graph = if url == FACEBOOK { FACEBOOK_GRAPH.to_owned() } else { url.clone() };
            Protocol::Facebook { url, graph }
        }
        IdentityProvider::Sso => return Err(Error::NotFound),
    };
    let base = &app.config().public_base_url;
    Ok(Party {
        app,
        provider,
        protocol,
        client_id,
        client_secret,
        redirect_uri: format!("{base}/api/v1/auth/oauth/{provider}/callback"),
        reach: Reach::Any,
    })
}
