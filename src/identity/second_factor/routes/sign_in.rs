//! The second factor of a sign-in. The session token stands in the body, or in the cookie that the
//! first step has set.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use kernel::App;
use kernel::error::Result;
use kernel::http::problem::Problem;
use kernel::http::{OptionalJson, RequestInfo, ValidJson};

use crate::auth::{TokenPair, cookies};
use crate::second_factor::model::{
    CodeSent, Enrolled, PendingCode, PendingSignIn, PhoneStart, SignInProof, TotpSetup,
};
use crate::second_factor::service;

/// Complete a sign-in with a code.
///
/// The code of the authenticator app, or a recovery code, together with the `session_token` of the
/// first step. A sign-in may try five codes; after that its token is void. A code is accepted once.
/// A wrong one is 401 `wrong_code`; ten of them in 15 minutes lock the person out until those are
/// over (429).
#[utoipa::path(
    tag = "auth",
    operation_id = "auth_second_factor",
    request_body = SignInProof,
    responses(
        (status = 200, body = TokenPair),
        (status = 401, description = "The session token is unknown, used, void or expired; or the code is wrong.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The person is suspended, or a cookie came from a page of another origin.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/auth/second-factor")]
pub(in crate::second_factor) async fn prove(
    app: Data<App>,
    request: HttpRequest,
    info: RequestInfo,
    body: ValidJson<SignInProof>,
) -> Result<HttpResponse> {
    let (token, proof) = body.into_inner().parts()?;
    let token = cookies::session_token(&app, &request, &info, token).await?;
    let pair = service::prove(&app, &token, proof, &info).await?;
    cookies::completed(&app, &request, &pair, &pair)
}

/// Begin to set an authenticator app up while signing in.
///
/// For a person who must have a second factor and has none (`enrolment`). Show `otpauth_url` as a
/// QR code, and confirm with a code of the app.
#[utoipa::path(
    tag = "auth",
    operation_id = "auth_enrol_totp",
    request_body = PendingSignIn,
    responses(
        (status = 200, body = TotpSetup),
        (status = 401, description = "The session token is unknown, used, void or expired, or the person has a second factor.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A cookie came from a page of another origin (`origin_mismatch`).", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/auth/second-factor/totp")]
pub(in crate::second_factor) async fn enrol_totp(
    app: Data<App>,
    request: HttpRequest,
    info: RequestInfo,
    body: OptionalJson<PendingSignIn>,
) -> Result<HttpResponse> {
    let token = body.into_inner().session_token;
    let token = cookies::session_token(&app, &request, &info, token).await?;
    Ok(HttpResponse::Ok().json(service::enrol_totp(&app, &token).await?))
}

/// Set an authenticator app up, and complete the sign-in.
///
/// Gives ten recovery codes, shown this once. A wrong code is 401 `wrong_code`; five are taken.
#[utoipa::path(
    tag = "auth",
    operation_id = "auth_confirm_totp",
    request_body = PendingCode,
    responses(
        (status = 200, body = Enrolled),
        (status = 401, description = "The session token is unknown, used, void or expired, or the person has a second factor; or the code is wrong.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The person is suspended, or a cookie came from a page of another origin.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/auth/second-factor/totp/confirm")]
pub(in crate::second_factor) async fn confirm_totp(
    app: Data<App>,
    request: HttpRequest,
    info: RequestInfo,
    body: ValidJson<PendingCode>,
) -> Result<HttpResponse> {
    let PendingCode { session_token, code } = body.into_inner();
    let token = cookies::session_token(&app, &request, &info, session_token).await?;
    let enrolled = service::confirm_enrolment(&app, &token, &code, &info).await?;
    cookies::completed(&app, &request, &enrolled, &enrolled.tokens)
}

/// Have a code sent by text message while signing in.
///
/// It goes to the registered number. A person who must have a second factor and has none sends the
/// number to register. A person and a number get at most three codes in ten minutes (429). Without
/// text messages in this installation it is 503 `not_configured`.
#[utoipa::path(
    tag = "auth",
    operation_id = "auth_phone_start",
    request_body = PhoneStart,
    responses(
        (status = 202, description = "A code is on its way.", body = CodeSent),
        (status = 401, description = "The session token is unknown, used, void or expired.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A cookie came from a page of another origin (`origin_mismatch`).", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The provider of text messages failed.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/auth/phone/start")]
pub(in crate::second_factor) async fn start_phone(
    app: Data<App>,
    request: HttpRequest,
    info: RequestInfo,
    body: OptionalJson<PhoneStart>,
) -> Result<HttpResponse> {
    let PhoneStart { session_token, phone } = body.into_inner();
    let token = cookies::session_token(&app, &request, &info, session_token).await?;
    let sent = service::start_sign_in_phone(&app, &token, phone.as_deref()).await?;
    Ok(HttpResponse::Accepted().json(sent))
}

/// Complete a sign-in with a code from a text message.
///
/// A number that was new is registered. A wrong code is 401 `wrong_code`; a sign-in may try five.
/// While the provider fails (502, 503) nothing is used up: the same code can be tried again.
#[utoipa::path(
    tag = "auth",
    operation_id = "auth_phone_verify",
    request_body = PendingCode,
    responses(
        (status = 200, body = TokenPair),
        (status = 401, description = "The session token is unknown, used, void or expired; or the code is wrong.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The person is suspended, or a cookie came from a page of another origin.", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The provider of text messages failed.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/auth/phone/verify")]
pub(in crate::second_factor) async fn verify_phone(
    app: Data<App>,
    request: HttpRequest,
    info: RequestInfo,
    body: ValidJson<PendingCode>,
) -> Result<HttpResponse> {
    let PendingCode { session_token, code } = body.into_inner();
    let token = cookies::session_token(&app, &request, &info, session_token).await?;
    let pair = service::verify_sign_in_phone(&app, &token, &code, &info).await?;
    cookies::completed(&app, &request, &pair, &pair)
}
