//! GitHub, and GitHub Enterprise Server: OAuth, and the person from the REST API.

use oauth2::TokenResponse;
use oauth2::basic::BasicClient;
use openidconnect::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenUrl,
};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::{Failure, Identified, Party, Proof, refused, upstream};

/// Lets this server read the addresses, and nothing else.
const SCOPE: &str = "user:email";

#[derive(Deserialize)]
struct Person {
    /// Never given away again, other than the name.
    id: u64,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

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

fn github(party: &Party<'_>, url: &str) -> Result<Client, Failure> {
    let (auth, token) =
        (format!("{url}/login/oauth/authorize"), format!("{url}/login/oauth/access_token"));
    client(party, auth, token)
}

pub(super) fn authorization_url(
    party: &Party<'_>,
    url: &str,
    proof: &Proof,
    state: &str,
) -> Result<String, Failure> {
    Ok(agree(&github(party, url)?, SCOPE, proof, state))
}

/// The account by its number, with the primary address if that is verified. The address on the
/// profile is whatever the person wrote there, and is not looked at.
pub(super) async fn identify(
    party: &Party<'_>,
    url: &str,
    api: &str,
    code: &str,
    proof: Proof,
) -> Result<Identified, Failure> {
    let token = exchange(party, &github(party, url)?, code, proof).await?;
    let person: Person = party.read(&format!("{api}/user"), &token).await?;
    let addresses: Vec<Address> =
        party.read(&format!("{api}/user/emails?per_page=100"), &token).await?;
    let primary = addresses.iter().find(|address| address.primary);
    let verified = primary.is_some_and(|address| address.verified);
    let email = primary.map(|address| address.email.as_str());
    Ok(Identified::new(url.to_owned(), person.id.to_string(), email, verified))
}
