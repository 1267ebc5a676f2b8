//! Sending a proposal: the number is drawn, the content frozen, the link opened, the mail queued.

use comms::branding::Branding;
use entity::document::{self, DocumentKind};
use entity::{ProposalId, proposal};
use kernel::TenantContext;
use kernel::calendar::long_date;
use kernel::error::{Error, Result};
use kernel::http::IfMatch;
use kernel::money::Currency;
use kernel::ports::print::Fact;
use kernel::store::{Activity, Event};
use sea_orm::sea_query::Expr;
use serde_json::json;

use super::content;
use super::model::{Proposal, SendProposal};
use super::service::{complete, editable, validity_at_send};
use super::status::{ProposalEvent, ProposalStatus};
use crate::documents::delivery::{self, Words, to_client};
use crate::documents::issue::{Issue, issue};
use crate::documents::{Lifecycle, lifecycle, repo};
use crate::print::money;

/// Sends a proposal, or sends its mail again while it is with the client.
///
/// # Errors
/// [`Error::InvalidState`] when answered; [`Error::Validation`] when there is nothing priced, no
/// address, or the last valid day is over.
pub async fn send(
    context: &TenantContext,
    id: ProposalId,
    if_match: &IfMatch,
    how: SendProposal,
) -> Result<Proposal> {
    let deliver = how.deliver.unwrap_or(true);
    if deliver {
        delivery::check(context)?;
    }
    let branding = Branding::load(context).await?;
    let tx = context.begin().await?;
    let document = repo::lock(&tx, DocumentKind::Proposal, id.into(), editable(context)).await?;
    if_match.check(document.version)?;
    let now = context.now();
    let status = ProposalStatus::effective(&document, now)?;
    status.next(ProposalEvent::Send)?;
    let proposal = complete(&tx, document).await?;
    check_sendable(&proposal)?;

    let resend = matches!(status, ProposalStatus::Sent | ProposalStatus::Viewed);
    let (document, action) = if resend {
        // With the client already: the content stays as it is, only the mail goes again.
        (proposal.document.clone(), "proposal.resent")
    } else {
        let days = branding.profile.default_proposal_validity_days;
        let until =
            validity_at_send(context, how.valid_until, proposal.document.valid_until, days)?;
        let draft = content::draft(&proposal, &branding)?;
        let issued = issue(context, &tx, &proposal.document, |number, revision, today| {
            draft.issued(number, revision, today, until)
        })
        .await?;
        let document = freeze(context, &tx, &proposal.document, until, issued).await?;
        (document, "proposal.sent")
    };
    let token = document.public_token.clone().unwrap_or_default();
    if deliver {
        let words = words(&document, &branding, how.custom_message);
        to_client(context, &tx, &branding, &document, &token, words).await?;
    }
    let sent = json!({"number": document.number, "content_hash": document.content_hash});
    tx.record(
        Activity::new(action, "proposal", document.id).owned_by(document.created_by).with(sent),
    );
    let payload = json!({"id": id, "status": document.status, "number": document.number});
    tx.publish(Event::new(action, payload)?.owned_by(document.created_by));
    tx.commit().await?;
    Ok(Proposal { document, ..proposal })
}

async fn freeze(
    context: &TenantContext,
    tx: &kernel::store::AgencyTx,
    document: &document::Model,
    until: chrono::NaiveDate,
    issued: Issue,
) -> Result<document::Model> {
    let now = context.now();
    let first_sent = document.sent_at.unwrap_or(now);
    let expires_at = context.end_of_day(until);
    lifecycle::transition::<ProposalStatus>(tx, document, ProposalEvent::Send, now, |row| {
        issued
            .apply(row)
            .col_expr(document::Column::ValidUntil, Expr::value(until))
            .col_expr(document::Column::ExpiresAt, Expr::value(expires_at))
            .col_expr(document::Column::SentAt, Expr::value(first_sent))
    })
    .await
}

fn check_sendable(proposal: &Proposal) -> Result<()> {
    if proposal.document.client_email.is_empty() {
        return Err(Error::invalid("/client_id", "no_email", "the client has no e-mail address"));
    }
    if proposal.price()?.lines.is_empty() {
        return Err(Error::invalid(
            "/package_id",
            "nothing_priced",
            "choose a package, an extra or custom pricing before sending",
        ));
    }
    Ok(())
}

fn words(document: &document::Model, branding: &Branding, message: Option<String>) -> Words {
    let number = document.number.as_deref().unwrap_or_default();
    let agency = &branding.brand.name;
    let currency = Currency::parse(&document.currency);
    let mut facts = vec![
        Fact::new("Proposal", number),
        Fact::new("Total", money(currency, &document.currency, document.total)),
    ];
    if let Some(day) = document.valid_until {
        facts.push(Fact::new("Valid until", long_date(day)));
    }
    let greeting = if document.client_contact_name.is_empty() {
        "Hello,".to_owned()
    } else {
        format!("Hello {},", document.client_contact_name)
    };
    let text = message.unwrap_or_else(|| {
        format!("{agency} has prepared a proposal for you. You can read it, ask for changes, and accept it online.")
    });
    Words {
        kind: "proposal_sent",
        subject: format!("Proposal {number} from {agency}"),
        heading: document.title.clone(),
        paragraphs: vec![greeting, text],
        facts,
        button: Some("Read the proposal"),
    }
}

/// The columns of a client's answer.
pub(super) fn answer(
    update: sea_orm::UpdateMany<proposal::Entity>,
    context: &TenantContext,
) -> sea_orm::UpdateMany<proposal::Entity> {
    let request = context.request();
    update
        .col_expr(proposal::Column::RespondedIp, Expr::value(request.ip.map(|ip| ip.to_string())))
        .col_expr(proposal::Column::RespondedUserAgent, Expr::value(request.user_agent.clone()))
}
