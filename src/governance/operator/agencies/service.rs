//! The use cases of agencies, for the operator.

use std::collections::{BTreeMap, HashMap};

use entity::agency::{self, AgencyStatus, Column, SubscriptionStatus};
use entity::document::{self, DocumentKind};
use entity::{AgencyId, UserId, membership, user};
use identity::changes::Changes;
use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::events::AccessChange;
use kernel::http::{IfMatch, Operator};
use kernel::quota;
use kernel::security::{self, SecurityEvent};
use kernel::store::{Activity, Event, Page, PageRequest};
use kernel::tenancy::plan::{Subscription, on_the_wire, rank};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use super::model::{
    AgenciesQuery, AgencyDetail, AgencyMember, AgencyStatePatch, AgencySummary, OwnerView,
    SubscriptionView, UsageView,
};
use super::repo::{self, REASON};
use crate::operator::freemium::FreemiumView;

/// Members that are shown of one agency. The agency's own list shows all of them, page by page.
const SHOWN: u64 = 200;

/// A page of the agencies, newest first.
///
/// # Errors
/// [`Error::Validation`] for a cursor of another list.
pub async fn list(
    operator: &Operator,
    query: &AgenciesQuery,
    page: &PageRequest,
) -> Result<Page<AgencySummary>> {
    let db = operator.app.store().platform(REASON);
    let AgenciesQuery { search, status, tier, limit: _, cursor: _, include: _ } = query;
    let page = repo::page(&db, search.as_deref(), *status, *tier, page).await?;
    let ids: Vec<AgencyId> = page.data.iter().map(|row| row.id).collect();
    if ids.is_empty() {
        return Ok(page.map(|row| AgencySummary::new(row, None, 0, operator.now())));
    }
    let mut owners: HashMap<AgencyId, OwnerView> = HashMap::new();
    for owner in repo::owners(&db, ids.clone()).await? {
        let view = OwnerView { user_id: owner.user_id, email: owner.email };
        owners.entry(owner.agency_id).or_insert(view);
    }
    let counts = repo::member_counts(&db, ids).await?.into_iter();
    let counts: HashMap<AgencyId, i64> = counts.map(|row| (row.agency_id, row.members)).collect();
    let now = operator.now();
    Ok(page.map(|row| {
        let members = counts.get(&row.id).copied().unwrap_or(0);
        let owner = owners.remove(&row.id);
        AgencySummary::new(row, owner, u64::try_from(members).unwrap_or(0), now)
    }))
}

/// An agency, whatever its state.
///
/// # Errors
/// [`Error::NotFound`] when there is none with this id.
pub async fn read(operator: &Operator, id: AgencyId) -> Result<AgencyDetail> {
    let ctx = operator.on(id).await?;
    let row = repo::require(&ctx.platform(REASON), id).await?;
    detail(&ctx, row).await
}

/// Stops an agency, ends it, lets it go on, or gives it another tier. What is given as it stands
/// already is no change.
///
/// # Errors
/// [`Error::Gone`] for one that has been deleted; [`Error::Conflict`] (`subscription_in_force`) when
/// the tier is the payment provider's to say, unless it is forced; [`Error::PreconditionFailed`]
/// when the agency has been changed since it was read; [`Error::NotFound`] when there is none.
pub async fn update(
    operator: &Operator,
    id: AgencyId,
    if_match: IfMatch,
    patch: AgencyStatePatch,
) -> Result<AgencyDetail> {
    let AgencyStatePatch { status, subscription_tier, force, reason } = patch;
    let ctx = operator.on(id).await?;
    let tx = ctx.begin().await?;
    let row = repo::require(&tx.platform(REASON), id).await?;
    if_match.check(row.version)?;
    if row.deleted_at.is_some() {
        return Err(Error::Gone("this agency has been deleted".into()));
    }
    let new_status = status.filter(|status| *status != row.status);
    let new_tier = subscription_tier.filter(|tier| *tier != row.subscription_tier);
    if new_tier.is_some() && !force && is_in_force(&row) {
        return Err(Error::conflict(
            "subscription_in_force",
            "a subscription at the payment provider is in force and would overwrite the tier; \
             change it there, or send `force`",
        ));
    }
    let changes = Changes::<agency::Entity>::new()
        .set(Column::Status, &row.status, new_status)?
        .set(Column::SubscriptionTier, &row.subscription_tier, new_tier)?;
    if changes.is_empty() {
        drop(tx);
        return detail(&ctx, row).await;
    }
    let update =
        changes.into_update((Column::Version, row.version), (Column::UpdatedAt, ctx.now()));
    let changed = repo::update(&tx.platform(REASON), id, update).await?;
    if let Some(status) = new_status {
        let after = json!({"status": status, "reason": reason});
        let entry = Activity::new("agency.status_changed", "agency", id);
        tx.record(entry.changed(json!({"status": row.status}), after));
        let by = Some(operator.user_id());
        let event = match status {
            AgencyStatus::Active => SecurityEvent::AgencyReinstated { agency_id: id, by },
            AgencyStatus::Suspended | AgencyStatus::Cancelled => {
                SecurityEvent::AgencySuspended { agency_id: id, by }
            }
        };
        security::record_in(ctx.app(), &tx.platform(REASON), ctx.request(), event).await?;
    }
    if let Some(tier) = new_tier {
        let up = rank(tier) > rank(row.subscription_tier);
        let action = if up { "subscription.upgraded" } else { "subscription.downgraded" };
        let before = json!({"subscription_tier": row.subscription_tier});
        let after = json!({"subscription_tier": tier, "forced": force, "reason": reason});
        tx.record(Activity::new(action, "agency", id).changed(before, after));
    }
    tx.publish(Event::new("agency.updated", json!({"id": id, "status": changed.status}))?);
    tx.commit().await?;
    ctx.app().bus().access_changed(AccessChange::Agency(id));
    detail(&ctx, changed).await
}

/// Whether the payment provider decides over the tier.
fn is_in_force(row: &agency::Model) -> bool {
    let stands = match row.subscription_status {
        SubscriptionStatus::Active | SubscriptionStatus::PastDue => true,
        SubscriptionStatus::None | SubscriptionStatus::Unpaid | SubscriptionStatus::Canceled => {
            false
        }
    };
    stands && !row.subscription_id.is_empty()
}

async fn detail(ctx: &TenantContext, row: agency::Model) -> Result<AgencyDetail> {
    let db = ctx.db();
    let all = membership::Entity::find();
    let member_count = db.count(all.clone()).await?;
    let first = all.order_by_asc(membership::Column::Id).limit(SHOWN);
    let rows = db.all(first).await?;
    let ids = rows.iter().map(|member| member.user_id).collect();
    let people = repo::people(&ctx.platform(REASON), ids).await?.into_iter();
    let people: HashMap<UserId, user::Model> = people.map(|p| (p.id, p)).collect();
    let members = rows
        .into_iter()
        .map(|member| AgencyMember {
            id: member.id,
            user_id: member.user_id,
            email: people.get(&member.user_id).map(|p| p.email.clone()).unwrap_or_default(),
            display_name: member.display_name,
            role: member.role,
            status: member.status,
        })
        .collect();
    let mut documents = BTreeMap::new();
    for kind in DocumentKind::ALL {
        let of_kind = document::Entity::find().filter(document::Column::Kind.eq(*kind));
        documents.insert(kind.as_str(), db.count(of_kind).await?);
    }
    let usage = quota::usage(ctx, &db).await?.into_iter();
    let usage = usage.map(|usage| UsageView {
        resource: usage.limit.key(),
        current: usage.current,
        limit: on_the_wire(usage.max),
    });
    let now = ctx.now();
    let subscription = SubscriptionView {
        tier: row.subscription_tier,
        effective_tier: Subscription::from(&row).effective_tier(now),
        status: row.subscription_status,
        ends_at: row.subscription_end,
        cancel_at_period_end: row.cancel_at_period_end,
    };
    Ok(AgencyDetail {
        freemium: FreemiumView::new(&row, now),
        id: row.id,
        slug: row.slug,
        name: row.name,
        email: row.email,
        phone: row.phone,
        website: row.website,
        status: row.status,
        subscription,
        member_count,
        members,
        documents,
        usage: usage.collect(),
        created_at: row.created_at,
        updated_at: row.updated_at,
        deleted_at: row.deleted_at,
        version: row.version,
    })
}
