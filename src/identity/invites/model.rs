//! What invitations take and show.

use chrono::{DateTime, Utc};
use entity::beta_invite::{self, InviteStatus};
use garde::Validate;
use kernel::text::check_email;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::rules;

/// Somebody to be invited.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"email": "ada@riverbend.example", "notes": "met at the trade fair"}))]
pub struct NewInvite {
    /// Who. Only the holder of this address can use the invitation.
    #[garde(custom(check_email))]
    pub email: String,
    /// For the operator, at most 2000 characters; never shown to the invited.
    #[serde(default)]
    #[garde(inner(custom(rules::text(2000))))]
    pub notes: Option<String>,
}

/// An invitation as whoever holds its link may see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "status": "pending",
    "valid": true,
    "email": "a***@riverbend.example",
    "expires_at": "2026-12-21T09:00:00Z",
}))]
pub struct InviteView {
    /// How it stands.
    pub status: InviteStatus,
    /// Whether an agency can be made with it now.
    pub valid: bool,
    /// The address that can use it, masked.
    pub email: String,
    /// Until when it works.
    pub expires_at: DateTime<Utc>,
}

impl InviteView {
    /// An invitation at an instant.
    pub fn new(row: &beta_invite::Model, now: DateTime<Utc>) -> Self {
        let status = status_at(row, now);
        Self {
            status,
            valid: status == InviteStatus::Pending,
            email: mask_email(&row.email),
            expires_at: row.expires_at,
        }
    }
}

/// How an invitation stands at an instant: its time may be over before anybody has written it down.
pub fn status_at(row: &beta_invite::Model, now: DateTime<Utc>) -> InviteStatus {
    match row.status {
        InviteStatus::Pending if row.expires_at <= now => InviteStatus::Expired,
        status => status,
    }
}

/// An address by which its holder knows it, and nobody else learns it.
pub fn mask_email(email: &str) -> String {
    match email.rsplit_once('@') {
        Some((name, host)) => {
            let first: String = name.chars().take(1).collect();
            format!("{first}***@{host}")
        }
        None => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_address_shows_its_first_letter_and_its_host() {
        assert_eq!(mask_email("ada@riverbend.example"), "a***@riverbend.example");
        assert_eq!(mask_email("\"a@b\"@x.test"), "\"***@x.test");
        assert_eq!(mask_email("nonsense"), "***");
    }
}
