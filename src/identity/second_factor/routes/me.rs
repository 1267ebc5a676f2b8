//! The second factor of the person who is signed in.

use actix_web::web::Json;
use actix_web::{HttpResponse, get, post};
use kernel::error::Result;
use kernel::http::problem::Problem;
use kernel::http::{NoContent, Read, SignedIn, ValidJson};

use crate::second_factor::model::{
    ChangeProof, Code, CodeSent, NewPhone, PhoneCodes, Proof, RecoveryCodes, SecondFactorView,
    TotpSetup,
};
use crate::second_factor::service;

/// Read the state of one's second factor.
#[utoipa::path(tag = "me", operation_id = "me_second_factor", responses((status = 200, body = SecondFactorView)))]
#[get("/api/v1/me/second-factor")]
pub(in crate::second_factor) async fn read(caller: SignedIn) -> Result<Read<SecondFactorView>> {
    let (etag, view) = service::read(&caller).await?;
    Ok(Read::new(etag, view))
}

/// Begin to set an authenticator app up.
///
/// Show `otpauth_url` as a QR code, and confirm with a code of the app within 15 minutes: until
/// then nothing is asked for. Needs a sign-in of the last 15 minutes (403
/// `recent_sign_in_required`).
#[utoipa::path(
    tag = "me",
    operation_id = "me_start_totp",
    responses(
        (status = 200, body = TotpSetup),
        (status = 403, description = "The sign-in is older than 15 minutes.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/me/second-factor/totp")]
pub(in crate::second_factor) async fn start_totp(caller: SignedIn) -> Result<Json<TotpSetup>> {
    service::start_totp(&caller).await.map(Json)
}

/// Set the authenticator app up.
///
/// From now on a sign-in asks for its code. Gives ten recovery codes, shown this once. A wrong code
/// is 422 `wrong_code`.
#[utoipa::path(tag = "me", operation_id = "me_confirm_totp", request_body = Code, responses((status = 200, body = RecoveryCodes)))]
#[post("/api/v1/me/second-factor/totp/confirm")]
pub(in crate::second_factor) async fn confirm_totp(
    caller: SignedIn,
    body: ValidJson<Code>,
) -> Result<Json<RecoveryCodes>> {
    service::confirm_totp(&caller, &body.into_inner().code).await.map(Json)
}

/// Remove the authenticator app.
///
/// Needs a code of it, or a recovery code; the recovery codes go with it. Where a second factor is
/// required, another must be registered first (409 `second_factor_required`).
#[utoipa::path(tag = "me", operation_id = "me_disable_totp", request_body = ChangeProof, responses((status = 204, description = "It is asked for no longer.")))]
#[post("/api/v1/me/second-factor/totp/disable")]
pub(in crate::second_factor) async fn disable_totp(
    caller: SignedIn,
    body: ValidJson<ChangeProof>,
) -> Result<NoContent> {
    let proof: Proof = body.into_inner().proof()?;
    service::disable_totp(&caller, proof).await.map(|()| NoContent)
}

/// Replace the recovery codes.
///
/// Needs a code of the app, or one of the codes that are replaced. The new ones are shown this
/// once.
#[utoipa::path(tag = "me", operation_id = "me_replace_recovery_codes", request_body = ChangeProof, responses((status = 200, body = RecoveryCodes)))]
#[post("/api/v1/me/second-factor/recovery-codes")]
pub(in crate::second_factor) async fn recovery_codes(
    caller: SignedIn,
    body: ValidJson<ChangeProof>,
) -> Result<Json<RecoveryCodes>> {
    let proof: Proof = body.into_inner().proof()?;
    service::replace_codes(&caller, proof).await.map(Json)
}

/// Begin to register a telephone number, or to replace it.
///
/// Sends a code to the new number and, where one is registered, another to that. Needs a sign-in of
/// the last 15 minutes (403 `recent_sign_in_required`).
#[utoipa::path(
    tag = "me",
    operation_id = "me_start_phone",
    request_body = NewPhone,
    responses(
        (status = 202, description = "The codes are on their way.", body = CodeSent),
        (status = 403, description = "The sign-in is older than 15 minutes.", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The provider of text messages failed.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/me/second-factor/phone")]
pub(in crate::second_factor) async fn start_phone(
    caller: SignedIn,
    body: ValidJson<NewPhone>,
) -> Result<HttpResponse> {
    let sent = service::start_phone(&caller, &body.into_inner().phone).await?;
    Ok(HttpResponse::Accepted().json(sent))
}

/// Register the telephone number.
///
/// Needs the code that the new number got and, where it replaces another, the one that the other
/// got. A wrong code is 422 `wrong_code`.
#[utoipa::path(
    tag = "me",
    operation_id = "me_confirm_phone",
    request_body = PhoneCodes,
    responses(
        (status = 204, description = "It is registered."),
        (status = 502, description = "The provider of text messages failed.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/me/second-factor/phone/confirm")]
pub(in crate::second_factor) async fn confirm_phone(
    caller: SignedIn,
    body: ValidJson<PhoneCodes>,
) -> Result<NoContent> {
    service::confirm_phone(&caller, body.into_inner()).await.map(|()| NoContent)
}

/// Remove the telephone number.
///
/// Needs a code of the authenticator app, or a recovery code: without an app the number can only be
/// replaced.
#[utoipa::path(tag = "me", operation_id = "me_remove_phone", request_body = ChangeProof, responses((status = 204, description = "It is removed.")))]
#[post("/api/v1/me/second-factor/phone/remove")]
pub(in crate::second_factor) async fn remove_phone(
    caller: SignedIn,
    body: ValidJson<ChangeProof>,
) -> Result<NoContent> {
    let proof: Proof = body.into_inner().proof()?;
    service::remove_phone(&caller, proof).await.map(|()| NoContent)
}
