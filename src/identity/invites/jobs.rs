//! Sends invitations.

use async_trait::async_trait;
use comms::mail::{self, Action, Handover, Mail};
use entity::BetaInviteId;
use entity::beta_invite::InviteStatus;
use entity::job::Lane;
use kernel::error::Result;
use kernel::jobs::{Job, JobContext};
use serde::{Deserialize, Serialize};

use super::model::status_at;
use super::repo::{InviteRepo, REASON};
use super::service::place;

/// Mails the link of an invitation, as long as it can be used.
///
/// Idempotent: a repeated attempt sends the same link under the same `Message-ID`.
#[derive(Serialize, Deserialize)]
pub struct SendBetaInvite {
    /// Which.
    pub invite_id: BetaInviteId,
}

#[async_trait]
impl Job for SendBetaInvite {
    const NAME: &'static str = "identity.send_beta_invite";
    const LANE: Lane = Lane::Message;

    async fn run(self, context: JobContext) -> Result<()> {
        let app = &context.app;
        let now = app.clock().now();
        let row = InviteRepo::new(app.store().platform(REASON)).require(self.invite_id).await?;
        if status_at(&row, now) != InviteStatus::Pending {
            return Ok(());
        }
        let token = app.vault().open(&place(row.id), &row.token_sealed)?;
        let url = format!("{}/invite/{token}", app.config().public_base_url);
        let mail = Mail {
            kind: "beta_invite",
            subject: "Your invitation to Retainer".to_owned(),
            heading: "You are invited to Retainer".to_owned(),
            paragraphs: vec![
                format!(
                    "Open the link, sign in as {} and create your agency: you can use everything \
                     without a charge.",
                    row.email
                ),
                format!(
                    "The invitation works until {}, for this address only.",
                    row.expires_at.format("%-d %B %Y")
                ),
            ],
            facts: Vec::new(),
            action: Some(Action { label: "Accept the invitation".to_owned(), url }),
            document_id: None,
            to: row.email,
            to_name: String::new(),
        };
        match mail::send_platform(app, context.job_id.to_string(), mail).await? {
            Handover::Sent => {
                let tx = app.store().begin_platform(REASON).await?;
                InviteRepo::new(tx.db()).mark_sent(row.id, now).await?;
                tx.commit().await
            }
            // The operator sees that it was never sent.
            Handover::Refused => Ok(()),
        }
    }
}
