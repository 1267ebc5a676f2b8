//! Tells the owners of an agency that an operator has entered it.

use async_trait::async_trait;
use comms::mail::{self, Handover, Mail};
use entity::ImpersonationGrantId;
use entity::job::Lane;
use kernel::error::Result;
use kernel::jobs::{Job, JobContext};
use kernel::ports::print::Fact;
use serde::{Deserialize, Serialize};

use super::repo::{self, GrantRepo};

/// Mails every active owner of the agency, in the product's own look.
///
/// Idempotent: a repeated attempt sends under the same `Message-ID`.
#[derive(Debug, Serialize, Deserialize)]
pub struct TellOwners {
    /// About which grant.
    pub grant_id: ImpersonationGrantId,
}

#[async_trait]
impl Job for TellOwners {
    const NAME: &'static str = "governance.tell_owners_of_impersonation";
    const LANE: Lane = Lane::Message;

    async fn run(self, context: JobContext) -> Result<()> {
        let tenant = context.tenant()?;
        let db = tenant.db();
        let grants = GrantRepo::new(&db);
        let grant = grants.require(self.grant_id).await?;
        let owners = grants.owners().await?.into_iter().map(|row| row.user_id).collect();
        let platform = tenant.platform("a person may belong to several agencies");
        let agency = &tenant.agency().name;
        let zone = tenant.agency().timezone;
        let until = grant.expires_at.with_timezone(&zone).format("%-d %B %Y, %H:%M %Z");
        for owner in repo::people(&platform, owners).await? {
            let mail = Mail {
                kind: "impersonation_started",
                subject: format!("Our support has entered {agency}"),
                heading: format!("Our support has entered {agency}"),
                paragraphs: vec![
                    format!(
                        "An operator of Retainer can act in {agency} in your place, until the time \
                         below at the latest. Everything they do is marked as theirs in the \
                         activity log of the agency."
                    ),
                    "They cannot change or see your bank account, hand the agency over or delete \
                     it. If you did not expect this, answer this message."
                        .to_owned(),
                ],
                facts: vec![
                    Fact { label: "Why".to_owned(), value: grant.reason.clone() },
                    Fact { label: "Until".to_owned(), value: until.to_string() },
                ],
                action: None,
                document_id: None,
                to: owner.email,
                to_name: String::new(),
            };
            let id = format!("{}-{}", grant.id, owner.id);
            if mail::send_platform(&context.app, id, mail).await? == Handover::Refused {
                tracing::warn!(user.id = %owner.id, "an owner was not told of an operator in the agency");
            }
        }
        Ok(())
    }
}
