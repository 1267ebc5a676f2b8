//! Making, reading and changing contracts.

use comms::branding::Branding;
use entity::document::{self, DocumentKind};
use entity::{ContractId, DocumentId, ProposalId, contract};
use kernel::error::{Error, Result};
use kernel::http::IfMatch;
use kernel::store::{Activity, AgencyDb, Event, Page, PageRequest};
use kernel::tenancy::RowFilter;
use kernel::{Permission, TenantContext};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::generate;
use super::model::{Contract, ContractPatch};
use super::status::{ContractEvent, ContractStatus};
use crate::documents::list::Narrow;
use crate::documents::{lifecycle, list, repo};
use crate::proposals;

/// Whose contracts the caller may see.
pub fn visible(context: &TenantContext) -> RowFilter {
    context.rows(Permission::ContractViewAll)
}

/// Whose contracts the caller may change.
pub fn editable(context: &TenantContext) -> RowFilter {
    context.rows(Permission::ContractEditAll)
}

/// One contract.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the caller may see.
pub async fn read(context: &TenantContext, id: ContractId) -> Result<Contract> {
    let db = context.db();
    let document = repo::require(&db, DocumentKind::Contract, id.into(), visible(context)).await?;
    complete(&db, document).await
}

/// Adds the contract's own row to a shared row.
///
/// # Errors
/// Those of the database.
pub async fn complete(db: &AgencyDb, document: document::Model) -> Result<Contract> {
    let own = db.require::<contract::Entity>(document.id).await?;
    Ok(Contract { document, own })
}

/// A page of contracts, newest first.
///
/// # Errors
/// [`Error::Validation`] for an unknown state; those of the database.
pub async fn page(
    context: &TenantContext,
    narrow: &Narrow,
    page: &PageRequest,
) -> Result<Page<document::Model>> {
    list::page::<ContractStatus>(context, Permission::ContractViewAll, narrow, page).await
}

/// Makes a draft from a proposal of the agency, in whatever state that is.
///
/// # Errors
/// [`Error::Validation`] when there is no such proposal; [`Error::Conflict`] when it has a contract.
pub async fn create(context: &TenantContext, proposal_id: ProposalId) -> Result<Contract> {
    let branding = Branding::load(context).await?;
    let tx = context.begin().await?;
    let rows = proposals::service::visible(context);
    let source = match repo::lock(&tx, DocumentKind::Proposal, proposal_id.into(), rows).await {
        Err(Error::NotFound) => {
            return Err(Error::invalid(
                "/proposal_id",
                "unknown",
                "is not a proposal of this agency",
            ));
        }
        other => other?,
    };
    let proposal = proposals::service::complete(&tx, source).await?;
    if let Some(existing) = proposal.contract_id {
        return Err(Error::Conflict {
            code: "has_contract",
            detail: format!("the proposal has contract {existing}; change that one").into(),
            field: Some("proposal_id"),
        });
    }
    let document = generate::from_proposal(context, &tx, &branding, &proposal).await?;
    // The proposal now names its contract: whoever has read it has read an older version.
    lifecycle::update(&tx, &proposal.document, context.now(), |row| row).await?;
    let contract = complete(&tx, document).await?;
    tx.commit().await?;
    Ok(contract)
}

/// Changes a contract that is not signed. One that is with the client becomes a draft again, which
/// its link does not show, until it is sent anew.
///
/// # Errors
/// [`Error::InvalidState`] once signed; [`Error::PreconditionFailed`] when it has been changed
/// since; [`Error::Validation`] when it would end before it begins.
pub async fn change(
    context: &TenantContext,
    id: ContractId,
    if_match: &IfMatch,
    patch: ContractPatch,
) -> Result<Contract> {
    let tx = context.begin().await?;
    let id: DocumentId = id.into();
    let document = repo::lock(&tx, DocumentKind::Contract, id, editable(context)).await?;
    if_match.check(document.version)?;
    let before = complete(&tx, document).await?;

    let ContractPatch {
        title,
        services_description,
        special_conditions,
        payment_terms,
        terms,
        commencement_date,
        completion_date,
        valid_until,
        agency_signatory_name,
        agency_signatory_title,
        require_client_title,
    } = patch;
    let own = &before.own;
    let begins = commencement_date.unwrap_or(own.commencement_date);
    let ends = completion_date.unwrap_or(own.completion_date);
    if begins.zip(ends).is_some_and(|(begins, ends)| ends < begins) {
        return Err(Error::invalid(
            "/completion_date",
            "before_start",
            "must not be before commencement_date",
        ));
    }
    let until = valid_until.or(before.document.valid_until);
    let expires_at = until.map(|day| context.end_of_day(day));
    let title = title.unwrap_or_else(|| before.document.title.clone());
    let now = context.now();
    let document = lifecycle::transition::<ContractStatus>(
        &tx,
        &before.document,
        ContractEvent::Edit,
        now,
        |row| {
            row.col_expr(document::Column::Title, Expr::value(title))
                .col_expr(document::Column::ValidUntil, Expr::value(until))
                .col_expr(document::Column::ExpiresAt, Expr::value(expires_at))
        },
    )
    .await?;
    let text = |new: Option<String>, old: &String| Expr::value(new.unwrap_or_else(|| old.clone()));
    let update = contract::Entity::update_many()
        .col_expr(
            contract::Column::ServicesDescription,
            text(services_description, &own.services_description),
        )
        .col_expr(
            contract::Column::SpecialConditions,
            text(special_conditions, &own.special_conditions),
        )
        .col_expr(contract::Column::PaymentTerms, text(payment_terms, &own.payment_terms))
        .col_expr(contract::Column::Terms, text(terms, &own.terms))
        .col_expr(contract::Column::CommencementDate, Expr::value(begins))
        .col_expr(contract::Column::CompletionDate, Expr::value(ends))
        .col_expr(
            contract::Column::AgencySignatoryName,
            text(agency_signatory_name, &own.agency_signatory_name),
        )
        .col_expr(
            contract::Column::AgencySignatoryTitle,
            text(agency_signatory_title, &own.agency_signatory_title),
        )
        .col_expr(
            contract::Column::RequireClientTitle,
            Expr::value(require_client_title.unwrap_or(own.require_client_title)),
        )
        .filter(contract::Column::Id.eq(id));
    let own = tx.update_returning(update).await?.pop().ok_or(Error::NotFound)?;
    tx.record(
        Activity::new("contract.updated", "contract", id).owned_by(document.created_by).changed(
            json!({"status": before.document.status, "title": before.document.title}),
            json!({"status": document.status, "title": document.title}),
        ),
    );
    let payload = json!({"id": ContractId::from(id), "status": document.status});
    tx.publish(Event::new("contract.updated", payload)?.owned_by(document.created_by));
    tx.commit().await?;
    Ok(Contract { document, own })
}
