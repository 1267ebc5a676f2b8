//! OpenID Connect: discovery, the code flow, and the ID token.

use chrono::{DateTime, TimeDelta, Utc};
use entity::external_identity::IdentityProvider;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthType, AuthUrl, AuthorizationCode,
    ClaimsVerificationError, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointNotSet, EndpointSet, IdTokenClaims, IdTokenFields, IdTokenVerifier, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    SignatureVerificationError, StandardErrorResponse, StandardTokenResponse, TokenResponse,
    TokenUrl,
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::{Failure, Identified, Party, Proof, refused, upstream};

/// How long what a provider says of itself is believed.
const FRESH: TimeDelta = TimeDelta::hours(1);

/// A key that nobody knows makes the keys be read again, so often at most: whoever sends made-up
/// tokens must not be able to have the provider asked at will.
const KEYS_AGAIN: TimeDelta = TimeDelta::minutes(1);

/// How far the provider's clock may go ahead of this server's.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// Where an issuer says what it is (OpenID Connect Discovery 1.0 §4).
const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// What stands for the tenant in the issuer of a provider of many.
const TENANT: &str = "{tenantid}";

/// The algorithms that a signature may have: those with a public key (RFC 8725 §3.1, §3.2). `none`
/// and what is keyed with the client's secret are not among them.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What Microsoft says beyond the standard claims.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct ProviderClaims {
    /// The tenant.
    #[serde(default)]
    tid: Option<String>,
    /// Whether the owner of the address's domain vouches for the address.
    #[serde(default)]
    xms_edov: Option<serde_json::Value>,
}

impl AdditionalClaims for ProviderClaims {}

impl ProviderClaims {
    /// The claim comes as a boolean, a number or a text.
    fn is_domain_verified(&self) -> bool {
        match &self.xms_edov {
            Some(serde_json::Value::Bool(flag)) => *flag,
            Some(serde_json::Value::Number(number)) => number.as_u64() == Some(1),
            Some(serde_json::Value::String(text)) => {
                text == "1" || text.eq_ignore_ascii_case("true")
            }
            _ => false,
        }
    }
}

type Claims = IdTokenClaims<ProviderClaims, CoreGenderClaim>;

type Tokens = StandardTokenResponse<
    IdTokenFields<
        ProviderClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

type OpenIdClient<Auth, Token> = Client<
    ProviderClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    Auth,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    Token,
    EndpointNotSet,
>;

/// What an issuer says of itself, as far as it is used.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    /// Its identifier.
    pub(super) issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Metadata {
    /// How the client proves itself: in the header, unless the issuer takes the body only
    /// (Discovery §3: without a word, the header).
    fn auth_type(&self) -> AuthType {
        let takes = |method: &str| {
            let methods = self.token_endpoint_auth_methods_supported.as_deref();
            methods.is_some_and(|methods| methods.iter().any(|known| known == method))
        };
        match !takes("client_secret_basic") && takes("client_secret_post") {
            true => AuthType::RequestBody,
            false => AuthType::BasicAuth,
        }
    }
}

/// Reads what an issuer says of itself.
///
/// # Errors
/// [`Failure::Upstream`] when it says nothing, or that it is somebody else.
pub(super) async fn metadata(
    party: &Party<'_>,
    issuer: &str,
    tenants: bool,
) -> Result<Metadata, Failure> {
    let issuer = issuer.trim_end_matches('/');
    let since = party.app.clock().now() - FRESH;
    let document = document(party, &format!("{issuer}{WELL_KNOWN}"), since).await?;
    let metadata: Metadata = serde_json::from_slice(&document).map_err(upstream)?;
    // Discovery §4.3: it must be the one that was asked. A provider of many tenants names them all.
    let is_asked = metadata.issuer.trim_end_matches('/') == issuer
        || (tenants && metadata.issuer.contains(TENANT) && same_origin(&metadata.issuer, issuer));
    if !is_asked {
        return Err(upstream("the issuer says that it is another"));
    }
    for endpoint in [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri]
    {
        party.app.outbound().check(party.reach, endpoint)?;
    }
    Ok(metadata)
}

fn same_origin(a: &str, b: &str) -> bool {
    let origin = |url: &str| openidconnect::url::Url::parse(url).ok().map(|url| url.origin());
    origin(a).is_some() && origin(a) == origin(b)
}

async fn document(party: &Party<'_>, url: &str, since: DateTime<Utc>) -> Result<Vec<u8>, Failure> {
    let timeout = party.app.config().oauth.timeout;
    let document = party.app.outbound().document(party.reach, timeout, url, since).await;
    document.map(|document| document.body.clone()).map_err(upstream)
}

/// The issuer's keys, not older than `since`. Keys of a kind that is not known are left out.
async fn keys(
    party: &Party<'_>,
    metadata: &Metadata,
    since: DateTime<Utc>,
) -> Result<CoreJsonWebKeySet, Failure> {
    let document = document(party, &metadata.jwks_uri, since).await?;
    serde_json::from_slice(&document).map_err(upstream)
}

pub(super) async fn examine(party: &Party<'_>, issuer: &str, tenants: bool) -> Result<(), Failure> {
    let metadata = metadata(party, issuer, tenants).await?;
    let keys = keys(party, &metadata, party.app.clock().now() - KEYS_AGAIN).await?;
    match keys.keys().is_empty() {
        true => Err(upstream("the issuer publishes no key that could be used")),
        false => Ok(()),
    }
}

fn client(
    party: &Party<'_>,
    metadata: &Metadata,
    keys: CoreJsonWebKeySet,
) -> Result<OpenIdClient<EndpointSet, EndpointSet>, Failure> {
    let issuer = IssuerUrl::new(metadata.issuer.clone()).map_err(upstream)?;
    let secret = party.client_secret.expose_secret().to_owned();
    let client =
        OpenIdClient::<EndpointNotSet, EndpointNotSet>::new(client_id(party), issuer, keys);
    Ok(client
        .set_client_secret(ClientSecret::new(secret))
        .set_auth_type(metadata.auth_type())
        .set_auth_uri(AuthUrl::new(metadata.authorization_endpoint.clone()).map_err(upstream)?)
        .set_token_uri(TokenUrl::new(metadata.token_endpoint.clone()).map_err(upstream)?)
        .set_redirect_uri(RedirectUrl::new(party.redirect_uri.clone()).map_err(upstream)?))
}

fn client_id(party: &Party<'_>) -> ClientId {
    ClientId::new(party.client_id.clone())
}

pub(super) async fn authorization_url(
    party: &Party<'_>,
    issuer: &str,
    tenants: bool,
    proof: &Proof,
    state: &str,
) -> Result<String, Failure> {
    let metadata = metadata(party, issuer, tenants).await?;
    let client = client(party, &metadata, CoreJsonWebKeySet::new(Vec::new()))?;
    let (state, nonce) = (state.to_owned(), proof.nonce.clone());
    let verifier = PkceCodeVerifier::new(proof.verifier.clone());
    let request = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            || CsrfToken::new(state),
            || Nonce::new(nonce),
        )
        .add_scope(Scope::new("email".to_owned()))
        .add_scope(Scope::new("profile".to_owned()))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
    let (url, _, _) = request.url();
    Ok(url.into())
}

/// Exchanges the code, and takes from the ID token who it is.
pub(super) async fn identify(
    party: &Party<'_>,
    issuer: &str,
    tenants: bool,
    code: &str,
    proof: Proof,
) -> Result<Identified, Failure> {
    let now = party.app.clock().now();
    let metadata = metadata(party, issuer, tenants).await?;
    let known = keys(party, &metadata, now - FRESH).await?;
    let client = client(party, &metadata, known)?;
    let http = |request| party.call(request);
    let tokens = client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(proof.verifier))
        .request_async(&http)
        .await
        .map_err(refused)?;
    let nonce = Nonce::new(proof.nonce);
    let key = party.client_secret.expose_secret();
    let checks = Checks { metadata: &metadata, client_id: &party.client_id, key, tenants, now };
    let known = keys(party, &metadata, now - FRESH).await?;
    let claims = match checks.verify(&tokens, known, &nonce) {
        // The issuer may have changed its keys since they were read.
        Err(reason) if reason == UNKNOWN_KEY => {
            let read_again = keys(party, &metadata, now - KEYS_AGAIN).await?;
            checks.verify(&tokens, read_again, &nonce)
        }
        outcome => outcome,
    };
    let claims = claims.map_err(Failure::Token)?;
    Ok(identified(party.provider, &claims))
}

/// What is believed of the address: Microsoft lets whoever runs a tenant write any address into its
/// accounts, so that only the word on the domain counts there.
fn identified(provider: IdentityProvider, claims: &Claims) -> Identified {
    let email = claims.email().map(|email| email.as_str());
    let extra = claims.additional_claims();
    let verified = match provider {
        IdentityProvider::Microsoft => extra.is_domain_verified(),
        IdentityProvider::Sso => {
            claims.email_verified() == Some(true)
                || (claims.email_verified().is_none() && extra.is_domain_verified())
        }
        _ => claims.email_verified() == Some(true),
    };
    let subject = claims.subject().as_str().to_owned();
    Identified::new(claims.issuer().as_str().to_owned(), subject, email, verified)
}

/// The word for a key that the issuer does not publish.
const UNKNOWN_KEY: &str = "kid";

/// What an ID token is held against (OpenID Connect Core §3.1.3.7).
struct Checks<'c> {
    metadata: &'c Metadata,
    client_id: &'c str,
    key: &'c str,
    tenants: bool,
    now: DateTime<Utc>,
}

impl Checks<'_> {
    /// The claims of an ID token that holds, or the word for what is wrong with it.
    fn verify(
        &self,
        tokens: &Tokens,
        keys: CoreJsonWebKeySet,
        nonce: &Nonce,
    ) -> Result<Claims, &'static str> {
        let token = tokens.id_token().ok_or("no_id_token")?;
        let issuer = IssuerUrl::new(self.metadata.issuer.clone()).map_err(|_| "issuer")?;
        let of_many = self.tenants && self.metadata.issuer.contains(TENANT);
        let now = self.now;
        let verifier = IdTokenVerifier::new_confidential_client(
            ClientId::new(self.client_id.to_owned()),
            ClientSecret::new(self.key.to_owned()),
            issuer,
            keys,
        )
        .set_allowed_algs(ALGORITHMS)
        // Which of the many it is stands in the token; it is checked below.
        .require_issuer_match(!of_many)
        .set_time_fn(move || now)
        .set_issue_time_verifier_fn(move |issued| match issued > now + SKEW {
            true => Err("issued in the future".to_owned()),
            false => Ok(()),
        })
        .set_other_audience_verifier_fn(|_| false);
        let claims = token.claims(&verifier, nonce).map_err(|error| word(&error))?;
        if claims.authorized_party().is_some_and(|party| party.as_str() != self.client_id) {
            return Err("audience");
        }
        if of_many && !self.is_tenant(claims) {
            return Err("issuer");
        }
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = token.signing_alg().map_err(|_| "alg")?;
            let key = token.signing_key(&verifier).map_err(|_| UNKNOWN_KEY)?;
            let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key);
            if actual.map_err(|_| "at_hash")? != *expected {
                return Err("at_hash");
            }
        }
        if claims.subject().is_empty() {
            return Err("claims");
        }
        Ok(claims.clone())
    }

    /// Whether the issuer of a token is the one of the tenant that it names.
    fn is_tenant(&self, claims: &Claims) -> bool {
        let Some(tenant) = claims.additional_claims().tid.as_deref() else { return false };
        uuid::Uuid::try_parse(tenant).is_ok()
            && self.metadata.issuer.replace(TENANT, tenant) == claims.issuer().as_str()
    }
}

/// What is wrong with an ID token, as a word for the security log.
fn word(error: &ClaimsVerificationError) -> &'static str {
    match error {
        ClaimsVerificationError::Expired(_) => "expired",
        ClaimsVerificationError::InvalidAudience(_) => "audience",
        ClaimsVerificationError::InvalidIssuer(_) => "issuer",
        ClaimsVerificationError::InvalidNonce(_) => "nonce",
        ClaimsVerificationError::SignatureVerification(cause) => match cause {
            SignatureVerificationError::NoMatchingKey => UNKNOWN_KEY,
            SignatureVerificationError::NoSignature
            | SignatureVerificationError::DisallowedAlg(_)
            | SignatureVerificationError::UnsupportedAlg(_) => "alg",
            _ => "signature",
        },
        _ => "claims",
    }
}
