//! What a person can prove, and what they must.

use entity::{UserId, second_factor, user};
use kernel::App;
use kernel::config::SecondFactorPolicy;
use kernel::error::{Error, Result};
use kernel::ports::sms::PhoneNumber;
use kernel::store::{PlatformDb, PlatformTx};

use crate::people::UserRepo;
use crate::second_factor::model::SecondFactorMethod;
use crate::second_factor::repo::FactorRepo;

/// The second factors of a person.
pub(super) struct Factors {
    /// Their row, if they ever began to set something up.
    pub(super) row: Option<second_factor::Model>,
    /// Recovery codes that have not been used.
    pub(super) codes_left: u64,
}

impl Factors {
    /// Reads them.
    pub(super) async fn load(db: PlatformDb<'_>, user_id: UserId) -> Result<Self> {
        let repo = FactorRepo::new(db);
        let row = repo.find(user_id).await?;
        let has_totp = row.as_ref().is_some_and(|row| row.totp_enabled_at.is_some());
        let codes_left = if has_totp { repo.codes_left(user_id).await? } else { 0 };
        Ok(Self { row, codes_left })
    }

    /// Whether an authenticator app is asked for.
    pub(super) fn has_totp(&self) -> bool {
        self.row.as_ref().is_some_and(|row| row.totp_enabled_at.is_some())
    }

    /// What proves the second factor of this person now, best first.
    pub(super) fn methods(&self, app: &App, person: &user::Model) -> Vec<SecondFactorMethod> {
        let with_phone = app.sms().is_some() && !person.phone.is_empty();
        [
            (self.has_totp(), SecondFactorMethod::Totp),
            (self.codes_left > 0, SecondFactorMethod::RecoveryCode),
            (with_phone, SecondFactorMethod::Sms),
        ]
        .into_iter()
        .filter_map(|(is_there, method)| is_there.then_some(method))
        .collect()
    }
}

/// Whether a person must have a second factor (spec §8.3).
pub(super) fn is_required(app: &App, person: &user::Model) -> bool {
    match app.config().second_factor {
        SecondFactorPolicy::Required => true,
        SecondFactorPolicy::Optional => person.is_super_admin && app.sms().is_some(),
    }
}

/// What a person without any can register.
pub(super) fn registrable(app: &App) -> Vec<SecondFactorMethod> {
    let sms = app.sms().map(|_| SecondFactorMethod::Sms);
    [Some(SecondFactorMethod::Totp), sms].into_iter().flatten().collect()
}

/// The person, locked until the unit of work ends: whoever changes or uses a second factor does so
/// one after the other. Comes after the locks of sign-ins and windows, before those of factors.
pub(super) async fn lock(tx: &PlatformTx, user_id: UserId) -> Result<user::Model> {
    let person = UserRepo::new(tx.db()).lock(user_id).await?;
    person.ok_or_else(|| Error::internal("the person of a sign-in is gone"))
}

/// The stored number of a person.
pub(super) fn stored_number(person: &user::Model) -> Result<Option<PhoneNumber>> {
    if person.phone.is_empty() {
        return Ok(None);
    }
    let number = PhoneNumber::parse(&person.phone);
    number.map(Some).ok_or_else(|| Error::internal("a stored telephone number is not E.164"))
}
