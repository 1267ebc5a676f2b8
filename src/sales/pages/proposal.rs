//! The page of a proposal.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post};
use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::http::extract::check;
use kernel::http::{Link, ValidForm};
use kernel::ports::print::Tone;
use kernel::tenancy::Feature;
use serde::Deserialize;

use super::document::{Actions, Form, Page, RelatedLink, State, back_to, typed};
use crate::documents::Lifecycle;
use crate::documents::issue::public_path;
use crate::print;
use crate::proposals::public::{Opened, allowed_actions, count_view, download, open};
use crate::proposals::respond::{self, AcceptProposal, DeclineProposal, RequestRevision};
use crate::proposals::status::ProposalStatus;

/// The fields of the three forms.
#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    comments: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    notes: String,
}

fn page(context: &TenantContext, opened: &Opened, form: Option<Form>) -> Result<Page> {
    let Opened { proposal, content, branding, contract_token } = opened;
    let document = &proposal.document;
    let allowed = allowed_actions(context, proposal)?;
    let mut links = Vec::new();
    if let Some(token) = contract_token {
        let href = public_path(entity::document::DocumentKind::Contract, token);
        links.push(RelatedLink { label: "See the contract", href });
    }
    Ok(Page {
        doc: print::proposal(context, proposal, content, branding)?,
        state: state(ProposalStatus::effective(document, context.now())?, contract_token.is_some()),
        kind: ProposalStatus::NOUN,
        actions: Actions {
            accept: allowed.contains(&"accept"),
            decline: allowed.contains(&"decline"),
            request_revision: allowed.contains(&"request_revision"),
            pdf: context.plan().has(Feature::PdfExport),
            ..Actions::default()
        },
        action_base: base(opened),
        form,
        links,
    })
}

fn base(opened: &Opened) -> String {
    let token = opened.proposal.document.public_token.as_deref().unwrap_or_default();
    public_path(ProposalStatus::KIND, token)
}

fn state(status: ProposalStatus, has_contract: bool) -> State {
    use ProposalStatus::{
        Accepted, Declined, Draft, Expired, Ready, RevisionRequested, Sent, Viewed,
    };
    let (label, tone, notice) = match status {
        Draft | Ready => (
            "Being changed",
            Tone::Neutral,
            Some("This proposal is being changed. What you see here is the version you were sent."),
        ),
        Sent | Viewed => ("Waiting for your answer", Tone::Neutral, None),
        Accepted if has_contract => (
            "Accepted",
            Tone::Positive,
            Some("You accepted this proposal. The contract is ready for you."),
        ),
        Accepted => (
            "Accepted",
            Tone::Positive,
            Some("You accepted this proposal. Thank you! The contract comes next."),
        ),
        Declined => ("Declined", Tone::Negative, Some("You declined this proposal.")),
        RevisionRequested => (
            "Changes requested",
            Tone::Neutral,
            Some("You asked for changes. You will get the changed proposal by mail."),
        ),
        Expired => (
            "Expired",
            Tone::Negative,
            Some(
                "The last day to accept this proposal has passed. Ask for a new one if you are still interested.",
            ),
        ),
    };
    State { label, tone, notice: notice.map(ToOwned::to_owned) }
}

/// Shows the page, and counts the view.
#[get("/p/{token}")]
pub(super) async fn show(context: Link) -> Result<HttpResponse> {
    let opened = open(&context, context.document_id).await?;
    count_view(&context, &opened).await;
    page(&context, &opened, None)?.respond(&context, StatusCode::OK)
}

/// What the page shows after an answer: itself again by redirect, or what was wrong.
async fn after(
    context: &Link,
    outcome: Result<()>,
    values: BTreeMap<&'static str, String>,
) -> Result<HttpResponse> {
    let opened = open(context, context.document_id).await?;
    match outcome {
        Ok(()) => Ok(back_to(&base(&opened))),
        Err(error) => {
            let (status, form) = Form::explain(error, values)?;
            page(context, &opened, Some(form))?.respond(context, status)
        }
    }
}

/// Accepts.
#[post("/p/{token}/accept")]
pub(super) async fn accept(context: Link, form: ValidForm<Answer>) -> Result<HttpResponse> {
    let comments = typed(&form.0.comments);
    let values = BTreeMap::from([("comments", comments.clone())]);
    let outcome: Result<(), Error> = async {
        let answer = AcceptProposal { comments };
        check(&answer)?;
        respond::accept(&context, context.document_id, answer).await.map(drop)
    }
    .await;
    after(&context, outcome, values).await
}

/// Declines.
#[post("/p/{token}/decline")]
pub(super) async fn decline(context: Link, form: ValidForm<Answer>) -> Result<HttpResponse> {
    let reason = typed(&form.0.reason);
    let values = BTreeMap::from([("reason", reason.clone())]);
    let outcome: Result<(), Error> = async {
        let answer = DeclineProposal { reason };
        check(&answer)?;
        respond::decline(&context, context.document_id, answer).await.map(drop)
    }
    .await;
    after(&context, outcome, values).await
}

/// Asks for changes.
#[post("/p/{token}/request-revision")]
pub(super) async fn request_revision(
    context: Link,
    form: ValidForm<Answer>,
) -> Result<HttpResponse> {
    let notes = typed(&form.0.notes);
    let values = BTreeMap::from([("notes", notes.clone())]);
    let outcome: Result<(), Error> = async {
        let answer = RequestRevision { notes };
        check(&answer)?;
        respond::request_revision(&context, context.document_id, answer).await.map(drop)
    }
    .await;
    after(&context, outcome, values).await
}

/// The PDF.
#[get("/p/{token}/pdf")]
pub(super) async fn pdf(context: Link) -> Result<HttpResponse> {
    download(&context, context.document_id).await
}
