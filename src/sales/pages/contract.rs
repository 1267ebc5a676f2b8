//! The page of a contract.

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

use super::document::{Actions, Form, Page, State, back_to};
use crate::contracts::public::{Opened, can_sign, count_view, download, open};
use crate::contracts::sign::{CONSENT, SignContract, sign as sign_it};
use crate::contracts::status::ContractStatus;
use crate::documents::Lifecycle;
use crate::documents::issue::public_path;
use crate::print;

/// The fields of the form; a box that is not ticked is not sent.
#[derive(Deserialize)]
pub(super) struct Signature {
    #[serde(default)]
    signatory_name: String,
    #[serde(default)]
    signatory_title: String,
    #[serde(default)]
    agreed: Option<String>,
    #[serde(default)]
    version: String,
}

fn page(context: &TenantContext, opened: &Opened, form: Option<Form>) -> Result<Page> {
    let Opened { contract, content, branding } = opened;
    Ok(Page {
        doc: print::contract(context, contract, content, branding)?,
        state: state(ContractStatus::effective(&contract.document, context.now())?),
        kind: ContractStatus::NOUN,
        actions: Actions {
            sign: can_sign(context, contract)?,
            require_title: content.body.require_client_title,
            version: content.revision,
            consent_text: CONSENT,
            pdf: context.plan().has(Feature::PdfExport),
            ..Actions::default()
        },
        action_base: base(opened),
        form,
        links: Vec::new(),
    })
}

fn base(opened: &Opened) -> String {
    let token = opened.contract.document.public_token.as_deref().unwrap_or_default();
    public_path(ContractStatus::KIND, token)
}

fn state(status: ContractStatus) -> State {
    use ContractStatus::{Completed, Draft, Expired, Sent, Signed, Terminated, Viewed};
    let (label, tone, notice) = match status {
        Draft => ("Being changed", Tone::Neutral, None),
        Sent | Viewed => ("Waiting for your signature", Tone::Neutral, None),
        Signed => (
            "Signed",
            Tone::Positive,
            Some("You signed this contract. You can download it at any time."),
        ),
        Completed => ("Completed", Tone::Positive, None),
        Expired => (
            "Expired",
            Tone::Negative,
            Some(
                "The last day to sign this contract has passed. Please ask for it to be sent again.",
            ),
        ),
        Terminated => ("Ended", Tone::Negative, Some("This contract has been ended.")),
    };
    State { label, tone, notice: notice.map(ToOwned::to_owned) }
}

/// Shows the page, and counts the view.
#[get("/c/{token}")]
pub(super) async fn show(context: Link) -> Result<HttpResponse> {
    let opened = open(&context, context.document_id).await?;
    count_view(&context, &opened).await;
    page(&context, &opened, None)?.respond(&context, StatusCode::OK)
}

/// Signs.
#[post("/c/{token}/sign")]
pub(super) async fn sign(context: Link, form: ValidForm<Signature>) -> Result<HttpResponse> {
    let Signature { signatory_name, signatory_title, agreed, version } = form.0;
    let agreed = agreed.as_deref() == Some("true");
    let values = BTreeMap::from([
        ("signatory_name", signatory_name.clone()),
        ("signatory_title", signatory_title.clone()),
        ("agreed", agreed.to_string()),
    ]);
    let outcome: Result<(), Error> = async {
        let version = version.parse().map_err(|_| {
            Error::BadRequest("the form does not say which version was read".into())
        })?;
        let signature = SignContract { signatory_name, signatory_title, agreed, version };
        check(&signature)?;
        sign_it(&context, context.document_id, signature).await.map(drop)
    }
    .await;
    let opened = open(&context, context.document_id).await?;
    match outcome {
        Ok(()) => Ok(back_to(&base(&opened))),
        Err(error) => {
            let (status, form) = Form::explain(error, values)?;
            page(&context, &opened, Some(form))?.respond(&context, status)
        }
    }
}

/// The PDF.
#[get("/c/{token}/pdf")]
pub(super) async fn pdf(context: Link) -> Result<HttpResponse> {
    download(&context, context.document_id).await
}
