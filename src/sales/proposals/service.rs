//! Making, reading and changing proposals.

use std::collections::HashSet;

use chrono::NaiveDate;
use clientwork::{addons, packages};
use entity::document::{self, DocumentKind};
use entity::{ContractId, DocumentId, PackageId, ProposalId, addon, package, proposal};
use kernel::error::{Context, Error, FieldError, Result};
use kernel::http::IfMatch;
use kernel::money::Quantity;
use kernel::store::{Activity, AgencyDb, Event, Page, PageRequest};
use kernel::tenancy::RowFilter;
use kernel::{Permission, TenantContext};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::model::{NewProposal, Proposal, ProposalPatch, addon_ids};
use super::status::{ProposalEvent, ProposalStatus};
use crate::documents::list::Narrow;
use crate::documents::snapshot::{
    document_tax_rules, new_document, profile, require_client, tax_rules, with_client,
    with_validity,
};
use crate::documents::{Lifecycle, lifecycle, list, repo};
use crate::pricing::{ChosenAddon, CustomPricing, Price, TaxRules, price};

/// Whose proposals the caller may see.
pub fn visible(context: &TenantContext) -> RowFilter {
    context.rows(Permission::ProposalViewAll)
}

/// Whose proposals the caller may change.
pub fn editable(context: &TenantContext) -> RowFilter {
    context.rows(Permission::ProposalEditAll)
}

/// One proposal.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the caller may see.
pub async fn read(context: &TenantContext, id: ProposalId) -> Result<Proposal> {
    let db = context.db();
    let document = repo::require(&db, DocumentKind::Proposal, id.into(), visible(context)).await?;
    complete(&db, document).await
}

/// Adds the proposal's own row and its contract to a shared row.
///
/// # Errors
/// Those of the database.
pub async fn complete(db: &AgencyDb, document: document::Model) -> Result<Proposal> {
    let own = db.require::<proposal::Entity>(document.id).await?;
    let contract = document::Entity::find()
        .filter(document::Column::Kind.eq(DocumentKind::Contract))
        .filter(document::Column::SourceId.eq(document.id))
        .filter(document::Column::DeletedAt.is_null());
    let contract_id = db.one(contract).await?.map(|contract| ContractId::from(contract.id));
    Ok(Proposal { document, own, contract_id })
}

/// A page of proposals, newest first.
///
/// # Errors
/// [`Error::Validation`] for an unknown state; those of the database.
pub async fn page(
    context: &TenantContext,
    narrow: &Narrow,
    page: &PageRequest,
) -> Result<Page<document::Model>> {
    list::page::<ProposalStatus>(context, Permission::ProposalViewAll, narrow, page).await
}

/// Makes a draft for a client, priced by the server.
///
/// # Errors
/// [`Error::Validation`] when client, package or an extra is unknown, not in use, or priced in
/// another currency.
pub async fn create(context: &TenantContext, new: NewProposal) -> Result<Proposal> {
    let NewProposal {
        client_id,
        title,
        package_id,
        addons,
        custom_pricing,
        executive_summary,
        opportunity_content,
        closing_content,
        timeline,
        next_steps,
        valid_until,
    } = new;
    let tx = context.begin().await?;
    let client = require_client(&tx, client_id).await?;
    let profile = profile(&tx).await?;
    let tax = tax_rules(&profile);
    let choice = Choice::load(&tx, package_id, &addons).await?;
    let currency = choice.currency().unwrap_or(&profile.currency).to_owned();
    let price = choice.price(&currency, custom_pricing.as_ref(), &tax)?;

    let row = new_document(
        context,
        DocumentKind::Proposal,
        ProposalStatus::Draft.name(),
        &currency,
        &tax,
    );
    let row = with_validity(with_client(row, &client), context, valid_until);
    let row = with_price(document::ActiveModel { title: Set(title), ..row }, &price);
    let document = tx.insert(row).await?;
    let own = proposal::ActiveModel {
        id: Set(document.id),
        package_id: Set(package_id),
        addons: Set(json!(addons)),
        custom_pricing: Set(custom_pricing.map(|custom| json!(custom))),
        executive_summary: Set(executive_summary),
        opportunity_content: Set(opportunity_content),
        closing_content: Set(closing_content),
        timeline: Set(json!(timeline)),
        next_steps: Set(json!(next_steps)),
        price: Set(serde_json::to_value(&price).context("the price of a proposal")?),
        client_comments: Set(String::new()),
        decline_reason: Set(String::new()),
        revision_request_notes: Set(String::new()),
        responded_ip: Set(None),
        responded_user_agent: Set(None),
        ..Default::default()
    };
    let own = tx.insert(own).await?;
    let created = json!({"title": document.title, "client_id": client.id, "total": document.total});
    tx.record(
        Activity::new("proposal.created", "proposal", document.id)
            .owned_by(document.created_by)
            .with(created),
    );
    let payload = json!({"id": ProposalId::from(document.id), "status": document.status});
    tx.publish(Event::new("proposal.created", payload)?.owned_by(document.created_by));
    tx.commit().await?;
    Ok(Proposal { document, own, contract_id: None })
}

/// Changes a proposal that is not with the client, and prices it anew.
///
/// # Errors
/// [`Error::InvalidState`] once it is with the client or answered; [`Error::PreconditionFailed`]
/// when it has been changed since; otherwise as [`create`].
pub async fn change(
    context: &TenantContext,
    id: ProposalId,
    if_match: &IfMatch,
    patch: ProposalPatch,
) -> Result<Proposal> {
    let tx = context.begin().await?;
    let id: DocumentId = id.into();
    let document = repo::lock(&tx, DocumentKind::Proposal, id, editable(context)).await?;
    if_match.check(document.version)?;
    let now = context.now();
    ProposalStatus::effective(&document, now)?.next(ProposalEvent::Edit)?;
    let before = complete(&tx, document).await?;

    let ProposalPatch {
        title,
        package_id,
        addons,
        custom_pricing,
        executive_summary,
        opportunity_content,
        closing_content,
        timeline,
        next_steps,
        valid_until,
    } = patch;
    let package_id = package_id.unwrap_or(before.own.package_id);
    let addons = match addons {
        Some(addons) => addons,
        None => before.addons()?,
    };
    let custom_pricing = match custom_pricing {
        Some(custom) => custom,
        None => before.custom_pricing()?,
    };
    let choice = Choice::load(&tx, package_id, &addons).await?;
    // The document's own tax rules, not the profile's of today (DEC-22).
    let tax = document_tax_rules(&before.document);
    let price = choice.price(&before.document.currency, custom_pricing.as_ref(), &tax)?;

    let valid_until = valid_until.unwrap_or(before.document.valid_until);
    let expires_at = valid_until.map(|day| context.end_of_day(day));
    let title = title.unwrap_or_else(|| before.document.title.clone());
    let document = lifecycle::update(&tx, &before.document, now, |row| {
        row.col_expr(document::Column::Title, Expr::value(title))
            .col_expr(document::Column::ValidUntil, Expr::value(valid_until))
            .col_expr(document::Column::ExpiresAt, Expr::value(expires_at))
            .col_expr(document::Column::Subtotal, Expr::value(price.upfront.subtotal))
            .col_expr(document::Column::Discount, Expr::value(price.upfront.discount))
            .col_expr(document::Column::Tax, Expr::value(price.upfront.tax))
            .col_expr(document::Column::Total, Expr::value(price.upfront.total))
    })
    .await?;
    let own = &before.own;
    let update = proposal::Entity::update_many()
        .col_expr(proposal::Column::PackageId, Expr::value(package_id))
        .col_expr(proposal::Column::Addons, Expr::value(json!(addons)))
        .col_expr(proposal::Column::CustomPricing, Expr::value(custom_pricing.map(|c| json!(c))))
        .col_expr(
            proposal::Column::ExecutiveSummary,
            Expr::value(executive_summary.unwrap_or_else(|| own.executive_summary.clone())),
        )
        .col_expr(
            proposal::Column::OpportunityContent,
            Expr::value(opportunity_content.unwrap_or_else(|| own.opportunity_content.clone())),
        )
        .col_expr(
            proposal::Column::ClosingContent,
            Expr::value(closing_content.unwrap_or_else(|| own.closing_content.clone())),
        )
        .col_expr(
            proposal::Column::Timeline,
            Expr::value(timeline.map_or_else(|| own.timeline.clone(), |t| json!(t))),
        )
        .col_expr(
            proposal::Column::NextSteps,
            Expr::value(next_steps.map_or_else(|| own.next_steps.clone(), |n| json!(n))),
        )
        .col_expr(proposal::Column::Price, Expr::value(json!(price)))
        .filter(proposal::Column::Id.eq(id));
    let own = tx.update_returning(update).await?.pop().ok_or(Error::NotFound)?;
    let (old, new) = (
        json!({"title": before.document.title, "total": before.document.total}),
        json!({"title": document.title, "total": document.total}),
    );
    tx.record(
        Activity::new("proposal.updated", "proposal", id)
            .owned_by(document.created_by)
            .changed(old, new),
    );
    let payload = json!({"id": ProposalId::from(id), "status": document.status});
    tx.publish(Event::new("proposal.updated", payload)?.owned_by(document.created_by));
    tx.commit().await?;
    Ok(Proposal { document, own, contract_id: before.contract_id })
}

/// Hides a proposal everywhere and switches its link off.
///
/// # Errors
/// [`Error::InvalidState`] once accepted; [`Error::Conflict`] when a contract refers to it.
pub async fn delete(context: &TenantContext, id: ProposalId, if_match: &IfMatch) -> Result<()> {
    let tx = context.begin().await?;
    let rows = context.rows(Permission::ProposalDeleteAll);
    let document = repo::lock(&tx, DocumentKind::Proposal, id.into(), rows).await?;
    if_match.check(document.version)?;
    let now = context.now();
    ProposalStatus::effective(&document, now)?.next(ProposalEvent::Delete)?;
    let proposal = complete(&tx, document).await?;
    if proposal.contract_id.is_some() {
        return Err(Error::conflict("has_contract", "a contract was made from this proposal"));
    }
    let document = lifecycle::update(&tx, &proposal.document, now, |row| {
        row.col_expr(document::Column::DeletedAt, Expr::value(now))
    })
    .await?;
    tx.record(
        Activity::new("proposal.deleted", "proposal", document.id).owned_by(document.created_by),
    );
    let payload = json!({"id": id});
    tx.publish(Event::new("proposal.deleted", payload)?.owned_by(document.created_by));
    tx.commit().await
}

/// The rows behind a choice of package and extras.
struct Choice {
    package: Option<package::Model>,
    addons: Vec<(addon::Model, Quantity)>,
}

impl Choice {
    async fn load(
        db: &AgencyDb,
        package_id: Option<PackageId>,
        chosen: &[ChosenAddon],
    ) -> Result<Self> {
        let package = match package_id {
            Some(id) => Some(packages::service::require_active(db, id).await?),
            None => None,
        };
        let ids = addon_ids(chosen);
        let distinct: HashSet<_> = ids.iter().collect();
        if distinct.len() != ids.len() {
            return Err(Error::invalid(
                "/addons",
                "duplicate",
                "names an extra twice; raise its quantity instead",
            ));
        }
        let rows = addons::service::require_active_all(db, &ids).await.map_err(point_at_addons)?;
        let addons = rows.into_iter().zip(chosen.iter().map(|addon| addon.quantity)).collect();
        Ok(Self { package, addons })
    }

    /// The currency of what was chosen.
    fn currency(&self) -> Option<&str> {
        let package = self.package.as_ref().map(|package| package.currency.as_str());
        package.or_else(|| self.addons.first().map(|(addon, _)| addon.currency.as_str()))
    }

    fn price(
        &self,
        currency: &str,
        custom: Option<&CustomPricing>,
        tax: &TaxRules,
    ) -> Result<Price> {
        price(currency, self.package.as_ref(), &self.addons, custom, tax)
    }
}

/// Says where in a proposal the wrong extra stands.
fn point_at_addons(error: Error) -> Error {
    match error {
        Error::Validation(errors) => Error::Validation(
            errors
                .into_iter()
                .map(|error| {
                    let position = error.pointer.trim_start_matches("/addon_ids/").to_owned();
                    FieldError { pointer: format!("/addons/{position}/addon_id"), ..error }
                })
                .collect(),
        ),
        other => other,
    }
}

/// Puts the upfront part of a price on a shared row.
fn with_price(row: document::ActiveModel, price: &Price) -> document::ActiveModel {
    document::ActiveModel {
        subtotal: Set(price.upfront.subtotal),
        discount: Set(price.upfront.discount),
        tax: Set(price.upfront.tax),
        total: Set(price.upfront.total),
        ..row
    }
}

/// The last valid day of a proposal that is sent now.
///
/// # Errors
/// [`Error::Validation`] for a day that is over.
pub fn validity_at_send(
    context: &TenantContext,
    asked: Option<NaiveDate>,
    stored: Option<NaiveDate>,
    default_days: i32,
) -> Result<NaiveDate> {
    let today = context.today();
    let still_good = stored.filter(|day| *day >= today);
    match asked {
        Some(day) if day < today => {
            Err(Error::invalid("/valid_until", "past", "must not be before today"))
        }
        Some(day) => Ok(day),
        None => {
            let days = chrono::Days::new(u64::try_from(default_days).unwrap_or(30));
            Ok(still_good.unwrap_or_else(|| today.checked_add_days(days).unwrap_or(today)))
        }
    }
}
