//! The public keys of access tokens, for other programs that verify them.

use actix_web::http::header::{self, ContentType};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use kernel::App;
use kernel::error::{Context, Result};
use kernel::tenancy::JwkSet;

/// How long the answer may be kept: much shorter than a retired key stays in it.
const CACHED: &str = "public, max-age=300";

/// Read the public keys of access tokens.
///
/// A JWK set (RFC 7517) of Ed25519 keys (RFC 8037): the one that signs, and for a while after a
/// rotation those before it. `kid` is the thumbprint of the key (RFC 7638). Read it again when a
/// token names a key that is not in it.
#[utoipa::path(
    tag = "auth",
    operation_id = "auth_keys",
    responses((status = 200, body = JwkSet, content_type = "application/jwk-set+json"))
)]
#[get("/.well-known/jwks.json")]
pub(super) async fn read(app: Data<App>) -> Result<HttpResponse> {
    let keys = app.tokens().jwks(app.clock().now());
    let body = serde_json::to_vec(&keys).context("the public keys")?;
    Ok(HttpResponse::Ok()
        .insert_header(ContentType("application/jwk-set+json".parse().context("a media type")?))
        .insert_header((header::CACHE_CONTROL, CACHED))
        .body(body))
}
