//! The port to whatever delivers e-mail.
//!
//! Embedded: one `.eml` file for each message in the data folder, with a small `.json` beside it
//! for the development inbox. At scale: SMTP. The name of a message is derived from the job that
//! sends it, so that a repeated attempt overwrites the same file and carries the same
//! `Message-ID`.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use lettre::message::{Mailbox, MultiPart, header};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use serde::{Deserialize, Serialize};

use super::blobs::write_whole;
use crate::error::{Context, Error, Result};

/// How long one delivery may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(15);

/// A message ready to leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutgoingMail {
    /// Stable for all attempts at the same message; letters, digits and underscores.
    pub id: String,
    /// What kind of message it is (`sign_in_link`, `invoice_sent`).
    pub kind: String,
    /// Shown as the sender's name.
    pub from_name: String,
    /// Sender's address.
    pub from_email: String,
    /// Where answers go, when not to the sender.
    pub reply_to: Option<String>,
    /// The recipient's address.
    pub to: String,
    /// The recipient's name; may be empty.
    pub to_name: String,
    /// The subject.
    pub subject: String,
    /// The plain-text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// When the server made it.
    pub date: DateTime<Utc>,
}

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// It never will be: bad address, refused for good.
    #[error("the message was refused for good: {0}")]
    Permanent(String),
    /// It may be later.
    #[error("the message could not be delivered now: {0}")]
    Transient(String),
}

/// Delivers messages.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands one message to the provider.
    ///
    /// # Errors
    /// [`MailError`], which says whether trying again makes sense.
    async fn send(&self, mail: &OutgoingMail) -> std::result::Result<(), MailError>;
}

/// Builds the MIME message.
fn compose(mail: &OutgoingMail) -> std::result::Result<lettre::Message, MailError> {
    let mailbox = |name: &str, address: &str| -> std::result::Result<Mailbox, MailError> {
        let address =
            address.parse().map_err(|e| MailError::Permanent(format!("bad address: {e}")))?;
        let name = name.trim().replace(['\r', '\n'], " ");
        Ok(Mailbox::new((!name.is_empty()).then_some(name), address))
    };
    let from = mailbox(&mail.from_name, &mail.from_email)?;
    let domain = from.email.domain().to_owned();
    let mut builder = lettre::Message::builder()
        .from(from)
        .to(mailbox(&mail.to_name, &mail.to)?)
        .subject(mail.subject.replace(['\r', '\n'], " "))
        .date(mail.date.into())
        .message_id(Some(format!("<{}@{domain}>", mail.id)));
    if let Some(reply_to) = &mail.reply_to {
        builder = builder.reply_to(mailbox("", reply_to)?);
    }
    builder
        .header(header::MIME_VERSION_1_0)
        .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
        .map_err(|e| MailError::Permanent(e.to_string()))
}

/// Writes messages into a folder of this machine instead of sending them.
#[derive(Clone, Debug)]
pub struct FolderMailer {
    folder: PathBuf,
}

impl FolderMailer {
    /// Writes below `folder`, which is made when first needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The messages in the folder, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the folder cannot be read.
    pub async fn list(&self, limit: usize) -> Result<Vec<OutgoingMail>> {
        let mut entries = match tokio::fs::read_dir(&self.folder).await {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).context("reading the mail folder"),
        };
        let mut mails = Vec::new();
        while let Some(entry) = entries.next_entry().await.context("reading the mail folder")? {
            if entry.path().extension().is_some_and(|extension| extension == "json") {
                let bytes = tokio::fs::read(entry.path()).await.context("reading a mail")?;
                mails.push(serde_json::from_slice::<OutgoingMail>(&bytes).context("a mail file")?);
            }
        }
        mails.sort_by(|a, b| (b.date, &b.id).cmp(&(a.date, &a.id)));
        mails.truncate(limit);
        Ok(mails)
    }

    /// One message by its id.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub async fn read(&self, id: &str) -> Result<OutgoingMail> {
        if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(Error::NotFound);
        }
        match tokio::fs::read(self.folder.join(format!("{id}.json"))).await {
            Ok(bytes) => serde_json::from_slice(&bytes).context("a mail file"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::NotFound),
            Err(error) => Err(error).context("reading a mail"),
        }
    }
}

#[async_trait]
impl Mailer for FolderMailer {
    async fn send(&self, mail: &OutgoingMail) -> std::result::Result<(), MailError> {
        let transient = |e: std::io::Error| MailError::Transient(e.to_string());
        let message = compose(mail)?;
        let summary =
            serde_json::to_vec_pretty(mail).map_err(|e| MailError::Permanent(e.to_string()))?;
        let eml = self.folder.join(format!("{}.eml", mail.id));
        write_whole(&eml, &message.formatted()).await.map_err(transient)?;
        write_whole(&self.folder.join(format!("{}.json", mail.id)), &summary)
            .await
            .map_err(transient)
    }
}

/// Sends messages through an SMTP server.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl SmtpMailer {
    /// Connects lazily to the server of an address like `smtps://user:password@host:465` or
    /// `smtp://user:password@host:587?tls=required`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the address cannot be used.
    pub fn new(url: &str) -> Result<Self> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .context("SMTP_URL")?
            .timeout(Some(SEND_TIMEOUT))
            .build();
        Ok(Self { transport })
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &OutgoingMail) -> std::result::Result<(), MailError> {
        let message = compose(mail)?;
        match tokio::time::timeout(SEND_TIMEOUT, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err(MailError::Permanent(error.to_string())),
            Ok(Err(error)) => Err(MailError::Transient(error.to_string())),
            Err(_) => Err(MailError::Transient("no answer in time".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> OutgoingMail {
        OutgoingMail {
            id: "eml_1".to_owned(),
            kind: "sign_in_link".to_owned(),
            from_name: "Acme\r\nBcc: everyone@x.test".to_owned(),
            from_email: "no-reply@acme.test".to_owned(),
            reply_to: None,
            to: "ada@x.test".to_owned(),
            to_name: String::new(),
            subject: "Sign in\r\nBcc: everyone@x.test".to_owned(),
            text: "Hello".to_owned(),
            html: "<p>Hello</p>".to_owned(),
            date: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn line_breaks_cannot_add_headers() {
        let message = String::from_utf8(compose(&mail()).unwrap().formatted()).unwrap();

        assert!(!message.lines().any(|line| line.starts_with("Bcc")), "{message}");
    }

    #[tokio::test]
    async fn a_repeated_send_leaves_one_message() {
        let folder = tempfile::tempdir().unwrap();
        let mailer = FolderMailer::new(folder.path());

        mailer.send(&mail()).await.unwrap();
        mailer.send(&mail()).await.unwrap();

        assert_eq!(mailer.list(10).await.unwrap(), vec![mail()]);
    }

    #[tokio::test]
    async fn a_bad_address_is_permanent() {
        let folder = tempfile::tempdir().unwrap();
        let mailer = FolderMailer::new(folder.path());
        let bad = OutgoingMail { to: "nobody".to_owned(), ..mail() };

        assert!(matches!(mailer.send(&bad).await, Err(MailError::Permanent(_))));
    }
}
