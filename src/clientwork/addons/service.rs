//! The use cases that only add-ons have; the others are those of every entry of the price list.

use std::collections::HashMap;

use entity::AddonId;
use entity::addon::{self, Column, Entity};
use kernel::error::{Error, FieldError, Result};
use kernel::http::IfMatch;
use kernel::store::{Activity, AgencyDb, AgencyTx, Page, PageRequest};
use kernel::tenancy::TenantContext;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::model::{AddonPatch, LABEL_MISSING, NewAddon};
use super::repo;
use crate::packages;
use crate::price_list::model::Order;
use crate::price_list::{Kind, repo as price_list_repo, service as price_list};

/// Where a request names the packages of an add-on.
const PACKAGES: &str = "/available_packages";

/// A page of the add-ons, in the order of the list; with `package_slug` only those that go with
/// that package.
///
/// # Errors
/// [`Error::Validation`] for a cursor of another list.
pub async fn list(
    ctx: &TenantContext,
    package_slug: Option<&str>,
    include_inactive: bool,
    page: &PageRequest,
) -> Result<Page<addon::Model>> {
    let query = package_slug.map_or_else(Entity::find, repo::going_with_package);
    price_list_repo::page(&ctx.db(), query, include_inactive, page).await
}

/// The add-on with an id or a slug, switched off or not.
///
/// # Errors
/// [`Error::NotFound`] when the agency has none.
pub async fn read(ctx: &TenantContext, id_or_slug: &str) -> Result<addon::Model> {
    price_list::read::<Entity>(&ctx.db(), id_or_slug).await
}

/// The add-ons with the given ids in their order, for a document that is to sell them; inside a
/// unit of work too.
///
/// # Errors
/// [`Error::Validation`] at `/addon_ids` naming each that the agency does not have, or has
/// switched off.
pub async fn require_active_all(db: &AgencyDb, ids: &[AddonId]) -> Result<Vec<addon::Model>> {
    let rows = db.find_all::<Entity>(ids.iter().map(|id| id.uuid())).await?;
    let known: HashMap<AddonId, addon::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
    let mut addons = Vec::with_capacity(ids.len());
    let mut errors = Vec::new();
    for (index, id) in ids.iter().enumerate() {
        let (code, detail) = match known.get(id) {
            Some(addon) if addon.is_active => {
                addons.push(addon.clone());
                continue;
            }
            Some(_) => ("inactive", "this add-on is switched off; switch it on or leave it out"),
            None => ("unknown", "this agency has no add-on with this id"),
        };
        errors.push(FieldError::new(format!("/addon_ids/{index}"), code, detail));
    }
    if errors.is_empty() { Ok(addons) } else { Err(Error::Validation(errors)) }
}

/// Creates an add-on at the end of the list.
///
/// # Errors
/// [`Error::Validation`] naming each package that cannot be chosen; [`Error::Conflict`] when
/// another add-on has the slug that is asked for.
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id()))]
pub async fn create(ctx: &TenantContext, new: NewAddon) -> Result<addon::Model> {
    let tx = ctx.begin().await?;
    let profile = price_list_repo::hold(&tx).await?;
    packages::service::require_active_slugs(&tx, &new.available_packages, PACKAGES).await?;
    let name = new.name.clone();
    let (columns, slug) = new.into_columns(profile.currency);
    price_list::create::<Entity>(ctx, tx, columns, &name, slug).await
}

/// Changes an add-on. Documents that sold it keep what they sold.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::PreconditionFailed`] when it is not the version that was read;
/// [`Error::Validation`] for a price per unit without label, and naming each package that cannot
/// be chosen; [`Error::Conflict`] when another add-on has the new slug.
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id(), addon.id = %id))]
pub async fn change(
    ctx: &TenantContext,
    id: AddonId,
    if_match: &IfMatch,
    patch: AddonPatch,
) -> Result<addon::Model> {
    let tx = ctx.begin().await?;
    price_list_repo::hold(&tx).await?;
    let before = tx.require::<Entity>(id).await?;
    if_match.check(before.version)?;
    if patch.leaves_unlabelled(&before) {
        return Err(Error::invalid("/unit_label", "required", LABEL_MISSING));
    }
    let packages = patch.available_packages.as_deref().unwrap_or_default();
    packages::service::require_active_slugs(&tx, packages, PACKAGES).await?;
    let after = price_list::change::<Entity>(ctx, &tx, before, patch.into_columns()).await?;
    tx.commit().await?;
    Ok(after)
}

/// Lets the add-ons that name a package by its old slug name it by its new one, inside the unit of
/// work that renames it and holds the list.
///
/// # Errors
/// Those of the database.
pub(crate) async fn follow_package(
    ctx: &TenantContext,
    tx: &AgencyTx,
    old_slug: &str,
    new_slug: &str,
) -> Result<()> {
    let addons = repo::naming_package(tx, old_slug).await?;
    let mut values = Vec::with_capacity(addons.len());
    for addon in addons {
        let renamed = renamed(&addon.available_packages, old_slug, new_slug);
        tx.record(Activity::new(Entity::ACTIONS.updated, Entity::NOUN, addon.id).changed(
            json!({"available_packages": addon.available_packages}),
            json!({"available_packages": renamed}),
        ));
        price_list::publish::<Entity>(tx, Entity::ACTIONS.updated, addon.id)?;
        values.push((addon.id.uuid(), renamed.into()));
    }
    if values.is_empty() {
        return Ok(());
    }
    let update = price_list_repo::set_each::<Entity>(Column::AvailablePackages, values, ctx.now());
    tx.update_many(update).await?;
    Ok(())
}

/// A list of slugs with one of them renamed.
fn renamed(slugs: &Value, old: &str, new: &str) -> Value {
    let slugs = slugs.as_array().into_iter().flatten();
    slugs.map(|slug| if slug == old { new.into() } else { slug.clone() }).collect()
}

/// Switches an add-on off.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::PreconditionFailed`] when it is not the version that was read.
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id(), addon.id = %id))]
pub async fn switch_off(ctx: &TenantContext, id: AddonId, if_match: &IfMatch) -> Result<()> {
    price_list::switch_off::<Entity>(ctx, id, if_match).await
}

/// Copies an add-on to the end of the list, switched off.
///
/// # Errors
/// [`Error::NotFound`].
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id(), addon.id = %id))]
pub async fn duplicate(ctx: &TenantContext, id: AddonId) -> Result<addon::Model> {
    price_list::duplicate::<Entity>(ctx, id).await
}

/// Gives add-ons their places.
///
/// # Errors
/// [`Error::Validation`] naming each id that stands there twice or that the agency does not have.
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id()))]
pub async fn reorder(ctx: &TenantContext, order: Order<AddonId>) -> Result<Order<AddonId>> {
    price_list::reorder::<Entity>(ctx, order).await
}
