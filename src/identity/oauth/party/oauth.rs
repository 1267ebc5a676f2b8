//! What providers that speak OAuth 2.0 (RFC 6749) without OpenID Connect have in common.

use oauth2::TokenResponse;
use oauth2::basic::BasicClient;
use openidconnect::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenUrl,
};
use secrecy::ExposeSecret;

use super::{Failure, Party, Proof, refused, upstream};

/// A client of an OAuth provider, with both its endpoints.
pub(super) type Client =
    BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Makes a client of an OAuth provider.
pub(super) fn client(party: &Party<'_>, auth: String, token: String) -> Result<Client, Failure> {
    let secret = party.client_secret.expose_secret().to_owned();
    Ok(BasicClient::new(ClientId::new(party.client_id.clone()))
        .set_client_secret(ClientSecret::new(secret))
        .set_auth_type(openidconnect::AuthType::RequestBody)
        .set_auth_uri(AuthUrl::new(auth).map_err(upstream)?)
        .set_token_uri(TokenUrl::new(token).map_err(upstream)?)
        .set_redirect_uri(RedirectUrl::new(party.redirect_uri.clone()).map_err(upstream)?))
}

/// The page on which a person agrees.
pub(super) fn agree(client: &Client, scope: &str, proof: &Proof, state: &str) -> String {
    let state = state.to_owned();
    let verifier = PkceCodeVerifier::new(proof.verifier.clone());
    let (url, _) = client
        .authorize_url(|| CsrfToken::new(state))
        .add_scope(Scope::new(scope.to_owned()))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .url();
    url.into()
}

/// Exchanges a code for an access token.
pub(super) async fn exchange(
    party: &Party<'_>,
    client: &Client,
    code: &str,
    proof: Proof,
) -> Result<String, Failure> {
    let http = |request| party.call(request);
    let tokens = client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(proof.verifier))
        .request_async(&http)
        .await
        .map_err(refused)?;
    Ok(tokens.access_token().secret().clone())
}
