use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::json;

use super::*;
use crate::ports::clock::{Clock, SystemClock, SystemRng};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn tokens(folder: &tempfile::TempDir) -> AccessTokens {
    AccessTokens::in_folder(folder.path(), &SystemRng).unwrap()
}

fn ids() -> (UserId, SessionId) {
    (UserId(uuid::Uuid::from_u128(1)), SessionId(uuid::Uuid::from_u128(2)))
}

fn issue(tokens: &AccessTokens, now: DateTime<Utc>) -> String {
    tokens.issue(ids().0, ids().1, now).unwrap()
}

/// The token with another head, and the signature as it was.
fn with_head(token: &str, head: &serde_json::Value) -> String {
    let (_, rest) = token.split_once('.').unwrap();
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(head.to_string()))
}

#[test]
fn a_token_is_valid_for_fifteen_minutes() {
    let folder = folder();
    let (tokens, now) = (tokens(&folder), SystemClock.now());
    let token = issue(&tokens, now);

    assert_eq!(tokens.verify(&token, now + Duration::minutes(14)).unwrap().sub, ids().0);
    let late = tokens.verify(&token, now + Duration::minutes(16));
    assert_eq!(late, Err(TokenFault::Expired));
    assert_eq!(Error::from(TokenFault::Expired).code(), "token_expired");
}

#[test]
fn a_token_that_was_verified_a_moment_ago_still_ends() {
    let folder = folder();
    let (tokens, now) = (tokens(&folder), SystemClock.now());
    let token = issue(&tokens, now);
    let end = now + ACCESS_TOKEN_TTL;

    assert!(tokens.verify(&token, end - Duration::seconds(2)).is_ok());
    assert_eq!(tokens.verify(&token, end + Duration::seconds(1)), Err(TokenFault::Expired));
}

#[test]
fn a_token_of_another_key_is_refused() {
    let (mine, other, now) = (folder(), folder(), SystemClock.now());
    let token = issue(&tokens(&other), now);

    assert_eq!(tokens(&mine).verify(&token, now), Err(TokenFault::Key));
}

#[test]
fn a_forged_algorithm_is_refused() {
    let folder = folder();
    let (tokens, now) = (tokens(&folder), SystemClock.now());
    let token = issue(&tokens, now);
    let claims = tokens.verify(&token, now).unwrap();
    let jwk = tokens.jwks(now).keys.remove(0);
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(jwk.kid.clone());
    let secret = URL_SAFE_NO_PAD.decode(&jwk.x).unwrap();
    let hs256 = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&secret)).unwrap();
    let none = with_head(&token, &json!({"alg": "none", "kid": jwk.kid}));
    let unsigned = format!("{}.", none.rsplit_once('.').unwrap().0);

    for forged in [hs256, none, unsigned] {
        assert_eq!(tokens.verify(&forged, now), Err(TokenFault::Algorithm), "{forged}");
    }
}

#[test]
fn an_extension_that_must_be_understood_is_refused() {
    let folder = folder();
    let (tokens, now) = (tokens(&folder), SystemClock.now());
    let kid = tokens.jwks(now).keys.remove(0).kid;
    let head = json!({"alg": "EdDSA", "kid": kid, "crit": ["b64"], "b64": false});

    let forged = with_head(&issue(&tokens, now), &head);

    assert_eq!(tokens.verify(&forged, now), Err(TokenFault::Form));
}

#[test]
fn an_altered_claim_is_refused() {
    let folder = folder();
    let (tokens, now) = (tokens(&folder), SystemClock.now());
    let token = issue(&tokens, now);
    let mut claims = tokens.verify(&token, now).unwrap();
    claims.exp += 60;
    let parts: Vec<&str> = token.split('.').collect();
    let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).unwrap());

    let forged = format!("{}.{body}.{}", parts[0], parts[2]);

    assert_eq!(tokens.verify(&forged, now), Err(TokenFault::Signature));
}

#[test]
fn what_is_no_token_is_refused() {
    let folder = folder();
    let (tokens, now) = (tokens(&folder), SystemClock.now());

    for text in ["", ".", "..", "a.b.c", "a.b.c.d", "\u{1F980}.x.y", &"x.".repeat(5000)] {
        assert_eq!(tokens.verify(text, now), Err(TokenFault::Form), "{text:.20}");
    }
}

#[test]
fn the_key_survives_a_restart() {
    let (folder, now) = (folder(), SystemClock.now());
    let token = issue(&tokens(&folder), now);

    assert!(tokens(&folder).verify(&token, now).is_ok());
}

#[test]
fn a_replaced_key_verifies_until_its_last_token_has_ended() {
    let (folder, now) = (folder(), SystemClock.now());
    let running = tokens(&folder);
    let before = issue(&running, now);

    let kid = retire(folder.path(), &SystemRng, now).unwrap();

    let after = issue(&tokens(&folder), now);
    for replica in [&running, &tokens(&folder)] {
        assert!(replica.verify(&before, now).is_ok());
        assert!(replica.verify(&after, now).is_ok());
        assert_eq!(replica.jwks(now).keys.len(), 2);
        assert_eq!(replica.jwks(now).keys[0].kid, kid);
        let later = now + Duration::minutes(30);
        assert_eq!(replica.verify(&before, later), Err(TokenFault::Key));
        assert_eq!(replica.jwks(later).keys.len(), 1);
    }
}

#[test]
fn a_replica_signs_with_the_new_key_within_ten_seconds() {
    let (folder, now) = (folder(), SystemClock.now());
    let running = tokens(&folder);
    issue(&running, now);
    let kid = retire(folder.path(), &SystemRng, now).unwrap();

    let token = issue(&running, now + Duration::seconds(10));

    assert_eq!(head(&token).unwrap(), kid);
}

#[test]
fn keys_that_verify_nothing_any_more_are_removed() {
    let (folder, now) = (folder(), SystemClock.now());
    let _ = tokens(&folder);
    for hours in 0..4 {
        retire(folder.path(), &SystemRng, now + Duration::hours(hours)).unwrap();
    }

    let names = std::fs::read_dir(folder.path()).unwrap();
    let retired = names.filter(|entry| {
        entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("jwt-retired")
    });

    assert_eq!(retired.count(), 1);
}

#[test]
fn a_broken_key_file_leaves_the_running_server_as_it_was() {
    let (folder, now) = (folder(), SystemClock.now());
    let running = tokens(&folder);
    let token = issue(&running, now);
    std::fs::write(folder.path().join("jwt-ed25519.pem"), "half a k").unwrap();

    let later = now + Duration::minutes(1);

    assert!(running.verify(&token, later).is_ok());
    assert!(running.verify(&issue(&running, later), later).is_ok());
}

#[test]
fn configured_keys_are_replaced_by_naming_the_old_one_as_previous() {
    let (old, new, now) = (folder(), folder(), SystemClock.now());
    let pem = |folder: &tempfile::TempDir| {
        let _ = tokens(folder);
        std::fs::read_to_string(folder.path().join("jwt-ed25519.pem")).unwrap()
    };
    let (old_pem, new_pem) = (pem(&old), pem(&new));
    let configured = |private: &str, previous: Option<&str>| {
        let source = KeySource::Configured {
            private: private.into(),
            private_file: None,
            previous: previous.map(Into::into),
            previous_file: None,
        };
        AccessTokens::of_source(source, &SystemRng).unwrap()
    };
    let before = issue(&configured(&old_pem, None), now);

    let rotated = configured(&new_pem, Some(&format!("{old_pem}\n{old_pem}")));

    assert!(rotated.verify(&before, now).is_ok());
    assert_eq!(rotated.jwks(now).keys.len(), 2);
    assert_eq!(configured(&new_pem, None).verify(&before, now), Err(TokenFault::Key));
}

#[test]
fn a_mounted_key_file_is_read_again() {
    let (folder, old, new, now) = (folder(), folder(), folder(), SystemClock.now());
    let (path, of_old, of_new) = (folder.path().join("key.pem"), tokens(&old), tokens(&new));
    let name = "jwt-ed25519.pem";
    std::fs::copy(old.path().join(name), &path).unwrap();
    let source = KeySource::Configured {
        private: std::fs::read_to_string(&path).unwrap().into(),
        private_file: Some(path.clone()),
        previous: None,
        previous_file: None,
    };
    let running = AccessTokens::of_source(source, &SystemRng).unwrap();
    assert!(running.verify(&issue(&of_old, now), now).is_ok());

    std::fs::copy(new.path().join(name), &path).unwrap();

    assert!(running.verify(&issue(&of_new, now), now).is_ok());
}

#[test]
fn the_name_of_a_key_is_its_thumbprint() {
    // RFC 8037, appendix A.2 and A.3.
    let jwk = json!({"keys": [{"x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]});
    let bytes = URL_SAFE_NO_PAD.decode(jwk["keys"][0]["x"].as_str().unwrap()).unwrap();
    let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes.try_into().unwrap()).unwrap();

    assert_eq!(ring::kid(&key), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn a_published_key_verifies_a_token_without_this_server() {
    let folder = folder();
    let (tokens, now) = (tokens(&folder), SystemClock.now());
    let token = issue(&tokens, now);
    let set = serde_json::to_value(tokens.jwks(now)).unwrap();

    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(set).unwrap();
    let kid = jsonwebtoken::decode_header(&token).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(set.find(&kid).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["retainer"]);
    validation.set_issuer(&["retainer"]);
    let claims = jsonwebtoken::decode::<AccessClaims>(&token, &key, &validation).unwrap().claims;

    assert_eq!(claims.sub, ids().0);
}
