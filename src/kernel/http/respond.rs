//! What handlers answer.

use actix_web::body::BoxBody;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;
use utoipa::ToSchema;

use super::etag::ETag;
use crate::store::Page;

/// 201 with the place of the new thing.
pub struct Created<T> {
    location: String,
    etag: Option<ETag>,
    body: T,
}

impl<T> Created<T> {
    /// Says where the new thing is.
    pub fn at(location: String, body: T) -> Self {
        Self { location, etag: None, body }
    }

    /// Adds its version.
    #[must_use]
    pub fn etag(self, etag: ETag) -> Self {
        Self { etag: Some(etag), ..self }
    }
}

impl<T: Serialize> Responder for Created<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Created();
        response.insert_header((header::LOCATION, self.location));
        if let Some(etag) = self.etag {
            response.insert_header((header::ETAG, etag.to_string()));
        }
        response.json(self.body)
    }
}

/// 200 with a version, or 304 for who has it already.
pub struct Read<T> {
    etag: ETag,
    cache_control: Option<&'static str>,
    body: T,
}

impl<T> Read<T> {
    /// A representation and its tag.
    pub fn new(etag: ETag, body: T) -> Self {
        Self { etag, cache_control: None, body }
    }

    /// Says who may keep it and for how long (RFC 9111 §5.2.2); without a word nobody may.
    #[must_use]
    pub fn cache_control(self, directives: &'static str) -> Self {
        Self { cache_control: Some(directives), ..self }
    }
}

impl<T: Serialize> Responder for Read<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let etag = (header::ETAG, self.etag.to_string());
        let known = request.method().is_safe() && self.etag.is_known_to(request);
        let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response.insert_header(etag);
        if let Some(directives) = self.cache_control {
            response.insert_header((header::CACHE_CONTROL, directives));
        }
        if known { response.finish() } else { response.json(self.body) }
    }
}

/// 204.
pub struct NoContent;

impl Responder for NoContent {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageView<T> {
    /// The entries, in the order of the list.
    pub data: Vec<T>,
    /// Whether another page follows.
    pub has_more: bool,
    /// Send it as `cursor` to read the next page; null on the last.
    pub next_cursor: Option<String>,
    /// All entries of the list, when asked for with `include=total`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

/// 200 with a page of a list, and a link to the next.
pub struct Listed<T>(PageView<T>);

impl<T> From<Page<T>> for Listed<T> {
    fn from(page: Page<T>) -> Self {
        let next_cursor = page.next.map(|cursor| cursor.encode());
        Self(PageView {
            data: page.data,
            has_more: next_cursor.is_some(),
            next_cursor,
            total: page.total,
        })
    }
}

impl<T: Serialize> Responder for Listed<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        if let Some(cursor) = &self.0.next_cursor {
            let kept = request
                .query_string()
                .split('&')
                .filter(|part| !part.is_empty() && !part.starts_with("cursor="));
            let query: Vec<&str> = kept.collect();
            let query = query.iter().map(|part| format!("{part}&")).collect::<String>();
            let link = format!("<{}?{query}cursor={cursor}>; rel=\"next\"", request.path());
            if let Ok(link) = HeaderValue::try_from(link) {
                response.insert_header((header::LINK, link));
            }
        }
        response.json(self.0)
    }
}

/// A PDF file to download; `name` is reduced to safe characters.
pub fn pdf(name: &str, bytes: Vec<u8>) -> HttpResponse {
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' })
        .collect();
    HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}.pdf\""),
        ))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .body(bytes)
}

/// A page for people.
pub fn html(status: actix_web::http::StatusCode, body: String) -> HttpResponse {
    HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body)
}
