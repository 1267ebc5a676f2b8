//! Mail: one shape for every message, rendered in HTML and plain text, in the agency's look.

mod deliver;

use entity::email::{self, EmailStatus};
use entity::{DocumentId, EmailId};
use kernel::error::{Error, Result};
use kernel::gradient::Gradient;
use kernel::pages::text_on;
use kernel::ports::mail::{MailError, OutgoingMail};
use kernel::ports::print::Fact;
use kernel::store::AgencyTx;
use kernel::{App, TenantContext};
use sea_orm::ActiveValue::Set;
use serde::Serialize;

pub use deliver::Deliver;

use crate::branding::{Branding, DEFAULT_COLORS};

/// Longest subject that is kept.
const SUBJECT_MAX: usize = 500;

/// The button of a message.
#[derive(Clone, Debug, Serialize)]
pub struct Action {
    /// What it says.
    pub label: String,
    /// Where it leads.
    pub url: String,
}

/// What a message says, before it has a look.
#[derive(Clone, Debug)]
pub struct Mail {
    /// What kind it is, from the list of spec §10.3.
    pub kind: &'static str,
    /// To whom.
    pub to: String,
    /// The recipient's name; may be empty.
    pub to_name: String,
    /// The subject.
    pub subject: String,
    /// The first words of the message.
    pub heading: String,
    /// Plain text; line breaks are kept.
    pub paragraphs: Vec<String>,
    /// Label/value pairs under the text.
    pub facts: Vec<Fact>,
    /// The button.
    pub action: Option<Action>,
    /// The document it is about.
    pub document_id: Option<DocumentId>,
}

/// What the templates are filled with.
#[derive(Serialize)]
struct View<'a> {
    brand: BrandView<'a>,
    brand_on_primary: &'static str,
    preheader: &'a str,
    heading: &'a str,
    paragraphs: &'a [String],
    facts: &'a [Fact],
    action: Option<&'a Action>,
    footer_lines: &'a [String],
}

#[derive(Serialize)]
struct BrandView<'a> {
    name: &'a str,
    primary_color: &'a str,
    accent_gradient: Option<&'a Gradient>,
    logo_url: Option<String>,
    show_powered_by: bool,
}

fn view<'a>(mail: &'a Mail, brand: BrandView<'a>, footer_lines: &'a [String]) -> View<'a> {
    View {
        brand_on_primary: text_on(brand.primary_color),
        brand,
        preheader: mail.paragraphs.first().map_or("", String::as_str),
        heading: &mail.heading,
        paragraphs: &mail.paragraphs,
        facts: &mail.facts,
        action: mail.action.as_ref(),
        footer_lines,
    }
}

/// Renders a message in the agency's look, logs it as pending, and queues its delivery: all in the
/// unit of work of the change that causes it.
///
/// # Errors
/// Those of the templates and of the database.
pub async fn queue(
    context: &TenantContext,
    tx: &AgencyTx,
    branding: &Branding,
    mail: Mail,
) -> Result<EmailId> {
    let id = context.new_id();
    queue_as(id, context, tx, branding, mail).await?;
    Ok(id)
}

/// As [`queue`], under an id that is known before: a job that runs again can tell by it that the
/// message is queued already.
///
/// # Errors
/// As for [`queue`].
pub async fn queue_as(
    id: EmailId,
    context: &TenantContext,
    tx: &AgencyTx,
    branding: &Branding,
    mail: Mail,
) -> Result<()> {
    let brand = BrandView {
        name: &branding.brand.name,
        primary_color: &branding.brand.primary_color,
        accent_gradient: branding.brand.accent_gradient.as_ref(),
        logo_url: branding.brand.logo.as_ref().map(|logo| context.public_url(&logo.url)),
        show_powered_by: branding.brand.show_powered_by,
    };
    let footer: Vec<String> = [
        vec![branding.legal_name().to_owned()],
        branding.address_lines(),
        branding.contact_lines(),
    ]
    .concat();
    let view = view(&mail, brand, &footer);
    let pages = context.app().pages();
    let row = email::ActiveModel {
        id: Set(id),
        document_id: Set(mail.document_id),
        email_type: Set(mail.kind.to_owned()),
        recipient_email: Set(mail.to.clone()),
        recipient_name: Set(mail.to_name.clone()),
        reply_to: Set(branding.email.clone()),
        from_name: Set(branding.brand.name.clone()),
        subject: Set(mail.subject.chars().take(SUBJECT_MAX).collect()),
        body_html: Set(pages.render("mail.html", &view)?),
        body_text: Set(pages.render("mail.txt", &view)?),
        status: Set(EmailStatus::Pending),
        sent_at: Set(None),
        error_message: Set(None),
        attempts: Set(0),
        sent_by: Set(context.user_id()),
        created_at: Set(context.now()),
        ..Default::default()
    };
    tx.insert(row).await?;
    tx.enqueue(&Deliver { email_id: id })
}

/// What the mail provider did with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handover {
    /// It took the message.
    Sent,
    /// It will never take it.
    Refused,
}

/// Renders a message in the product's own look and hands it to the provider at once. Called from
/// jobs only; `id` must be the same for every attempt.
///
/// The text is stored nowhere: a sign-in link lives in the mail alone. That the provider refuses it
/// for good is no error, since another attempt would end the same way.
///
/// # Errors
/// [`Error::Upstream`] when another attempt may succeed; those of the templates.
pub async fn send_platform(app: &App, id: String, mail: Mail) -> Result<Handover> {
    let [primary_color, ..] = DEFAULT_COLORS;
    let brand = BrandView {
        name: "Retainer",
        primary_color,
        accent_gradient: None,
        logo_url: None,
        show_powered_by: false,
    };
    let view = view(&mail, brand, &[]);
    let outgoing = OutgoingMail {
        id,
        kind: mail.kind.to_owned(),
        from_name: "Retainer".to_owned(),
        from_email: app.config().mail_from.clone(),
        reply_to: None,
        html: app.pages().render("mail.html", &view)?,
        text: app.pages().render("mail.txt", &view)?,
        to: mail.to.clone(),
        to_name: mail.to_name.clone(),
        subject: mail.subject.clone(),
        date: app.clock().now(),
    };
    match app.mailer().send(&outgoing).await {
        Ok(()) => Ok(Handover::Sent),
        Err(MailError::Permanent(reason)) => {
            tracing::warn!(mail.kind = mail.kind, reason, "the mail provider refused a message");
            Ok(Handover::Refused)
        }
        Err(error) => {
            Err(Error::Upstream { upstream: "the mail provider", cause: Box::new(error) })
        }
    }
}
