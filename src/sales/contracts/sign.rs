//! The client's signature.

use comms::branding::Branding;
use entity::document::{self, DocumentKind};
use entity::{ContractId, DocumentId, contract};
use garde::Validate;
use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::ports::print::Fact;
use kernel::store::{Activity, AgencyTx, Event};
use kernel::tenancy::RowFilter;
use kernel::text::check_not_blank;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::model::Contract;
use super::service::complete;
use super::status::{ContractEvent, ContractStatus};
use crate::documents::content::content_hash;
use crate::documents::delivery::{Words, to_agency, to_client};
use crate::documents::{Lifecycle, lifecycle, repo};
use crate::print::moment;

/// The words agreed to by signing. Stored with each signature, so that a later change of them
/// changes no signature.
pub const CONSENT: &str = "I have read this contract and agree to it. I sign it electronically: \
     my typed name is my signature, and it binds me like one on paper.";

/// A signature.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"signatory_name": "Ada Lovelace", "signatory_title": "Director", "agreed": true, "version": 1}))]
pub struct SignContract {
    /// The full name of who signs, 1–255 characters.
    #[garde(length(chars, min = 1, max = 255), custom(check_not_blank))]
    pub signatory_name: String,
    /// Position; required where the contract says so. Up to 100 characters.
    #[garde(length(chars, max = 100))]
    #[serde(default)]
    pub signatory_title: String,
    /// Must be true: agreement to the consent text.
    #[garde(custom(check_agreed))]
    pub agreed: bool,
    /// The revision that was read.
    #[garde(skip)]
    pub version: i32,
}

fn check_agreed(agreed: &bool, _: &()) -> garde::Result {
    if *agreed { Ok(()) } else { Err(garde::Error::new("must be true to sign")) }
}

/// Signs the revision that was read.
///
/// # Errors
/// [`Error::Conflict`] when another revision is current; [`Error::Validation`] when a position is
/// required and missing; [`Error::InvalidState`] when it is signed or expired; [`Error::NotFound`]
/// while it is a draft.
pub async fn sign(context: &TenantContext, id: DocumentId, by: SignContract) -> Result<Contract> {
    let branding = Branding::load(context).await?;
    let notices = branding.notice_address(context).await?;
    let tx = context.begin().await?;
    let document = repo::lock(&tx, DocumentKind::Contract, id, RowFilter::All).await?;
    let contract = complete(&tx, document).await?;
    let now = context.now();
    if ContractStatus::effective(&contract.document, now)? == ContractStatus::Draft {
        // Its link shows nothing until it is sent (DEC-04), not even that it is there.
        return Err(Error::NotFound);
    }
    if contract.document.revision != by.version && contract.own.client_signed_at.is_none() {
        return Err(Error::Conflict {
            code: "version_changed",
            detail: format!(
                "this is version {}, you have read version {}; read it again",
                contract.document.revision, by.version
            )
            .into(),
            field: Some("version"),
        });
    }
    let title = by.signatory_title.trim().to_owned();
    if contract.own.require_client_title && title.is_empty() {
        return Err(Error::invalid(
            "/signatory_title",
            "required",
            "is required for this contract",
        ));
    }
    let hash = signed_hash(&contract)?;
    let document = lifecycle::transition::<ContractStatus>(
        &tx,
        &contract.document,
        ContractEvent::Sign,
        now,
        |row| row.col_expr(document::Column::RespondedAt, Expr::value(now)),
    )
    .await?;
    let request = context.request();
    let signature = contract::Entity::update_many()
        .col_expr(contract::Column::ClientSignatoryName, Expr::value(by.signatory_name.trim()))
        .col_expr(contract::Column::ClientSignatoryTitle, Expr::value(title))
        .col_expr(contract::Column::ClientSignedAt, Expr::value(now))
        .col_expr(
            contract::Column::ClientSignatureIp,
            Expr::value(request.ip.map(|ip| ip.to_string())),
        )
        .col_expr(
            contract::Column::ClientSignatureUserAgent,
            Expr::value(request.user_agent.clone()),
        )
        .col_expr(contract::Column::ConsentText, Expr::value(CONSENT))
        .col_expr(contract::Column::SignedContentHash, Expr::value(hash.clone()))
        .filter(contract::Column::Id.eq(id));
    let own = tx.update_returning(signature).await?.pop().ok_or(Error::NotFound)?;
    let contract = Contract { document, own };
    notify(context, &tx, &branding, notices, &contract).await?;
    let document = &contract.document;
    tx.record(
        Activity::new("contract.signed", "contract", id)
            .owned_by(document.created_by)
            .with(json!({"revision": document.revision, "content_hash": hash})),
    );
    let payload = json!({"id": ContractId::from(id), "status": document.status});
    tx.publish(Event::new("contract.signed", payload)?.owned_by(document.created_by));
    tx.commit().await?;
    Ok(contract)
}

/// The hash of the exact content that is signed, computed from the stored content itself.
fn signed_hash(contract: &Contract) -> Result<String> {
    let document = &contract.document;
    let (Some(canonical), Some(stored)) = (&document.issued_content, &document.content_hash) else {
        return Err(Error::internal("a contract that was sent without content"));
    };
    let hash = content_hash(canonical);
    if hash == *stored {
        Ok(hash)
    } else {
        Err(Error::internal("the content of a contract does not match its stored hash"))
    }
}

async fn notify(
    context: &TenantContext,
    tx: &AgencyTx,
    branding: &Branding,
    notices: Option<String>,
    contract: &Contract,
) -> Result<()> {
    let document = &contract.document;
    let number = document.number.as_deref().unwrap_or_default();
    let client = &document.client_business_name;
    let token = document.public_token.clone().unwrap_or_default();
    let mut facts = vec![Fact::new("Contract", number)];
    if let Some(signature) = contract.signature() {
        facts.push(Fact::new("Signed by", signature.name));
        facts.push(Fact::new("Signed on", moment(context, signature.signed_at)));
    }
    let to_them = Words {
        kind: "contract_signed_client",
        subject: format!("Signed: contract {number}"),
        heading: "Your signed contract".to_owned(),
        paragraphs: vec![format!(
            "Thank you for signing contract {number} with {}. You can read it and download it at any time.",
            branding.brand.name
        )],
        facts: facts.clone(),
        button: Some("See the contract"),
    };
    to_client(context, tx, branding, document, &token, to_them).await?;
    let to_us = Words {
        kind: "contract_signed_agency",
        subject: format!("{client} signed contract {number}"),
        heading: format!("{client} signed contract {number}"),
        paragraphs: vec!["You can now invoice from it.".to_owned()],
        facts,
        button: Some("See the contract"),
    };
    to_agency(context, tx, branding, notices, document, &token, to_us).await
}
