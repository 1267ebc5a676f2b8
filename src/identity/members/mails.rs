//! The mails to people who are invited or added.

use comms::branding::Branding;
use comms::mail::{self, Action, Mail};
use entity::EmailId;
use entity::membership::{MembershipStatus, Role};
use kernel::TenantContext;
use kernel::error::{Context, Result};
use kernel::store::AgencyTx;
use serde::Serialize;

use super::model::Member;

/// What the mails show of the agency and of who invites; read before the unit of work.
pub(super) struct Letterhead {
    branding: Branding,
    inviter: String,
}

impl Letterhead {
    /// Reads it.
    pub(super) async fn load(ctx: &TenantContext, inviter: String) -> Result<Self> {
        Ok(Self { branding: Branding::load(ctx).await?, inviter })
    }

    /// Queues the mail that fits the membership: an invitation to somebody who has yet to sign in,
    /// a notice to somebody who is in already. `id` names the mail.
    pub(super) async fn queue(
        &self,
        ctx: &TenantContext,
        tx: &AgencyTx,
        member: &Member,
        id: EmailId,
    ) -> Result<()> {
        let agency = &self.branding.brand.name;
        let (inviter, role) = (&self.inviter, describe(member.row.role));
        let url = sign_in_url(ctx, &member.person.email)?;
        let mail = match member.row.status {
            MembershipStatus::Invited => Mail {
                kind: "team_invitation",
                subject: format!("Join {agency}"),
                heading: format!("You are invited to join {agency}"),
                paragraphs: vec![
                    format!("{inviter} invites you to work with {agency} {role}."),
                    "Sign in with this address to accept. If you do not know the sender, ignore \
                     this message."
                        .to_owned(),
                ],
                action: Some(Action { label: "Accept the invitation".to_owned(), url }),
                ..self.blank(member)
            },
            MembershipStatus::Active | MembershipStatus::Suspended => Mail {
                kind: "team_added",
                subject: format!("You were added to {agency}"),
                heading: format!("You now work with {agency}"),
                paragraphs: vec![format!("{inviter} added you to {agency} {role}.")],
                action: Some(Action { label: "Sign in".to_owned(), url }),
                ..self.blank(member)
            },
        };
        mail::queue_as(id, ctx, tx, &self.branding, mail).await
    }

    fn blank(&self, member: &Member) -> Mail {
        Mail {
            kind: "",
            to: member.person.email.clone(),
            to_name: member.row.display_name.clone(),
            subject: String::new(),
            heading: String::new(),
            paragraphs: Vec::new(),
            facts: Vec::new(),
            action: None,
            document_id: None,
        }
    }
}

/// The page that sends a sign-in link, with the address filled in.
fn sign_in_url(ctx: &TenantContext, email: &str) -> Result<String> {
    #[derive(Serialize)]
    struct Query<'a> {
        email: &'a str,
    }
    let query = serde_urlencoded::to_string(Query { email }).context("the address of a page")?;
    Ok(ctx.public_url(&format!("/auth/sign-in?{query}")))
}

/// A role for people.
fn describe(role: Role) -> &'static str {
    match role {
        Role::Owner => "as its owner",
        Role::Admin => "as an admin, with access to all of its work and settings",
        Role::Member => "as a member, with access to your own work",
    }
}
