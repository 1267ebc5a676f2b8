//! Sends sign-in links.

use async_trait::async_trait;
use comms::mail::{self, Action, Mail};
use entity::job::Lane;
use kernel::error::Result;
use kernel::jobs::{Job, JobContext};
use serde::{Deserialize, Serialize};

use super::service;

/// Makes a one-time link and mails it.
///
/// The link is made here and not where it is asked for, so that the token is never stored. A
/// repeated attempt makes a new link, which voids the earlier one, and sends it under the same
/// `Message-ID`: the newest mail works.
#[derive(Serialize, Deserialize)]
pub struct SendSignInLink {
    /// To whom; lower-case.
    pub email: String,
    /// Where the web client takes over.
    pub return_url: Option<String>,
}

#[async_trait]
impl Job for SendSignInLink {
    const NAME: &'static str = "identity.send_sign_in_link";
    const LANE: Lane = Lane::Message;

    async fn run(self, context: JobContext) -> Result<()> {
        let app = &context.app;
        let url = service::make_link(app, &self.email, self.return_url).await?;
        let mail = Mail {
            kind: "sign_in_link",
            subject: "Sign in to Retainer".to_owned(),
            heading: "Sign in to Retainer".to_owned(),
            paragraphs: vec![
                format!(
                    "Press the button to sign in as {}. The link works once, for 15 minutes.",
                    self.email
                ),
                "If you did not ask for it, ignore this message: nothing happens.".to_owned(),
            ],
            facts: Vec::new(),
            action: Some(Action { label: "Sign in".to_owned(), url }),
            document_id: None,
            to: self.email,
            to_name: String::new(),
        };
        // Nobody waits for an answer: whether it was refused makes no difference.
        mail::send_platform(app, context.job_id.to_string(), mail).await?;
        Ok(())
    }
}
