//! Mails about documents.

use comms::branding::Branding;
use comms::mail::{Action, Mail};
use entity::document;
use kernel::error::Result;
use kernel::ports::print::Fact;
use kernel::store::AgencyTx;
use kernel::tenancy::Feature;
use kernel::{Permission, TenantContext};

use super::issue::public_path;

/// Longest message that a sender may add.
pub const MESSAGE_MAX: usize = 2000;

/// What a mail about a document says.
pub struct Words {
    /// What kind it is (spec §10.3).
    pub kind: &'static str,
    /// The subject.
    pub subject: String,
    /// The first words.
    pub heading: String,
    /// Plain text.
    pub paragraphs: Vec<String>,
    /// Label/value pairs.
    pub facts: Vec<Fact>,
    /// What the button to the public page says; `None` for no button.
    pub button: Option<&'static str>,
}

/// Insists on what sending a mail to a client takes; whoever shares the link by hand needs none of
/// it.
///
/// # Errors
/// [`kernel::Error::Forbidden`] without the permission; [`kernel::Error::FeatureNotInPlan`] when
/// the agency's plan has no mail to clients.
pub fn check(context: &TenantContext) -> Result<()> {
    context.require(Permission::EmailSend)?;
    context.require_feature(Feature::EmailDelivery)
}

/// Queues a mail to the client, with the public link as its button.
///
/// # Errors
/// Those of the templates and of the database.
pub async fn to_client(
    context: &TenantContext,
    tx: &AgencyTx,
    branding: &Branding,
    document: &document::Model,
    token: &str,
    words: Words,
) -> Result<()> {
    let name = if document.client_contact_name.is_empty() {
        &document.client_business_name
    } else {
        &document.client_contact_name
    };
    let url = context.public_url(&public_path(document.kind, token));
    let to = (document.client_email.clone(), name.clone());
    queue(context, tx, branding, document, to, url, words).await
}

/// Queues a notice to the agency; nothing when it has no address.
///
/// # Errors
/// Those of the templates and of the database.
pub async fn to_agency(
    context: &TenantContext,
    tx: &AgencyTx,
    branding: &Branding,
    address: Option<String>,
    document: &document::Model,
    token: &str,
    words: Words,
) -> Result<()> {
    let Some(address) = address else { return Ok(()) };
    let url = context.public_url(&public_path(document.kind, token));
    let to = (address, branding.brand.name.clone());
    queue(context, tx, branding, document, to, url, words).await
}

async fn queue(
    context: &TenantContext,
    tx: &AgencyTx,
    branding: &Branding,
    document: &document::Model,
    (to, to_name): (String, String),
    url: String,
    words: Words,
) -> Result<()> {
    let Words { kind, subject, heading, paragraphs, facts, button } = words;
    let mail = Mail {
        kind,
        to,
        to_name,
        subject,
        heading,
        paragraphs,
        facts,
        action: button.map(|label| Action { label: label.to_owned(), url }),
        document_id: Some(document.id),
    };
    comms::mail::queue(context, tx, branding, mail).await?;
    Ok(())
}
