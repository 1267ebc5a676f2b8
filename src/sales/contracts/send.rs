//! Sending a contract for signature.

use comms::branding::Branding;
use entity::document::{self, DocumentKind};
use entity::{ContractId, contract, membership};
use kernel::TenantContext;
use kernel::calendar::long_date;
use kernel::error::{Error, Result};
use kernel::http::IfMatch;
use kernel::ports::print::Fact;
use kernel::store::{Activity, AgencyTx, Event};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::content;
use super::model::{Contract, SendContract};
use super::service::{complete, editable};
use super::status::{ContractEvent, ContractStatus};
use crate::documents::delivery::{self, Words, to_client};
use crate::documents::issue::issue;
use crate::documents::{Lifecycle, lifecycle, repo};
use crate::proposals::service::validity_at_send;

/// Sends a contract, or sends its mail again while it is with the client.
///
/// # Errors
/// [`Error::InvalidState`] once signed; [`Error::Validation`] when it has no terms and that is not
/// confirmed, no address, or its last day is over.
pub async fn send(
    context: &TenantContext,
    id: ContractId,
    if_match: &IfMatch,
    how: SendContract,
) -> Result<Contract> {
    let deliver = how.deliver.unwrap_or(true);
    if deliver {
        delivery::check(context)?;
    }
    let branding = Branding::load(context).await?;
    let tx = context.begin().await?;
    let document = repo::lock(&tx, DocumentKind::Contract, id.into(), editable(context)).await?;
    if_match.check(document.version)?;
    let status = ContractStatus::effective(&document, context.now())?;
    status.next(ContractEvent::Send)?;
    let contract = complete(&tx, document).await?;
    check_sendable(&contract, &how)?;

    let resend = matches!(status, ContractStatus::Sent | ContractStatus::Viewed);
    let (contract, action) = if resend {
        (contract, "contract.resent")
    } else {
        (freeze(context, &tx, contract, &branding, &how).await?, "contract.sent")
    };
    let document = &contract.document;
    if deliver {
        let token = document.public_token.clone().unwrap_or_default();
        let words = words(document, &branding, how.custom_message);
        to_client(context, &tx, &branding, document, &token, words).await?;
    }
    let sent = json!({"number": document.number, "revision": document.revision, "content_hash": document.content_hash});
    tx.record(
        Activity::new(action, "contract", document.id).owned_by(document.created_by).with(sent),
    );
    let payload = json!({"id": id, "status": document.status, "number": document.number});
    tx.publish(Event::new(action, payload)?.owned_by(document.created_by));
    tx.commit().await?;
    Ok(contract)
}

/// Signs for the agency, and freezes what will be signed by the client.
async fn freeze(
    context: &TenantContext,
    tx: &AgencyTx,
    mut contract: Contract,
    branding: &Branding,
    how: &SendContract,
) -> Result<Contract> {
    let now = context.now();
    if contract.own.agency_signatory_name.is_empty() {
        contract.own.agency_signatory_name = sender_name(context, tx, branding).await?;
    }
    let sign = contract::Entity::update_many()
        .col_expr(
            contract::Column::AgencySignatoryName,
            Expr::value(contract.own.agency_signatory_name.clone()),
        )
        .col_expr(contract::Column::AgencySignedAt, Expr::value(now))
        .filter(contract::Column::Id.eq(contract.document.id));
    let own = tx.update_returning(sign).await?.pop().ok_or(Error::NotFound)?;
    let days = branding.profile.default_contract_validity_days;
    let until = validity_at_send(context, how.valid_until, contract.document.valid_until, days)?;
    let draft = content::draft(&contract, branding);
    let issued = issue(context, tx, &contract.document, |number, revision, today| {
        draft.issued(number, revision, today, until)
    })
    .await?;
    let first_sent = contract.document.sent_at.unwrap_or(now);
    let expires_at = context.end_of_day(until);
    let document = lifecycle::transition::<ContractStatus>(
        tx,
        &contract.document,
        ContractEvent::Send,
        now,
        |row| {
            issued
                .apply(row)
                .col_expr(document::Column::ValidUntil, Expr::value(until))
                .col_expr(document::Column::ExpiresAt, Expr::value(expires_at))
                .col_expr(document::Column::SentAt, Expr::value(first_sent))
        },
    )
    .await?;
    Ok(Contract { document, own })
}

/// The name under which the sender signs: the name shown in the agency, else the agency's own.
async fn sender_name(
    context: &TenantContext,
    tx: &AgencyTx,
    branding: &Branding,
) -> Result<String> {
    let own = match context.member() {
        Some(member) => tx.find::<membership::Entity>(member.membership_id).await?,
        None => None,
    };
    let name = own.map(|member| member.display_name).filter(|name| !name.is_empty());
    Ok(name.unwrap_or_else(|| branding.legal_name().to_owned()))
}

fn check_sendable(contract: &Contract, how: &SendContract) -> Result<()> {
    if contract.document.client_email.is_empty() {
        return Err(Error::invalid("/client_id", "no_email", "the client has no e-mail address"));
    }
    if contract.own.terms.trim().is_empty() && !how.without_terms {
        return Err(Error::invalid(
            "/without_terms",
            "no_terms",
            "the contract has no terms; write them, or confirm with true that none are meant",
        ));
    }
    Ok(())
}

fn words(document: &document::Model, branding: &Branding, message: Option<String>) -> Words {
    let number = document.number.as_deref().unwrap_or_default();
    let agency = &branding.brand.name;
    let mut facts = vec![Fact::new("Contract", number)];
    if let Some(day) = document.valid_until {
        facts.push(Fact::new("Please sign by", long_date(day)));
    }
    let text = message.unwrap_or_else(|| {
        format!("{agency} has sent you a contract. Please read it and sign it online.")
    });
    Words {
        kind: "contract_sent",
        subject: format!("Contract from {agency} - Please Review and Sign"),
        heading: document.title.clone(),
        paragraphs: vec![text],
        facts,
        button: Some("Read and sign"),
    }
}
