//! What follows an invitation.

use async_trait::async_trait;
use entity::job::Lane;
use entity::{EmailId, MembershipId};
use kernel::error::Result;
use kernel::jobs::{Job, JobContext};
use serde::{Deserialize, Serialize};

use super::service;

/// Tells a person that they are invited; lets one who has signed in before come in at once.
///
/// This is not done where the invitation is made, so that the answer to it, and the time it takes,
/// are the same for every address, known or not.
#[derive(Debug, Serialize, Deserialize)]
pub struct WelcomeMember {
    /// Whose invitation.
    pub membership_id: MembershipId,
}

#[async_trait]
impl Job for WelcomeMember {
    const NAME: &'static str = "identity.welcome_member";
    const LANE: Lane = Lane::Message;

    async fn run(self, context: JobContext) -> Result<()> {
        // One mail for each job, however often it runs.
        let email_id = EmailId(context.job_id.uuid());
        service::welcome(context.tenant()?, self.membership_id, email_id).await
    }
}
