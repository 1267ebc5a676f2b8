//! Bodies and query strings.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures_util::StreamExt;
use futures_util::future::{Ready, ready};
use garde::Validate;
use serde::de::DeserializeOwned;

use super::rules::{NUL_REFUSED, field_errors, parse_json};
use crate::error::{Error, Result};

/// A JSON body that obeys every rule.
///
/// Refuses with 415 another content type, with 400 what is not JSON, with 422 what breaks rules:
/// unknown members and all broken rules at once.
pub struct ValidJson<T>(T);

impl<T> ValidJson<T> {
    /// The body.
    pub fn into_inner(self) -> T {
        self.0
    }
}

type BodyFuture<T> = Pin<Box<dyn Future<Output = Result<T>>>>;

impl<T> FromRequest for ValidJson<T>
where
    T: DeserializeOwned + Validate<Context = ()> + 'static,
{
    type Error = Error;
    type Future = BodyFuture<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = content_type(request).is_some_and(|t| t == "application/json");
        let body = read_body(request, payload);
        Box::pin(async move {
            if !is_json {
                return Err(Error::UnsupportedMediaType { expected: "application/json" });
            }
            parse_json(&body.await?).map(Self)
        })
    }
}

/// A JSON body that may be left out; then it is the default.
pub struct OptionalJson<T>(T);

impl<T> OptionalJson<T> {
    /// The body.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> FromRequest for OptionalJson<T>
where
    T: DeserializeOwned + Default + Validate<Context = ()> + 'static,
{
    type Error = Error;
    type Future = BodyFuture<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = content_type(request).is_none_or(|t| t == "application/json");
        let body = read_body(request, payload);
        Box::pin(async move {
            let body = body.await?;
            if body.is_empty() {
                Ok(Self(T::default()))
            } else if is_json {
                parse_json(&body).map(Self)
            } else {
                Err(Error::UnsupportedMediaType { expected: "application/json" })
            }
        })
    }
}

/// The fields of an HTML form, unchecked: a page shows what is wrong itself.
pub struct ValidForm<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for ValidForm<T> {
    type Error = Error;
    type Future = BodyFuture<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        const FORM: &str = "application/x-www-form-urlencoded";
        let is_form = content_type(request).is_some_and(|t| t == FORM);
        let body = read_body(request, payload);
        Box::pin(async move {
            if !is_form {
                return Err(Error::UnsupportedMediaType { expected: FORM });
            }
            let body = body.await?;
            let unreadable = || Error::BadRequest("the form could not be read".into());
            if body.contains(&0) || body.windows(3).any(|bytes| bytes == ENCODED_NUL) {
                return Err(unreadable());
            }
            serde_urlencoded::from_bytes(&body).map(Self).map_err(|_| unreadable())
        })
    }
}

/// Query parameters that obey every rule; unknown ones are refused (422).
pub struct ValidQuery<T>(T);

impl<T> ValidQuery<T> {
    /// The parameters.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> FromRequest for ValidQuery<T>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        if request.query_string().as_bytes().windows(3).any(|bytes| bytes == ENCODED_NUL) {
            return ready(Err(Error::invalid("?", "invalid", NUL_REFUSED)));
        }
        let parsed = serde_urlencoded::from_str::<T>(request.query_string())
            .map_err(|error| Error::invalid("?", "invalid", format!("the query string: {error}")));
        ready(parsed.and_then(|query| match query.validate() {
            Ok(()) => Ok(Self(query)),
            Err(report) => Err(Error::Validation(field_errors(&report, "?"))),
        }))
    }
}

fn content_type(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}

/// Reads a body, up to the limit of its operation.
pub(in crate::http) fn read_body(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<web::Bytes>> + use<> {
    let max_bytes = request.extensions().get::<MaxBody>().map_or(0, |max| max.0);
    let mut payload = payload.take();
    async move {
        let mut body = web::BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk
                .map_err(|_| Error::BadRequest("the body could not be read to its end".into()))?;
            if body.len() + chunk.len() > max_bytes {
                return Err(Error::PayloadTooLarge { max_bytes });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

/// The largest body that the request's operation takes, set by the pipeline.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct MaxBody(pub(in crate::http) usize);

/// The bytes of a body that is no JSON (an uploaded file), up to the limit of its operation.
pub struct RawBody {
    /// The declared type, lower-case, without parameters.
    pub content_type: Option<String>,
    /// The bytes.
    pub bytes: web::Bytes,
}

impl FromRequest for RawBody {
    type Error = Error;
    type Future = BodyFuture<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let content_type = content_type(request);
        let body = read_body(request, payload);
        Box::pin(async move { Ok(Self { content_type, bytes: body.await? }) })
    }
}

/// The character NUL in a query string or a form.
const ENCODED_NUL: &[u8] = b"%00";
