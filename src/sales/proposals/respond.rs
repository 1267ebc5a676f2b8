//! The client's answer: accept, decline, or ask for changes.

use comms::branding::Branding;
use entity::document::{self, DocumentKind};
use entity::{DocumentId, ProposalId, proposal};
use garde::Validate;
use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::store::{Activity, AgencyTx, Event};
use kernel::tenancy::RowFilter;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::model::Proposal;
use super::send::answer;
use super::service::complete;
use super::status::{ProposalEvent, ProposalStatus};
use crate::contracts;
use crate::documents::delivery::{Words, to_agency, to_client};
use crate::documents::{lifecycle, repo};

/// Shortest request for changes, in characters.
const NOTES_MIN: usize = 10;

/// Accepting.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"comments": "Looking forward to it!"}))]
pub struct AcceptProposal {
    /// Said along with it; plain text.
    #[garde(length(chars, max = 2000))]
    #[serde(default)]
    pub comments: String,
}

/// Declining.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"reason": "We decided to wait until next year."}))]
pub struct DeclineProposal {
    /// Why; plain text.
    #[garde(length(chars, max = 2000))]
    #[serde(default)]
    pub reason: String,
}

/// Asking for changes.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"notes": "Please add a booking form to the contact page."}))]
pub struct RequestRevision {
    /// What should change; plain text, 10–2000 characters.
    #[garde(length(chars, max = 2000), custom(check_notes))]
    pub notes: String,
}

fn check_notes(notes: &str, _: &()) -> garde::Result {
    if notes.trim().chars().count() >= NOTES_MIN {
        Ok(())
    } else {
        Err(garde::Error::new(format!(
            "must say what should change in at least {NOTES_MIN} characters"
        )))
    }
}

/// Accepts, and makes the draft contract in the same unit of work.
///
/// # Errors
/// [`Error::InvalidState`] when it has been answered, has expired or was taken back.
pub async fn accept(
    context: &TenantContext,
    id: DocumentId,
    answer: AcceptProposal,
) -> Result<Proposal> {
    let comments = answer.comments.trim().to_owned();
    let said = comments.clone();
    respond(
        context,
        id,
        ProposalEvent::Accept,
        |row| row.col_expr(proposal::Column::ClientComments, Expr::value(said)),
        comments,
    )
    .await
}

/// Declines.
///
/// # Errors
/// As [`accept`].
pub async fn decline(
    context: &TenantContext,
    id: DocumentId,
    answer: DeclineProposal,
) -> Result<Proposal> {
    let reason = answer.reason.trim().to_owned();
    let said = reason.clone();
    respond(
        context,
        id,
        ProposalEvent::Decline,
        |row| row.col_expr(proposal::Column::DeclineReason, Expr::value(said)),
        reason,
    )
    .await
}

/// Asks for changes.
///
/// # Errors
/// As [`accept`].
pub async fn request_revision(
    context: &TenantContext,
    id: DocumentId,
    answer: RequestRevision,
) -> Result<Proposal> {
    let notes = answer.notes.trim().to_owned();
    let said = notes.clone();
    respond(
        context,
        id,
        ProposalEvent::RequestRevision,
        |row| row.col_expr(proposal::Column::RevisionRequestNotes, Expr::value(said)),
        notes,
    )
    .await
}

/// What is the same in every answer.
async fn respond(
    context: &TenantContext,
    id: DocumentId,
    event: ProposalEvent,
    store: impl FnOnce(sea_orm::UpdateMany<proposal::Entity>) -> sea_orm::UpdateMany<proposal::Entity>,
    said: String,
) -> Result<Proposal> {
    let branding = Branding::load(context).await?;
    let notices = branding.notice_address(context).await?;
    let tx = context.begin().await?;
    let document = repo::lock(&tx, DocumentKind::Proposal, id, RowFilter::All).await?;
    let now = context.now();
    let document = lifecycle::transition::<ProposalStatus>(&tx, &document, event, now, |row| {
        row.col_expr(document::Column::RespondedAt, Expr::value(now))
    })
    .await?;
    let update = proposal::Entity::update_many().filter(proposal::Column::Id.eq(id));
    tx.update_many(answer(store(update), context)).await?;
    let mut proposal = complete(&tx, document).await?;
    // One that the agency has made before the answer is kept as it is (spec §5.3).
    if event == ProposalEvent::Accept && proposal.contract_id.is_none() {
        let contract =
            contracts::generate::from_proposal(context, &tx, &branding, &proposal).await?;
        proposal.contract_id = Some(contract.id.into());
    }
    notify(context, &tx, &branding, notices, &proposal.document, event, &said).await?;
    let action = action(event)?;
    tx.record(
        Activity::new(action, "proposal", id)
            .owned_by(proposal.document.created_by)
            .with(json!({"status": proposal.document.status})),
    );
    let payload = json!({
        "id": ProposalId::from(id),
        "status": proposal.document.status,
        "contract_id": proposal.contract_id,
    });
    tx.publish(Event::new(action, payload)?.owned_by(proposal.document.created_by));
    tx.commit().await?;
    Ok(proposal)
}

fn action(event: ProposalEvent) -> Result<&'static str> {
    match event {
        ProposalEvent::Accept => Ok("proposal.accepted"),
        ProposalEvent::Decline => Ok("proposal.declined"),
        ProposalEvent::RequestRevision => Ok("proposal.revision_requested"),
        _ => Err(Error::internal("this is no answer of a client")),
    }
}

/// Tells the agency, and thanks the client for accepting.
async fn notify(
    context: &TenantContext,
    tx: &AgencyTx,
    branding: &Branding,
    notices: Option<String>,
    document: &document::Model,
    event: ProposalEvent,
    said: &str,
) -> Result<()> {
    let number = document.number.as_deref().unwrap_or_default();
    let client = &document.client_business_name;
    let token = document.public_token.clone().unwrap_or_default();
    let (kind, subject, text) = match event {
        ProposalEvent::Accept => (
            "proposal_accepted_agency",
            format!("{client} accepted proposal {number}"),
            format!(
                "{client} has accepted proposal {number}. A draft contract has been made from it: check it and send it for signature."
            ),
        ),
        ProposalEvent::Decline => (
            "proposal_declined_agency",
            format!("{client} declined proposal {number}"),
            format!("{client} has declined proposal {number}."),
        ),
        _ => (
            "proposal_revision_requested_agency",
            format!("{client} requested changes"),
            format!(
                "{client} would like changes to proposal {number}. Change it and send it again."
            ),
        ),
    };
    let mut paragraphs = vec![text];
    if !said.is_empty() {
        paragraphs.push(format!("They wrote:\n{said}"));
    }
    let words = Words {
        kind,
        heading: subject.clone(),
        subject,
        paragraphs,
        facts: Vec::new(),
        button: Some("See the proposal"),
    };
    to_agency(context, tx, branding, notices, document, &token, words).await?;
    if event == ProposalEvent::Accept {
        let agency = &branding.brand.name;
        let words = Words {
            kind: "proposal_accepted_client",
            subject: "Thank you".to_owned(),
            heading: "Thank you for accepting".to_owned(),
            paragraphs: vec![format!(
                "You have accepted proposal {number} from {agency}. The next step is the contract: {agency} will send it to you for signature."
            )],
            facts: Vec::new(),
            button: Some("See the proposal"),
        };
        to_client(context, tx, branding, document, &token, words).await?;
    }
    Ok(())
}
