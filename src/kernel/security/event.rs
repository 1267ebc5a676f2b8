//! What can happen, and what an entry of the log says of it.

use chrono::TimeDelta;
use entity::{AgencyId, ApiKeyId, BetaInviteId, ImpersonationGrantId, SessionId, UserId};
use serde_json::{Value, json};

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
        /// `suspended`, `email_unverified`, `unknown_link` (never made, or expired), …
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
    /// An operator acted on a leave that was over, and was refused.
    ImpersonationRefused {
        /// The operator.
        user_id: UserId,
        /// Where.
        agency_id: AgencyId,
        /// By which leave.
        grant_id: ImpersonationGrantId,
        /// `expired`, `stopped`.
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
    /// A person was taken out for good.
    UserDeleted {
        /// Who.
        user_id: UserId,
        /// By whom: an operator, or the person.
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
pub(super) struct Parts<'a> {
    pub(super) kind: &'static str,
    pub(super) user_id: Option<UserId>,
    pub(super) agency_id: Option<AgencyId>,
    pub(super) email: Option<&'a str>,
    pub(super) detail: Value,
    /// How often strangers may write one from one address; `None` for what only people who are
    /// known can cause.
    pub(super) every: Option<TimeDelta>,
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
    pub(super) fn topic(&self) -> (&'static str, String) {
        let text = |name: &str| self.detail.get(name).and_then(Value::as_str).unwrap_or_default();
        // One leave must not hide another; only operators have any, and few.
        (self.kind, format!("{} {} {}", text("provider"), text("reason"), text("grant_id")))
    }
}

impl<'a> SecurityEvent<'a> {
    /// The `kind` of the row.
    pub fn kind(&self) -> &'static str {
        self.parts().kind
    }

    pub(super) fn parts(&self) -> Parts<'a> {
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
            Self::ImpersonationRefused { user_id, agency_id, grant_id, reason } => {
                let detail = json!({"grant_id": grant_id, "reason": reason});
                Parts::new("impersonation_refused", detail)
                    .user(user_id)
                    .agency(agency_id)
                    .at_most_every(minute)
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
