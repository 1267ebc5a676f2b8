//! A real identity provider on a free port: it signs with keys of its own, publishes them, and
//! checks what its clients send. It speaks OpenID Connect, and OAuth as GitHub and Facebook do.
//!
//! What it says, and how it misbehaves, is up to the test: see [`Behaviour`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::header::{AUTHORIZATION, LOCATION};
use actix_web::web::{self, Data, Query};
use actix_web::{App as Routes, HttpRequest, HttpResponse, HttpServer};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use kernel::ports::clock::{Clock, MovableClock, Rng, SystemRng};
use kernel::text::secret_token;
use p256::SecretKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::pkcs8::EncodePrivateKey;
use serde_json::{Map, Value, json};
use sha2::Digest;

/// This server's name at the provider.
pub const CLIENT_ID: &str = "retainer-client";

/// The secret that goes with it.
pub const CLIENT_SECRET: &str = "kept between the two of them";

/// How an ID token is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signature {
    /// With the provider's key.
    #[default]
    Right,
    /// Not at all: `alg` is `none`.
    None,
    /// With the client's secret: `alg` is `HS256`.
    ClientSecret,
    /// With the published key as a secret: `alg` is `HS256`.
    PublicKeyAsSecret,
    /// With a key that is not published, under the `kid` of the one that is.
    OtherKey,
    /// With a key that is not published, under a `kid` of its own.
    UnknownKid,
}

/// What the provider says and how it misbehaves.
#[derive(Clone, Default)]
pub struct Behaviour {
    /// Claims in the place of the usual ones; null takes one away.
    pub claims: Map<String, Value>,
    /// How an ID token is signed.
    pub signature: Signature,
    /// GitHub's addresses, in the form of its API.
    pub github_emails: Value,
    /// Facebook's person, in the form of its API.
    pub facebook_person: Value,
    /// Takes so long for every answer.
    pub delay: Duration,
    /// Answers everything with 500.
    pub fails: bool,
    /// Remembers another challenge than it was sent: no verifier fits.
    pub refuses_verifier: bool,
    /// Sends an access token that the ID token does not vouch for.
    pub wrong_access_token: bool,
    /// Says in discovery that it is another.
    pub discovers_as: Option<String>,
    /// Sends `error` instead of a code.
    pub denies: bool,
}

/// A key of the provider.
struct Key {
    kid: String,
    secret: SecretKey,
}

impl Key {
    fn new() -> Self {
        let mut bytes = [0; 32];
        SystemRng.fill(&mut bytes);
        // One of 2^32 draws would be refused.
        let secret = SecretKey::from_slice(&bytes).expect("a key");
        Self { kid: secret_token(&SystemRng), secret }
    }

    fn jwk(&self) -> Value {
        let point = self.secret.public_key().to_encoded_point(false);
        let text = |bytes: Option<&p256::FieldBytes>| URL_SAFE_NO_PAD.encode(bytes.unwrap());
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
            "x": text(point.x()), "y": text(point.y())})
    }

    fn signing(&self) -> EncodingKey {
        let der = self.secret.to_pkcs8_der().expect("a private key");
        EncodingKey::from_ec_der(der.as_bytes())
    }
}

/// A code that was given out.
struct Grant {
    challenge: String,
    nonce: Option<String>,
    redirect_uri: String,
}

struct State {
    url: String,
    clock: MovableClock,
    key: Mutex<Key>,
    behaviour: Mutex<Behaviour>,
    grants: Mutex<HashMap<String, Grant>>,
    calls: Mutex<Vec<String>>,
}

/// A running provider.
pub struct Issuer {
    /// Its clock, beside the server's.
    pub clock: MovableClock,
    state: Arc<State>,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Issuer {
    /// Starts a provider.
    pub fn start() -> Self {
        let clock = MovableClock::default();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let state = Arc::new(State {
            url,
            clock: clock.clone(),
            key: Mutex::new(Key::new()),
            behaviour: Mutex::default(),
            grants: Mutex::default(),
            calls: Mutex::default(),
        });
        let data = Data::from(state.clone());
        let (ready, is_ready) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime for the issuer").block_on(async {
                let server = HttpServer::new(move || {
                    Routes::new().app_data(data.clone()).default_service(web::to(answer))
                });
                let server = server.workers(1).disable_signals().listen(listener);
                let server = server.expect("the issuer listens").run();
                ready.send(server.handle()).expect("the test waits");
                server.await.expect("the issuer ends");
            });
        });
        let handle = is_ready.recv().expect("the issuer starts");
        Self { clock, state, handle, thread: Some(thread) }
    }

    /// Its address, which is its identifier as an issuer.
    pub fn url(&self) -> &str {
        &self.state.url
    }

    /// Changes what it says and does.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.state.behaviour.lock().unwrap());
    }

    /// Says something else about the person.
    pub fn claim(&self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        self.behave(|behaviour| {
            behaviour.claims.insert(name.to_owned(), value);
        });
    }

    /// Signs with another key from now on, which it publishes in the place of the old one.
    pub fn rotate_keys(&self) {
        *self.state.key.lock().unwrap() = Key::new();
    }

    /// The paths that were asked for since the last time, oldest first.
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state.calls.lock().unwrap())
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        // The command is sent at once; the future only waits for it.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn answer(state: Data<State>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let path = request.path().to_owned();
    state.calls.lock().unwrap().push(path.clone());
    let behaviour = state.behaviour.lock().unwrap().clone();
    tokio::time::sleep(behaviour.delay).await;
    if behaviour.fails {
        return HttpResponse::InternalServerError().finish();
    }
    match path.as_str() {
        "/.well-known/openid-configuration" => {
            let issuer = behaviour.discovers_as.unwrap_or_else(|| state.url.clone());
            discovery(&state, &issuer)
        }
        "/common/v2.0/.well-known/openid-configuration" => {
            discovery(&state, &format!("{}/{{tenantid}}/v2.0", state.url))
        }
        "/jwks" => HttpResponse::Ok().json(json!({"keys": [state.key.lock().unwrap().jwk()]})),
        "/authorize" | "/login/oauth/authorize" | "/v23.0/dialog/oauth" => {
            authorize(&state, &behaviour, &request)
        }
        "/token" | "/login/oauth/access_token" | "/v23.0/oauth/access_token" => {
            token(&state, &behaviour, &request, &body)
        }
        "/api/v3/user" => of_bearer(
            &request,
            &json!({"id": 583_231, "login": "octocat",
            "email": "anything@people.write"}),
        ),
        "/api/v3/user/emails" => of_bearer(&request, &behaviour.github_emails),
        "/v23.0/me" => of_bearer(&request, &behaviour.facebook_person),
        _ => HttpResponse::NotFound().finish(),
    }
}

fn discovery(state: &State, issuer: &str) -> HttpResponse {
    let at = |path: &str| format!("{}{path}", state.url);
    HttpResponse::Ok().json(json!({
        "issuer": issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
    }))
}

/// Approves at once, as somebody does who has approved before.
fn authorize(state: &State, behaviour: &Behaviour, request: &HttpRequest) -> HttpResponse {
    let query = Query::<HashMap<String, String>>::from_query(request.query_string());
    let query = query.expect("a query").into_inner();
    let value = |name: &str| query.get(name).cloned().unwrap_or_default();
    let is_sound = value("response_type") == "code"
        && value("client_id") == CLIENT_ID
        && value("code_challenge_method") == "S256"
        && value("state").len() >= 43
        && value("code_challenge").len() == 43;
    if !is_sound {
        return HttpResponse::BadRequest().body("not a request for a code with PKCE");
    }
    let code = secret_token(&SystemRng);
    let redirect_uri = value("redirect_uri");
    let grant = Grant {
        challenge: value("code_challenge"),
        nonce: query.get("nonce").cloned(),
        redirect_uri: redirect_uri.clone(),
    };
    state.grants.lock().unwrap().insert(code.clone(), grant);
    let outcome = match behaviour.denies {
        true => ("error", "access_denied".to_owned()),
        false => ("code", code),
    };
    // Providers add parameters of their own.
    let parameters = [outcome, ("state", value("state")), ("session_state", "x".to_owned())];
    let url = reqwest::Url::parse_with_params(&redirect_uri, &parameters).expect("an address");
    HttpResponse::Found().insert_header((LOCATION, url.as_str())).finish()
}

fn token(state: &State, behaviour: &Behaviour, request: &HttpRequest, body: &[u8]) -> HttpResponse {
    let form: HashMap<String, String> = serde_urlencoded::from_bytes(body).unwrap_or_default();
    let value = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if !is_client(request, &form) {
        return HttpResponse::Unauthorized().json(json!({"error": "invalid_client"}));
    }
    let refused = || match request.path().starts_with("/login/") {
        // As GitHub does.
        true => HttpResponse::Ok().json(json!({"error": "bad_verification_code"})),
        false => HttpResponse::BadRequest().json(json!({"error": "invalid_grant"})),
    };
    let Some(grant) = state.grants.lock().unwrap().remove(value("code")) else { return refused() };
    let challenge = URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(value("code_verifier")));
    if challenge != grant.challenge
        || behaviour.refuses_verifier
        || value("redirect_uri") != grant.redirect_uri
    {
        return refused();
    }
    let access_token = secret_token(&SystemRng);
    let mut tokens = json!({"access_token": access_token, "token_type": "Bearer",
        "expires_in": 300, "scope": "openid"});
    if request.path() == "/token" {
        tokens["id_token"] = id_token(state, behaviour, &grant, &access_token).into();
    }
    if behaviour.wrong_access_token {
        tokens["access_token"] = "another".into();
    }
    HttpResponse::Ok().json(tokens)
}

fn is_client(request: &HttpRequest, form: &HashMap<String, String>) -> bool {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(basic) = header.and_then(|value| value.strip_prefix("Basic ")) else {
        let is = |name: &str, expected: &str| form.get(name).is_some_and(|v| v == expected);
        return is("client_id", CLIENT_ID) && is("client_secret", CLIENT_SECRET);
    };
    let text = String::from_utf8(STANDARD.decode(basic).unwrap_or_default()).unwrap_or_default();
    // Both parts are form-encoded (RFC 6749 §2.3.1).
    text == format!("{CLIENT_ID}:{}", CLIENT_SECRET.replace(' ', "+"))
}

fn id_token(state: &State, behaviour: &Behaviour, grant: &Grant, access_token: &str) -> String {
    let now = state.clock.now().timestamp();
    let hash = sha2::Sha256::digest(access_token);
    let mut claims = json!({
        "iss": state.url,
        "sub": "248289761001",
        "aud": CLIENT_ID,
        "iat": now,
        "exp": now + 300,
        "at_hash": URL_SAFE_NO_PAD.encode(&hash[..16]),
        "email": "ada@x.test",
        "email_verified": true,
    });
    let members = claims.as_object_mut().expect("claims");
    if let Some(nonce) = &grant.nonce {
        members.insert("nonce".to_owned(), nonce.clone().into());
    }
    for (name, value) in &behaviour.claims {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    let key = state.key.lock().unwrap();
    let sign = |algorithm, kid: &str, key: &EncodingKey| {
        let mut header = Header::new(algorithm);
        header.kid = Some(kid.to_owned());
        jsonwebtoken::encode(&header, &claims, key).expect("an ID token")
    };
    match behaviour.signature {
        Signature::Right => sign(Algorithm::ES256, &key.kid, &key.signing()),
        Signature::OtherKey => sign(Algorithm::ES256, &key.kid, &Key::new().signing()),
        Signature::UnknownKid => {
            let other = Key::new();
            sign(Algorithm::ES256, &other.kid, &other.signing())
        }
        Signature::ClientSecret => {
            let secret = EncodingKey::from_secret(CLIENT_SECRET.as_bytes());
            sign(Algorithm::HS256, &key.kid, &secret)
        }
        Signature::PublicKeyAsSecret => {
            let point = key.secret.public_key().to_encoded_point(false);
            let secret = EncodingKey::from_secret(point.as_bytes());
            sign(Algorithm::HS256, &key.kid, &secret)
        }
        Signature::None => {
            let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}.", encode(&json!({"alg": "none", "kid": key.kid})), encode(&claims))
        }
    }
}

fn of_bearer(request: &HttpRequest, body: &Value) -> HttpResponse {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    match header.is_some_and(|value| value.starts_with("Bearer ")) {
        true => HttpResponse::Ok().json(body),
        false => HttpResponse::Unauthorized().finish(),
    }
}
