//! The security log: sign-ins, refusals and revocations as rows of `security_events`.
//!
//! An entry says what happened, to whom, and from where; never a token, a code or an address of
//! mail (only the hash of one). What belongs to a change is written with it, in its own unit of
//! work ([`record_in`]); what is refused has no unit of work, and is written by itself ([`record`]).
//!
//! What strangers can cause at will is bounded: of one kind and reason, one row for each address
//! and minute, and [`FLOOD_MAX`] rows a minute in all; the next row counts what was left out. Rows
//! are kept for 90 days ([`crate::upkeep`]).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    AgencyId, ApiKeyId, BetaInviteId, SecurityEventId, SessionId, UserId, security_event,
};
use sea_orm::ActiveValue::Set;
use serde_json::{Value, json};

use crate::error::Result;
use crate::http::RequestInfo;
use crate::state::App;
use crate::store::PlatformDb;
use crate::text::{normalize_email, sha256_hex};

/// How long entries are kept.
pub const KEEP: TimeDelta = TimeDelta::days(90);

/// Rows that strangers can cause in one minute and one process, whatever their addresses.
pub const FLOOD_MAX: u32 = 600;

/// Addresses that are remembered at most; beyond that nothing is written until some are forgotten.
const REMEMBERED_MAX: usize = 20_000;

/// How long it is remembered how much was left out.
const REMEMBERED_FOR: TimeDelta = TimeDelta::minutes(10);

/// Why the log is reached outside an agency's scope.
const REASON: &str = "refused sign-ins belong to no agency";

/// Why an access token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenFault {
    /// It is not a JWT.
    Form,
    /// It names another algorithm than the server's (RFC 8725 §3.1).
    Algorithm,
    /// It names no key of the ring.
    Key,
    /// It was signed with another key, or altered.
    Signature,
    /// Somebody else issued it.
    Issuer,
    /// It was issued for somebody else.
    Audience,
    /// A claim is missing or has no meaning.
    Claims,
    /// It is over.
    Expired,
}

impl TokenFault {
    /// The stable word of the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Algorithm => "alg",
            Self::Key => "kid",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Claims => "claims",
            Self::Expired => "expired",
        }
    }
}

/// What happened. Each variant is one `kind`; a new one needs a row in `SecurityEvent::parts`.
#[derive(Clone, Debug)]
pub enum SecurityEvent<'a> {
    /// Somebody signed in.
    Login {
        /// Who.
        user_id: UserId,
        /// `magic_link`, `google`, `sso`, …
        method: &'a str,
    },
    /// Somebody signed out.
    Logout {
        /// Who.
        user_id: UserId,
        /// Of which sign-in.
        session_id: SessionId,
    },
    /// A sign-in was refused.
    LoginRefused {
        /// Who, where that is known.
        user_id: Option<UserId>,
        /// The address that was named, where one was; only its hash is kept.
        email: Option<&'a str>,
        /// `suspended`, `email_unverified`, …
        reason: &'a str,
    },
    /// A one-time link came back after it was used.
    MagicLinkReplayed {
        /// The address it was sent to.
        email: Option<&'a str>,
    },
    /// A refresh token came back after its rotation: its whole sign-in has ended.
    TokenReuse {
        /// Whose.
        user_id: UserId,
        /// Of which sign-in.
        session_id: SessionId,
    },
    /// A provider's answer carried a `state` that this server did not give, or gave to another
    /// browser, or took already.
    OauthStateInvalid {
        /// Which provider.
        provider: &'a str,
    },
    /// A provider's token did not hold.
    OauthTokenInvalid {
        /// Which provider.
        provider: &'a str,
        /// `signature`, `issuer`, `audience`, `nonce`, `expired`, …
        reason: &'a str,
    },
    /// An access token was refused.
    AccessTokenInvalid {
        /// Why.
        fault: TokenFault,
    },
    /// A request that changes something came with a cookie from a page of another origin.
    OriginMismatch,
    /// A second factor was wrong, or came too often.
    SecondFactorFailed {
        /// Whose.
        user_id: UserId,
        /// `totp`, `recovery_code`, `sms`.
        method: &'a str,
        /// `wrong`, `replayed`, `too_many_attempts`, …
        reason: &'a str,
    },
    /// A second factor was added, removed or replaced.
    SecondFactorChanged {
        /// Whose.
        user_id: UserId,
        /// `totp`, `recovery_codes`, `sms`.
        method: &'a str,
        /// `added`, `removed`, `replaced`, `used`, `reset`.
        change: &'a str,
        /// Who did it, when it was not the person.
        by: Option<UserId>,
    },
    /// Sign-ins were ended from elsewhere than themselves.
    SessionRevoked {
        /// Whose.
        user_id: UserId,
        /// Which; `None` for several at once.
        session_id: Option<SessionId>,
        /// `revoked`, `suspended`, `operator`, …
        reason: &'a str,
    },
    /// A key for programs was made.
    ApiKeyGenerated {
        /// By whom.
        user_id: Option<UserId>,
        /// Of which agency.
        agency_id: AgencyId,
        /// Which.
        key_id: ApiKeyId,
    },
    /// A key for programs was replaced by a new one.
    ApiKeyRotated {
        /// By whom.
        user_id: Option<UserId>,
        /// Of which agency.
        agency_id: AgencyId,
        /// Which.
        key_id: ApiKeyId,
    },
    /// A key for programs was revoked.
    ApiKeyRevoked {
        /// By whom.
        user_id: Option<UserId>,
        /// Of which agency.
        agency_id: AgencyId,
        /// Which.
        key_id: ApiKeyId,
    },
    /// A key for programs was refused.
    ApiKeyRefused {
        /// Of which agency, where that is known.
        agency_id: Option<AgencyId>,
        /// Which, where that is known.
        key_id: Option<ApiKeyId>,
        /// `unknown`, `revoked`, `expired`, `address`, …
        reason: &'a str,
    },
    /// An operator began to act in an agency.
    ImpersonationStarted {
        /// The operator.
        user_id: UserId,
        /// Where.
        agency_id: AgencyId,
    },
    /// An operator stopped acting in an agency.
    ImpersonationStopped {
        /// The operator.
        user_id: UserId,
        /// Where.
        agency_id: AgencyId,
        /// `stopped`, `expired`, `revoked`.
        reason: &'a str,
    },
    /// A person may not sign in any more.
    UserSuspended {
        /// Who.
        user_id: UserId,
        /// By whom.
        by: Option<UserId>,
        /// Why, where it was said.
        reason: Option<&'a str>,
    },
    /// An operator changed what is known of a person.
    UserChanged {
        /// Who.
        user_id: UserId,
        /// By whom.
        by: UserId,
        /// Which columns; never what is in them.
        columns: &'a [String],
    },
    /// An operator took a person out for good.
    UserDeleted {
        /// Who.
        user_id: UserId,
        /// By whom.
        by: UserId,
    },
    /// An operator invited somebody to try the product, or changed such an invitation.
    BetaInviteChanged {
        /// Which.
        invite_id: BetaInviteId,
        /// By whom.
        by: UserId,
        /// `created`, `resent`, `revoked`.
        change: &'a str,
    },
    /// A person may sign in again.
    UserReinstated {
        /// Who.
        user_id: UserId,
        /// By whom.
        by: Option<UserId>,
    },
    /// An agency may not be used any more.
    AgencySuspended {
        /// Which.
        agency_id: AgencyId,
        /// By whom.
        by: Option<UserId>,
    },
    /// An agency may be used again.
    AgencyReinstated {
        /// Which.
        agency_id: AgencyId,
        /// By whom.
        by: Option<UserId>,
    },
    /// Somebody became an operator of the platform, or is one no longer.
    OperatorChanged {
        /// Who.
        user_id: UserId,
        /// Whether they are one now.
        is_operator: bool,
        /// By whom; `None` for a command on the server.
        by: Option<UserId>,
    },
    /// An account at an identity provider was connected to a person, or is no longer.
    IdentityChanged {
        /// Whose.
        user_id: UserId,
        /// `google`, `sso`, …
        provider: &'a str,
        /// `connected`, `disconnected`.
        change: &'a str,
    },
    /// What an agency prescribes for signing in was changed.
    SignInPolicyChanged {
        /// Whose.
        agency_id: AgencyId,
        /// By whom.
        user_id: Option<UserId>,
        /// `sso`, …
        subject: &'a str,
    },
    /// Access tokens are signed with a new key.
    SigningKeyRotated {
        /// Its `kid`, which is public.
        kid: &'a str,
    },
}

/// An event as the columns of its row.
struct Parts<'a> {
    kind: &'static str,
    user_id: Option<UserId>,
    agency_id: Option<AgencyId>,
    email: Option<&'a str>,
    detail: Value,
    /// How often strangers may write one from one address; `None` for what only people who are
    /// known can cause.
    every: Option<TimeDelta>,
}

impl<'a> Parts<'a> {
    fn new(kind: &'static str, detail: Value) -> Self {
        Self { kind, user_id: None, agency_id: None, email: None, detail, every: None }
    }

    fn user(self, user_id: impl Into<Option<UserId>>) -> Self {
        Self { user_id: user_id.into(), ..self }
    }

    fn agency(self, agency_id: impl Into<Option<AgencyId>>) -> Self {
        Self { agency_id: agency_id.into(), ..self }
    }

    fn email(self, email: Option<&'a str>) -> Self {
        Self { email, ..self }
    }

    fn at_most_every(self, every: TimeDelta) -> Self {
        Self { every: Some(every), ..self }
    }

    /// What counts as the same thing happening again.
    fn topic(&self) -> (&'static str, String) {
        let text = |name: &str| self.detail.get(name).and_then(Value::as_str).unwrap_or_default();
        (self.kind, format!("{} {}", text("provider"), text("reason")))
    }
}

impl<'a> SecurityEvent<'a> {
    /// The `kind` of the row.
    pub fn kind(&self) -> &'static str {
        self.parts().kind
    }

    fn parts(&self) -> Parts<'a> {
        let minute = TimeDelta::minutes(1);
        match *self {
            Self::Login { user_id, method } => {
                Parts::new("login", json!({"method": method})).user(user_id)
            }
            Self::Logout { user_id, session_id } => {
                Parts::new("logout", json!({"session_id": session_id})).user(user_id)
            }
            Self::LoginRefused { user_id, email, reason } => {
                Parts::new("login_refused", json!({"reason": reason}))
                    .user(user_id)
                    .email(email)
                    .at_most_every(minute)
            }
            Self::MagicLinkReplayed { email } => {
                Parts::new("magic_link_replayed", json!({})).email(email).at_most_every(minute)
            }
            Self::TokenReuse { user_id, session_id } => {
                Parts::new("token_reuse", json!({"session_id": session_id})).user(user_id)
            }
            Self::OauthStateInvalid { provider } => {
                Parts::new("oauth_state_invalid", json!({"provider": provider}))
                    .at_most_every(minute)
            }
            Self::OauthTokenInvalid { provider, reason } => {
                let detail = json!({"provider": provider, "reason": reason});
                Parts::new("oauth_token_invalid", detail).at_most_every(minute)
            }
            Self::AccessTokenInvalid { fault } => {
                let parts = Parts::new("access_token_invalid", json!({"reason": fault.as_str()}));
                // Every client comes once with a token that has just ended: that is no news.
                let hourly = fault == TokenFault::Expired;
                parts.at_most_every(if hourly { TimeDelta::hours(1) } else { minute })
            }
            Self::OriginMismatch => Parts::new("origin_mismatch", json!({})).at_most_every(minute),
            Self::SecondFactorFailed { user_id, method, reason } => {
                let detail = json!({"method": method, "reason": reason});
                Parts::new("second_factor_failed", detail).user(user_id)
            }
            Self::SecondFactorChanged { user_id, method, change, by } => {
                let detail = json!({"method": method, "change": change, "by": by});
                Parts::new("second_factor_changed", detail).user(user_id)
            }
            Self::SessionRevoked { user_id, session_id, reason } => {
                let detail = json!({"session_id": session_id, "reason": reason});
                Parts::new("session_revoked", detail).user(user_id)
            }
            Self::ApiKeyGenerated { user_id, agency_id, key_id } => {
                of_key("api_key_generated", key_id).user(user_id).agency(agency_id)
            }
            Self::ApiKeyRotated { user_id, agency_id, key_id } => {
                of_key("api_key_rotated", key_id).user(user_id).agency(agency_id)
            }
            Self::ApiKeyRevoked { user_id, agency_id, key_id } => {
                of_key("api_key_revoked", key_id).user(user_id).agency(agency_id)
            }
            Self::ApiKeyRefused { agency_id, key_id, reason } => {
                Parts::new("api_key_refused", json!({"key_id": key_id, "reason": reason}))
                    .agency(agency_id)
                    .at_most_every(minute)
            }
            Self::ImpersonationStarted { user_id, agency_id } => {
                Parts::new("impersonation_started", json!({})).user(user_id).agency(agency_id)
            }
            Self::ImpersonationStopped { user_id, agency_id, reason } => {
                Parts::new("impersonation_stopped", json!({"reason": reason}))
                    .user(user_id)
                    .agency(agency_id)
            }
            Self::UserSuspended { user_id, by, reason } => {
                let detail = json!({"by": by, "reason": reason});
                Parts::new("user_suspended", detail).user(user_id)
            }
            Self::UserChanged { user_id, by, columns } => {
                let detail = json!({"by": by, "columns": columns});
                Parts::new("user_changed", detail).user(user_id)
            }
            Self::UserDeleted { user_id, by } => {
                Parts::new("user_deleted", json!({"by": by})).user(user_id)
            }
            Self::BetaInviteChanged { invite_id, by, change } => {
                let detail = json!({"invite_id": invite_id, "by": by, "change": change});
                Parts::new("beta_invite_changed", detail)
            }
            Self::UserReinstated { user_id, by } => {
                Parts::new("user_reinstated", json!({"by": by})).user(user_id)
            }
            Self::AgencySuspended { agency_id, by } => {
                Parts::new("agency_suspended", json!({"by": by})).agency(agency_id)
            }
            Self::AgencyReinstated { agency_id, by } => {
                Parts::new("agency_reinstated", json!({"by": by})).agency(agency_id)
            }
            Self::OperatorChanged { user_id, is_operator, by } => {
                let detail = json!({"is_operator": is_operator, "by": by});
                Parts::new("operator_changed", detail).user(user_id)
            }
            Self::IdentityChanged { user_id, provider, change } => {
                let detail = json!({"provider": provider, "change": change});
                Parts::new("identity_changed", detail).user(user_id)
            }
            Self::SignInPolicyChanged { agency_id, user_id, subject } => {
                Parts::new("sign_in_policy_changed", json!({"subject": subject}))
                    .user(user_id)
                    .agency(agency_id)
            }
            Self::SigningKeyRotated { kid } => {
                Parts::new("signing_key_rotated", json!({"kid": kid}))
            }
        }
    }
}

fn of_key<'a>(kind: &'static str, key_id: ApiKeyId) -> Parts<'a> {
    Parts::new(kind, json!({"key_id": key_id}))
}

/// Writes an event in a unit of work of its own, and into the server's log.
///
/// It never fails the request that it is about: a row that cannot be written is an error in the
/// server's log. Never call it while a unit of work is open (the embedded database has one writer,
/// and would wait for itself): use [`record_in`].
pub async fn record(app: &App, request: &RequestInfo, event: SecurityEvent<'_>) {
    let parts = event.parts();
    let Some(left_out) = app.security_log().admit(&parts, request.ip, app.clock().now()) else {
        return;
    };
    let write = async {
        let tx = app.store().begin_platform(REASON).await?;
        write(app, &tx.db(), request, parts, left_out).await?;
        tx.commit().await
    };
    if let Err(error) = write.await {
        tracing::error!(
            event = %format_args!("security.{}", event.kind()),
            error = %error,
            "an entry of the security log could not be written"
        );
    }
}

/// Writes an event in the caller's unit of work (`tx.db()` of a `PlatformTx`, `tx.platform(..)` of
/// an `AgencyTx`), so that neither is true without the other.
///
/// # Errors
/// Those of the database.
pub async fn record_in(
    app: &App,
    db: &PlatformDb<'_>,
    request: &RequestInfo,
    event: SecurityEvent<'_>,
) -> Result<()> {
    let parts = event.parts();
    match app.security_log().admit(&parts, request.ip, app.clock().now()) {
        Some(left_out) => write(app, db, request, parts, left_out).await,
        None => Ok(()),
    }
}

async fn write(
    app: &App,
    db: &PlatformDb<'_>,
    request: &RequestInfo,
    parts: Parts<'_>,
    left_out: u32,
) -> Result<()> {
    let Parts { kind, user_id, agency_id, email, mut detail, every } = parts;
    if let (Some(members), true) = (detail.as_object_mut(), left_out > 0) {
        members.insert("left_out".to_owned(), left_out.into());
    }
    tracing::info!(
        event = %format_args!("security.{kind}"),
        user.id = user_id.map(tracing::field::display),
        agency.id = agency_id.map(tracing::field::display),
        detail = %detail,
        refused = every.is_some(),
        "security event"
    );
    let row = security_event::ActiveModel {
        id: Set(app.new_id::<SecurityEventId>()),
        at: Set(app.clock().now()),
        kind: Set(kind.to_owned()),
        user_id: Set(user_id),
        agency_id: Set(agency_id),
        email_hash: Set(email.map(|email| sha256_hex(normalize_email(email)))),
        ip: Set(request.ip.map(|ip| ip.to_string())),
        user_agent: Set(request.user_agent.clone()),
        request_id: Set(Some(request.request_id.clone()).filter(|id| !id.is_empty())),
        detail: Set(detail),
    };
    db.insert(row).await.map(|_| ())
}

/// Something that a stranger did from one address.
type Topic = (Option<IpAddr>, &'static str, String);

/// Remembers what was written lately, so that strangers cannot fill the log.
#[derive(Debug, Default)]
pub struct FloodGuard {
    state: Mutex<FloodState>,
}

#[derive(Debug, Default)]
struct FloodState {
    /// Until when a topic is not written again, and how often it was left out since.
    quiet: HashMap<Topic, (DateTime<Utc>, u32)>,
    /// When the current minute began, and what was written in it.
    minute: Option<DateTime<Utc>>,
    written: u32,
}

impl FloodGuard {
    /// Whether an event is written; then, how many of its kind were left out before it.
    fn admit(&self, parts: &Parts<'_>, ip: Option<IpAddr>, now: DateTime<Utc>) -> Option<u32> {
        let Some(every) = parts.every else { return Some(0) };
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if state.minute.is_none_or(|begun| (now - begun).abs() >= TimeDelta::minutes(1)) {
            state.minute = Some(now);
            state.written = 0;
            state.quiet.retain(|_, (until, left_out)| {
                let longer = if *left_out > 0 { REMEMBERED_FOR } else { TimeDelta::zero() };
                *until + longer > now
            });
        }
        let (kind, reason) = parts.topic();
        let topic = (ip, kind, reason);
        let left_out = match state.quiet.get_mut(&topic) {
            Some((until, left_out)) if *until > now => {
                *left_out = left_out.saturating_add(1);
                return None;
            }
            Some((_, left_out)) => *left_out,
            None => 0,
        };
        // What is remembered for long must not crowd out the rest.
        let room = if every > TimeDelta::minutes(1) { REMEMBERED_MAX / 2 } else { REMEMBERED_MAX };
        if state.written >= FLOOD_MAX || state.quiet.len() >= room {
            return None;
        }
        state.written += 1;
        state.quiet.insert(topic, (now + every, 0));
        Some(left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::clock::{Clock, MovableClock};

    fn refused(fault: TokenFault) -> Parts<'static> {
        SecurityEvent::AccessTokenInvalid { fault }.parts()
    }

    fn ip(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([203, 0, 113, last]))
    }

    #[test]
    fn one_address_writes_one_row_a_minute_for_each_reason() {
        let (guard, clock) = (FloodGuard::default(), MovableClock::default());
        let admit = |fault, ip| guard.admit(&refused(fault), ip, clock.now());

        assert_eq!(admit(TokenFault::Key, ip(1)), Some(0));
        assert_eq!(admit(TokenFault::Key, ip(1)), None);
        assert_eq!(admit(TokenFault::Key, ip(1)), None);
        assert_eq!(admit(TokenFault::Signature, ip(1)), Some(0));
        assert_eq!(admit(TokenFault::Key, ip(2)), Some(0));
    }

    #[test]
    fn all_addresses_together_write_a_bounded_number_of_rows_a_minute() {
        let (guard, clock) = (FloodGuard::default(), MovableClock::default());
        let now = clock.now();
        let attempts = (0..FLOOD_MAX * 3).map(|n| {
            let ip = IpAddr::from(std::net::Ipv4Addr::from_bits(n));
            guard.admit(&refused(TokenFault::Key), Some(ip), now)
        });

        let written = attempts.filter(Option::is_some).count();

        assert_eq!(written, usize::try_from(FLOOD_MAX).unwrap());
        let later = now + TimeDelta::minutes(1);
        assert!(guard.admit(&refused(TokenFault::Key), ip(9), later).is_some());
    }

    #[test]
    fn what_people_do_is_never_left_out() {
        let (guard, clock) = (FloodGuard::default(), MovableClock::default());
        let login =
            SecurityEvent::Login { user_id: UserId(uuid::Uuid::nil()), method: "magic_link" };

        for _ in 0..3 {
            assert_eq!(guard.admit(&login.parts(), ip(1), clock.now()), Some(0));
        }
    }
}
