//! Asking for the second factor.

use chrono::TimeDelta;
use entity::pending_sign_in::{self, SignInMethod};
use entity::user;
use kernel::App;
use kernel::error::Result;
use kernel::ports::sms::mask;
use kernel::store::PlatformTx;
use kernel::text::{secret_token, sha256_hex};
use sea_orm::ActiveValue::Set;

use super::factors::{self, Factors};
use crate::second_factor::model::SecondFactorStep;
use crate::second_factor::repo::PendingRepo;

/// How long the second factor may take.
const SESSION_TTL: TimeDelta = TimeDelta::minutes(15);

/// Makes the sign-in of a person wait for their second factor; `None` for who has none and needs
/// none.
///
/// # Errors
/// Those of the database.
pub(crate) async fn begin(
    app: &App,
    tx: &PlatformTx,
    person: &user::Model,
    method: SignInMethod,
) -> Result<Option<SecondFactorStep>> {
    let methods = Factors::load(tx.db(), person.id).await?.methods(app, person);
    let enrols = methods.is_empty();
    if enrols && !factors::is_required(app, person) {
        return Ok(None);
    }
    let now = app.clock().now();
    let session_token = secret_token(app.rng());
    let expires_at = now + SESSION_TTL;
    let row = pending_sign_in::ActiveModel {
        id: Set(sha256_hex(&session_token)),
        user_id: Set(person.id),
        method: Set(method),
        enrols: Set(enrols),
        phone: Set(String::new()),
        attempts: Set(0),
        expires_at: Set(expires_at),
        used_at: Set(None),
        created_at: Set(now),
    };
    PendingRepo::new(tx.db()).insert(row).await?;
    let phone = Some(mask(&person.phone)).filter(|_| app.sms().is_some());
    Ok(Some(SecondFactorStep {
        second_factor_required: true,
        session_token,
        expires_at,
        methods: if enrols { factors::registrable(app) } else { methods },
        enrolment: enrols,
        phone_masked: phone.filter(|phone| !phone.is_empty()),
    }))
}
