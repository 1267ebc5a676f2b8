//! What a key may be asked to be, beyond the form of its members.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::error::FieldError;
use kernel::http::limits::{LimitClass, LimitKey};
use kernel::{Permission, TenantContext};

/// The furthest end that can be given: a later one is a slip, and no end at all is written as null.
const LONGEST_LIFE: TimeDelta = TimeDelta::days(5 * 366);

/// Requests a minute that a key may make when nothing else is said; its own limit is lower.
pub(super) fn requests_per_minute_max() -> u32 {
    let budgets = LimitClass::ApiKey.budgets().iter();
    budgets
        .filter(|budget| budget.key == LimitKey::ApiKey)
        .map(|b| b.quota.requests)
        .min()
        .unwrap_or(0)
}

/// A rule for garde: a permission that an API key can have.
pub(super) fn check_scope(text: &str, _: &()) -> garde::Result {
    match Permission::from_key(text) {
        Some(permission) if permission.is_open_to_keys() => Ok(()),
        Some(_) => Err(garde::Error::new("cannot be given to an API key: it needs a person")),
        None => Err(garde::Error::new("is not a permission")),
    }
}

/// A rule for garde: a limit below the one that every key has.
pub(super) fn check_limit(requests: &u32, _: &()) -> garde::Result {
    let max = requests_per_minute_max();
    if (1..=max).contains(requests) {
        Ok(())
    } else {
        Err(garde::Error::new(format!("must be from 1 to {max}")))
    }
}

/// The permissions that scopes name, each once, in the order of the matrix. Nobody gives away what
/// they do not have.
pub(super) fn scopes(
    ctx: &TenantContext,
    wanted: &[String],
    errors: &mut Vec<FieldError>,
) -> Vec<&'static str> {
    for (place, key) in wanted.iter().enumerate() {
        if !Permission::from_key(key).is_some_and(|permission| ctx.can(permission)) {
            let pointer = format!("/scopes/{place}");
            errors.push(FieldError::new(pointer, "not_granted", "you do not have this permission"));
        }
    }
    let keys = Permission::ALL.iter().map(|permission| permission.key());
    keys.filter(|key| wanted.iter().any(|wanted| wanted == key)).collect()
}

/// An end lies in the future, and not absurdly far.
pub(super) fn check_expiry(
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    errors: &mut Vec<FieldError>,
) {
    let refusal = match expires_at {
        Some(end) if end <= now => "must be in the future",
        Some(end) if end - now > LONGEST_LIFE => "must be within five years; null is without end",
        _ => return,
    };
    errors.push(FieldError::new("/expires_at", "out_of_range", refusal));
}
