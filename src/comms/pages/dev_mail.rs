//! The development inbox: what the server would have sent, to be read in a browser.
//!
//! It exists in development only, and only while mails go to the data folder; elsewhere its
//! addresses are 404 like any other that does not exist.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use kernel::error::Result;
use kernel::http::respond::html;
use kernel::ports::mail::OutgoingMail;
use kernel::{App, Error};
use serde::Serialize;

/// Mails on the page.
const SHOWN: usize = 200;

/// The HTML part of a mail has styles of its own and may link anywhere, but runs nothing.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: https:; \
     frame-ancestors 'self'; sandbox allow-popups allow-top-navigation-by-user-activation";

fn available(app: &App) -> Result<()> {
    if app.config().is_development() && app.config().smtp_url.is_none() {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}

#[derive(Serialize)]
struct Row {
    id: String,
    to: String,
    subject: String,
    sent_at: String,
    kind: String,
}

impl From<OutgoingMail> for Row {
    fn from(mail: OutgoingMail) -> Self {
        Self {
            sent_at: mail.date.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            id: mail.id,
            to: mail.to,
            subject: mail.subject,
            kind: mail.kind,
        }
    }
}

#[derive(Serialize)]
struct List {
    mails: Vec<Row>,
}

/// The mails, newest first.
#[get("/dev/mail")]
pub(super) async fn list(app: Data<App>) -> Result<HttpResponse> {
    available(&app)?;
    let mails = app.inbox().list(SHOWN).await?.into_iter().map(Row::from).collect();
    Ok(html(StatusCode::OK, app.pages().render("dev_mail.html", List { mails })?))
}

#[derive(Serialize)]
struct JsonList {
    data: Vec<OutgoingMail>,
}

/// The mails for scripts, newest first.
#[get("/dev/mail.json")]
pub(super) async fn list_json(app: Data<App>) -> Result<HttpResponse> {
    available(&app)?;
    Ok(HttpResponse::Ok().json(JsonList { data: app.inbox().list(SHOWN).await? }))
}

#[derive(Serialize)]
struct MessagePage {
    mail: Message,
}

#[derive(Serialize)]
struct Message {
    to: String,
    from: String,
    reply_to: Option<String>,
    subject: String,
    sent_at: String,
    text: String,
    html_href: String,
    attachments: [(); 0],
}

/// One mail.
#[get("/dev/mail/{id}")]
pub(super) async fn message(app: Data<App>, id: Path<String>) -> Result<HttpResponse> {
    available(&app)?;
    let mail = app.inbox().read(&id).await?;
    let page = MessagePage {
        mail: Message {
            html_href: format!("/dev/mail/{}/html", mail.id),
            sent_at: mail.date.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            from: format!("{} <{}>", mail.from_name, mail.from_email),
            to: mail.to,
            reply_to: mail.reply_to,
            subject: mail.subject,
            text: mail.text,
            attachments: [],
        },
    };
    Ok(html(StatusCode::OK, app.pages().render("dev_mail_message.html", page)?))
}

/// The HTML part of one mail, as a mail program would show it.
#[get("/dev/mail/{id}/html")]
pub(super) async fn message_html(app: Data<App>, id: Path<String>) -> Result<HttpResponse> {
    available(&app)?;
    let mail = app.inbox().read(&id).await?;
    let mut page = html(StatusCode::OK, mail.html);
    page.headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, header::HeaderValue::from_static(MAIL_POLICY));
    Ok(page)
}
