//! Delivers a logged message.

use async_trait::async_trait;
use entity::email::{self, EmailStatus};
use entity::{EmailId, job::Lane};
use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::jobs::{Job, JobContext};
use kernel::ports::mail::{MailError, OutgoingMail};
use kernel::store::Activity;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

/// Hands one message to the provider.
///
/// Idempotent: a message that is marked as sent is not sent again; a crash between sending and
/// marking repeats it under the same `Message-ID` (and, in the mail folder, the same file).
#[derive(Debug, Serialize, Deserialize)]
pub struct Deliver {
    /// Which message.
    pub email_id: EmailId,
}

#[async_trait]
impl Job for Deliver {
    const NAME: &'static str = "comms.deliver";
    const LANE: Lane = Lane::Message;

    async fn run(self, context: JobContext) -> Result<()> {
        let tenant = context.tenant()?;
        let row = tenant.db().require::<email::Entity>(self.email_id).await?;
        if row.status != EmailStatus::Pending {
            return Ok(());
        }
        let outgoing = OutgoingMail {
            id: row.id.to_string(),
            kind: row.email_type,
            from_name: row.from_name,
            from_email: tenant.app().config().mail_from.clone(),
            reply_to: Some(row.reply_to).filter(|address| !address.is_empty()),
            to: row.recipient_email,
            to_name: row.recipient_name,
            subject: row.subject,
            text: row.body_text,
            html: row.body_html,
            date: row.created_at,
        };
        match tenant.app().mailer().send(&outgoing).await {
            Ok(()) => mark(tenant, row.id, EmailStatus::Sent, None).await,
            Err(error @ MailError::Permanent(_)) => {
                mark(tenant, row.id, EmailStatus::Failed, Some(error.to_string())).await
            }
            Err(error) if context.is_last_attempt => {
                mark(tenant, row.id, EmailStatus::Failed, Some(error.to_string())).await
            }
            Err(error) => {
                let message = error.to_string();
                mark(tenant, row.id, EmailStatus::Pending, Some(message)).await?;
                Err(Error::Upstream { upstream: "the mail provider", cause: Box::new(error) })
            }
        }
    }
}

async fn mark(
    tenant: &TenantContext,
    id: EmailId,
    status: EmailStatus,
    error: Option<String>,
) -> Result<()> {
    let tx = tenant.begin().await?;
    let sent_at = (status == EmailStatus::Sent).then(|| tenant.now());
    let update = email::Entity::update_many()
        .col_expr(email::Column::Status, Expr::value(status))
        .col_expr(email::Column::SentAt, Expr::value(sent_at))
        .col_expr(email::Column::ErrorMessage, Expr::value(error))
        .col_expr(email::Column::Attempts, Expr::col(email::Column::Attempts).add(1))
        .filter(email::Column::Id.eq(id))
        .filter(email::Column::Status.eq(EmailStatus::Pending));
    let changed = tx.update_many(update).await?;
    if changed > 0 && status != EmailStatus::Pending {
        let action = if status == EmailStatus::Sent { "email_sent" } else { "email_failed" };
        tx.record(Activity::new(action, "email", id));
    }
    tx.commit().await
}
