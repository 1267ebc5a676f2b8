//! API keys: how they are written, and what a request that carries one may do.
//!
//! A key is `rk_live_`, 30 random base62 characters, an underscore, and the CRC-32 of all that
//! comes before as 6 base62 characters. The fixed beginning and the checksum let secret scanners
//! recognise a leaked key without asking anybody, and let the server refuse a mistyped or made-up
//! one without a query. The first 8 random characters name the key and are kept and shown; the
//! other 22 are its secret, 130 bits. Of the whole only the SHA-256 is kept: with so many random
//! bits there is nothing that a slow hash would protect.
//!
//! A key acts on behalf of the person who made it, within its scopes and never beyond what that
//! person may do at the moment of the call.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{AgencyId, ApiKeyId, UserId, api_key, user};
use sea_orm::sea_query::{Expr, ExprTrait, JoinType};
use sea_orm::{ColumnTrait, Condition, EntityTrait, FromQueryResult, QueryFilter, QuerySelect};
use secrecy::SecretString;
use subtle::ConstantTimeEq;

use super::context::{Actor, MemberInfo, TenantContext};
use super::resolve::{AgencyRow, agency_query};
use super::{AgencyScope, Feature, Permission};
use crate::error::{Error, Result};
use crate::http::RequestInfo;
use crate::ports::clock::Rng;
use crate::security::{self, SecurityEvent};
use crate::state::App;
use crate::store::Origin;
use crate::text::{BASE62, random_text, sha256_hex};

/// What every key begins with.
const BEGINNING: &str = "rk_live_";

/// Random characters that name the key.
const NAME_LENGTH: usize = 8;

/// Random characters that are its secret: 22 of 62 are 130.9 bits.
const SECRET_LENGTH: usize = 22;

/// Characters of the checksum: 6 of 62 hold 32 bits.
const CHECKSUM_LENGTH: usize = 6;

/// A use is written down at most once in so long.
const USE_NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A key that has just been made: the only moment at which it is known.
pub struct NewKey {
    /// The whole key, for whoever asked for it.
    pub secret: SecretString,
    /// How it begins: kept, and shown in lists.
    pub prefix: String,
    /// Its SHA-256, hexadecimal: kept.
    pub hash: String,
}

impl NewKey {
    /// Draws a key.
    pub fn draw(rng: &dyn Rng) -> Self {
        let name = random_text(rng, BASE62, NAME_LENGTH);
        Self::with_prefix(rng, format!("{BEGINNING}{name}"))
    }

    /// Draws another secret for a key that keeps its beginning.
    pub fn with_prefix(rng: &dyn Rng, prefix: String) -> Self {
        let body = format!("{prefix}{}", random_text(rng, BASE62, SECRET_LENGTH));
        let text = format!("{body}_{}", checksum(&body));
        Self { hash: sha256_hex(&text), secret: text.into(), prefix }
    }
}

/// CRC-32 (ISO-HDLC, as in gzip) in base62, most significant digit first.
fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [0; CHECKSUM_LENGTH];
    for digit in digits.iter_mut().rev() {
        let place = usize::try_from(rest % 62).unwrap_or_default();
        *digit = BASE62.get(place).copied().unwrap_or(b'0');
        rest /= 62;
    }
    digits.into_iter().map(char::from).collect()
}

/// Whether a bearer token is meant to be an API key.
pub(crate) fn is_api_key(token: &str) -> bool {
    token.starts_with(BEGINNING)
}

/// A key as it came, whose form and checksum are right.
#[derive(Clone, Debug)]
struct PresentedKey {
    prefix: String,
    hash: String,
}

impl PresentedKey {
    fn parse(text: &str) -> Option<Self> {
        let (body, given) = text.rsplit_once('_')?;
        let random = body.strip_prefix(BEGINNING)?;
        let well_formed = random.len() == NAME_LENGTH + SECRET_LENGTH
            && random.bytes().all(|letter| BASE62.contains(&letter))
            && given == checksum(body);
        let prefix = body.get(..BEGINNING.len() + NAME_LENGTH)?;
        well_formed.then(|| Self { prefix: prefix.to_owned(), hash: sha256_hex(text) })
    }

    /// Whether a kept hash is this key's, in the same time wherever they differ.
    fn is(&self, hash: &str) -> bool {
        self.hash.as_bytes().ct_eq(hash.as_bytes()).into()
    }
}

/// The API key that acts.
#[derive(Clone, Debug)]
pub struct ApiKeyInfo {
    /// Which.
    pub id: ApiKeyId,
    /// On whose behalf: what it makes is that person's.
    pub member: MemberInfo,
    /// Requests a minute, where less than every key may make.
    pub requests_per_minute: Option<u32>,
    /// The version of the key.
    pub version: i64,
    presented: PresentedKey,
    scopes: Vec<Permission>,
}

impl ApiKeyInfo {
    /// Whether the key has a permission: it is among its scopes, its person has it, and it is one
    /// that a key can have at all.
    pub fn can(&self, permission: Permission) -> bool {
        self.scopes.contains(&permission)
            && permission.granted_to(self.member.role)
            && permission.is_open_to_keys()
    }
}

/// A key with the person who made it.
#[derive(Debug, FromQueryResult)]
struct KeyRow {
    #[sea_orm(nested)]
    key: api_key::Model,
    creator_email: Option<String>,
    creator_suspended_at: Option<DateTime<Utc>>,
}

fn key_query() -> sea_orm::Select<api_key::Entity> {
    let join = Expr::col((user::Entity, user::Column::Id))
        .equals((api_key::Entity, api_key::Column::CreatedBy));
    let mut select = api_key::Entity::find()
        .column_as(user::Column::Email, "creator_email")
        .column_as(user::Column::SuspendedAt, "creator_suspended_at");
    QuerySelect::query(&mut select).join(JoinType::LeftJoin, user::Entity, join);
    select
}

fn unknown() -> Error {
    Error::Unauthenticated { code: "unauthenticated", detail: "the API key is not valid".into() }
}

/// The context of a program that holds an API key: in the key's agency, which the path (where it
/// names one) must name too.
///
/// # Errors
/// [`Error::Unauthenticated`] for a key that is malformed (told without a query), unknown, revoked
/// (`api_key_revoked`) or expired (`api_key_expired`); [`Error::NotFound`] when the path names
/// another agency; [`Error::Gone`] and [`Error::Refused`] for an agency that cannot be used and for
/// a key whose person is no longer an active member (`api_key_inactive`).
pub(crate) async fn resolve_api_key(
    app: &App,
    token: &str,
    slug: Option<&str>,
    request: RequestInfo,
) -> Result<TenantContext> {
    let presented = PresentedKey::parse(token).ok_or_else(unknown)?;
    admit(app, presented, slug, request).await
}

/// Looks again whether a key still works, for what outlives a request.
///
/// # Errors
/// As for a request.
pub(super) async fn recheck(context: &TenantContext, key: &ApiKeyInfo) -> Result<TenantContext> {
    let slug = Some(context.agency().slug.as_str());
    admit(context.app(), key.presented.clone(), slug, context.request().clone()).await
}

async fn admit(
    app: &App,
    presented: PresentedKey,
    slug: Option<&str>,
    request: RequestInfo,
) -> Result<TenantContext> {
    let now = app.clock().now();
    let Some(row) = find(app, &presented).await? else {
        log_refusal(app, &request, None, "unknown").await;
        return Err(unknown());
    };
    let KeyRow { key, creator_email, creator_suspended_at } = row;
    if let Some(refusal) = refusal(&key, &presented, now) {
        log_refusal(app, &request, Some(&key), refusal.reason).await;
        return Err(refusal.error);
    }
    let agency = agency_of(app, key.agency_id, key.created_by).await?;
    if slug.is_some_and(|slug| slug != agency.slug) {
        return Err(Error::NotFound);
    }
    agency.check_usable()?;
    let email = creator_email.filter(|_| creator_suspended_at.is_none());
    let member = key.created_by.zip(email).and_then(|(id, email)| agency.active_member(id, email));
    let member = member.ok_or_else(|| {
        Error::refused(
            "api_key_inactive",
            "the person who made this API key is no longer an active member of the agency; \
             make another",
        )
    })?;
    let ip = request.ip.map(|ip| ip.to_string());
    let info = ApiKeyInfo {
        id: key.id,
        member,
        requests_per_minute: key.requests_per_minute.and_then(|limit| u32::try_from(limit).ok()),
        version: key.version,
        presented,
        scopes: scopes(&key.scopes),
    };
    let context = TenantContext {
        app: app.clone(),
        scope: AgencyScope(agency.id),
        agency: agency.info(now),
        actor: Actor::ApiKey(info),
        request,
    };
    context.require_feature(Feature::ApiAccess)?;
    if key.last_used_at.is_none_or(|last| last + USE_NOTED_EVERY <= now) {
        note_use(&context, key.id, ip, now).await;
    }
    Ok(context)
}

/// The row of a key, by the beginning that names it and the hash that proves it.
async fn find(app: &App, presented: &PresentedKey) -> Result<Option<KeyRow>> {
    let query = key_query().filter(api_key::Column::Prefix.eq(&presented.prefix));
    let platform = app.store().platform("an API key names its agency");
    let rows = platform.all_as(query.into_model::<KeyRow>()).await?;
    let proven = |key: &api_key::Model| {
        let replaced = key.previous_hash.as_deref().is_some_and(|old| presented.is(old));
        presented.is(&key.key_hash) || replaced
    };
    Ok(rows.into_iter().find(|row| proven(&row.key)))
}

/// Why a key that exists does not work.
struct Refusal {
    /// For the security log.
    reason: &'static str,
    error: Error,
}

fn refusal(key: &api_key::Model, presented: &PresentedKey, now: DateTime<Utc>) -> Option<Refusal> {
    let is_over = |end: Option<DateTime<Utc>>| end.is_some_and(|end| end <= now);
    let replaced = !presented.is(&key.key_hash);
    let expired = |detail: &'static str| Error::Unauthenticated {
        code: "api_key_expired",
        detail: detail.into(),
    };
    if key.revoked_at.is_some() {
        let error = Error::Unauthenticated {
            code: "api_key_revoked",
            detail: "this API key has been revoked".into(),
        };
        Some(Refusal { reason: "revoked", error })
    } else if is_over(key.expires_at) {
        Some(Refusal { reason: "expired", error: expired("this API key has expired") })
    } else if replaced && (key.previous_until.is_none() || is_over(key.previous_until)) {
        let error = expired("this API key has been replaced by a newer one");
        Some(Refusal { reason: "replaced", error })
    } else {
        None
    }
}

/// Tells the security log of a key that was refused.
async fn log_refusal(
    app: &App,
    request: &RequestInfo,
    key: Option<&api_key::Model>,
    reason: &'static str,
) {
    let (agency_id, key_id) = (key.map(|key| key.agency_id), key.map(|key| key.id));
    let event = SecurityEvent::ApiKeyRefused { agency_id, key_id, reason };
    security::record(app, request, event).await;
}

async fn agency_of(app: &App, id: AgencyId, user: Option<UserId>) -> Result<AgencyRow> {
    let query = agency_query(Some(user.unwrap_or(UserId(uuid::Uuid::nil()))))
        .filter(entity::agency::Column::Id.eq(id))
        .into_model::<AgencyRow>();
    let platform = app.store().platform("the scope is being made");
    platform.one_as(query).await?.ok_or_else(|| Error::internal("an API key of no agency"))
}

/// The permissions that a key's row names; those that no longer exist are left out.
fn scopes(kept: &serde_json::Value) -> Vec<Permission> {
    let keys = kept.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
    keys.filter_map(Permission::from_key).collect()
}

/// Writes down that a key is in use. That it could not be does not make the request fail.
async fn note_use(context: &TenantContext, id: ApiKeyId, ip: Option<String>, now: DateTime<Utc>) {
    let noted_before = Condition::any()
        .add(api_key::Column::LastUsedAt.is_null())
        .add(api_key::Column::LastUsedAt.lte(now - USE_NOTED_EVERY));
    let update = api_key::Entity::update_many()
        .col_expr(api_key::Column::LastUsedAt, Expr::value(now))
        .col_expr(api_key::Column::LastUsedIp, Expr::value(ip))
        .filter(api_key::Column::Id.eq(id))
        .filter(noted_before);
    let write = async {
        let tx = context.app().store().begin(context.scope(), Origin::default()).await?;
        tx.update_many(update).await?;
        tx.commit().await
    };
    if let Err(error) = write.await {
        tracing::warn!(api_key.id = %id, error = %error, "the use of an API key was not noted");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::ports::clock::SystemRng;

    fn text(key: &NewKey) -> String {
        key.secret.expose_secret().to_owned()
    }

    #[test]
    fn a_key_is_recognised_by_its_checksum() {
        for _ in 0..1000 {
            let key = NewKey::draw(&SystemRng);
            let presented = PresentedKey::parse(&text(&key)).unwrap();

            assert!(is_api_key(&text(&key)));
            assert_eq!(presented.prefix, key.prefix);
            assert!(presented.is(&key.hash));
            assert!(!presented.is(&NewKey::draw(&SystemRng).hash));
        }
    }

    #[test]
    fn the_checksum_is_the_one_that_scanners_compute() {
        // CRC-32/ISO-HDLC of its check string is 0xCBF43926 = 3421780262.
        let digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let number = checksum("123456789").chars().fold(0_u64, |number, digit| {
            number * 62 + u64::try_from(digits.find(digit).unwrap()).unwrap()
        });

        assert_eq!(number, 3_421_780_262);
    }

    #[test]
    fn a_changed_letter_is_noticed() {
        let key = text(&NewKey::draw(&SystemRng));
        for place in 0..key.len() {
            let mut letters: Vec<char> = key.chars().collect();
            letters[place] = if letters[place] == 'x' { 'y' } else { 'x' };
            let changed: String = letters.into_iter().collect();

            assert!(PresentedKey::parse(&changed).is_none(), "{place}");
        }
    }

    #[test]
    fn another_secret_keeps_the_beginning() {
        let first = NewKey::draw(&SystemRng);
        let second = NewKey::with_prefix(&SystemRng, first.prefix.clone());

        assert_eq!(first.prefix, second.prefix);
        assert_ne!(first.hash, second.hash);
        assert!(PresentedKey::parse(&text(&second)).is_some());
    }

    #[test]
    fn no_key_is_drawn_twice() {
        let keys: HashSet<String> = (0..1000).map(|_| text(&NewKey::draw(&SystemRng))).collect();

        assert_eq!(keys.len(), 1000);
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in ".{0,80}") {
            let _ = PresentedKey::parse(&text);
            let _ = PresentedKey::parse(&format!("rk_live_{text}"));
        }
    }
}
