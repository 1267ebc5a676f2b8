//! What lists and single documents of every kind show alike.

use chrono::{DateTime, Utc};
use entity::{ClientId, UserId, document};
use kernel::TenantContext;
use kernel::error::Result;
use kernel::http::ETag;
use serde::Serialize;
use utoipa::ToSchema;

use super::issue::public_path;
use super::lifecycle::Lifecycle;

/// The members that documents of all kinds have.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DocumentFacts {
    /// Drawn when first sent.
    pub number: Option<String>,
    /// For whom.
    pub client_id: Option<ClientId>,
    /// As it was when the document was made.
    pub client_business_name: String,
    /// As it was when the document was made.
    pub client_email: String,
    /// ISO 4217.
    pub currency: String,
    /// What is to be paid (once), with tax, minor units.
    pub total: i64,
    /// Counted views.
    pub view_count: i64,
    /// First send.
    pub sent_at: Option<DateTime<Utc>>,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl From<&document::Model> for DocumentFacts {
    fn from(document: &document::Model) -> Self {
        Self {
            number: document.number.clone(),
            client_id: document.client_id,
            client_business_name: document.client_business_name.clone(),
            client_email: document.client_email.clone(),
            currency: document.currency.clone(),
            total: document.total,
            view_count: document.view_count,
            sent_at: document.sent_at,
            created_by: document.created_by,
            created_at: document.created_at,
            updated_at: document.updated_at,
        }
    }
}

/// The tag of a document: its state changes with time, its views with visitors.
///
/// # Errors
/// [`kernel::Error::Internal`] for a row of an unknown state.
pub fn etag<L: Lifecycle>(context: &TenantContext, document: &document::Model) -> Result<ETag> {
    let status = L::effective(document, context.now())?;
    Ok(ETag::variant(document.version, format!("{status}.{}", document.view_count)))
}

/// The address of a document's public page, for who looks at it inside the agency.
pub fn public_url<L: Lifecycle>(context: &TenantContext) -> impl Fn(&str) -> String {
    |token| context.public_url(&public_path(L::KIND, token))
}
