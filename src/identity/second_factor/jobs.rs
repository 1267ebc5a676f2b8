//! Tells people what was changed about how they sign in.

use async_trait::async_trait;
use comms::mail::{self, Mail};
use entity::job::Lane;
use kernel::error::Result;
use kernel::jobs::{Job, JobContext};
use serde::{Deserialize, Serialize};

/// A change that its owner should hear of, in case it was not them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// An authenticator app was set up.
    TotpEnabled,
    /// It is asked for no longer.
    TotpDisabled,
    /// The recovery codes were replaced.
    RecoveryCodesReplaced,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// A telephone number was registered, or replaced another.
    PhoneSet,
    /// The telephone number was removed.
    PhoneRemoved,
    /// An operator removed the whole second factor.
    Reset,
}

impl Change {
    fn sentence(self) -> &'static str {
        match self {
            Self::TotpEnabled => "An authenticator app was set up for your account.",
            Self::TotpDisabled => "The authenticator app of your account was removed.",
            Self::RecoveryCodesReplaced => "The recovery codes of your account were replaced.",
            Self::RecoveryCodeUsed => "A recovery code of your account was used.",
            Self::PhoneSet => "The telephone number of your account was set.",
            Self::PhoneRemoved => "The telephone number of your account was removed.",
            Self::Reset => "The second factor of your account was removed by an operator.",
        }
    }
}

/// Mails a person that their second factor has changed.
#[derive(Serialize, Deserialize)]
pub struct TellOfChange {
    /// To whom.
    pub email: String,
    /// What has changed.
    pub change: Change,
}

#[async_trait]
impl Job for TellOfChange {
    const NAME: &'static str = "identity.tell_of_second_factor_change";
    const LANE: Lane = Lane::Message;

    async fn run(self, context: JobContext) -> Result<()> {
        let app = &context.app;
        let mail = Mail {
            kind: "security_notice",
            subject: "Your sign-in to Retainer has changed".to_owned(),
            heading: "Your sign-in to Retainer has changed".to_owned(),
            paragraphs: vec![
                self.change.sentence().to_owned(),
                "If this was not you, sign in, end the other sign-ins, and replace your second \
                 factor. If you cannot, ask the operator of this service for help."
                    .to_owned(),
            ],
            facts: Vec::new(),
            action: None,
            document_id: None,
            to: self.email,
            to_name: String::new(),
        };
        mail::send_platform(app, context.job_id.to_string(), mail).await?;
        Ok(())
    }
}
