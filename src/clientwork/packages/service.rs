//! The use cases that only packages have; the others are those of every entry of the price list.

use std::collections::HashSet;

use entity::PackageId;
use entity::package::{self, Entity};
use kernel::error::{Error, FieldError, Result};
use kernel::http::IfMatch;
use kernel::store::{AgencyDb, Page, PageRequest};
use kernel::tenancy::TenantContext;
use sea_orm::EntityTrait;

use super::model::{NewPackage, PackagePatch};
use crate::addons;
use crate::price_list::model::Order;
use crate::price_list::{repo, service as price_list};

/// A page of the packages, in the order of the list.
///
/// # Errors
/// [`Error::Validation`] for a cursor of another list.
pub async fn list(
    ctx: &TenantContext,
    include_inactive: bool,
    page: &PageRequest,
) -> Result<Page<package::Model>> {
    repo::page(&ctx.db(), Entity::find(), include_inactive, page).await
}

/// The package with an id or a slug, switched off or not.
///
/// # Errors
/// [`Error::NotFound`] when the agency has none.
pub async fn read(ctx: &TenantContext, id_or_slug: &str) -> Result<package::Model> {
    price_list::read::<Entity>(&ctx.db(), id_or_slug).await
}

/// The package with an id, for a document that is to sell it; inside a unit of work too.
///
/// # Errors
/// [`Error::Validation`] at `/package_id` when the agency has none, or has switched it off.
pub async fn require_active(db: &AgencyDb, id: PackageId) -> Result<package::Model> {
    let refuse = |code: &str, detail: &str| Error::invalid("/package_id", code, detail);
    let found = db.find::<Entity>(id).await?;
    let package =
        found.ok_or_else(|| refuse("unknown", "this agency has no package with this id"))?;
    if package.is_active {
        Ok(package)
    } else {
        Err(refuse("inactive", "this package is switched off; switch it on or choose another"))
    }
}

/// Checks that packages with these slugs exist and are on; `pointer` is where the slugs stand.
///
/// # Errors
/// [`Error::Validation`] naming each slug that is not of such a package.
pub(crate) async fn require_active_slugs(
    db: &AgencyDb,
    slugs: &[String],
    pointer: &str,
) -> Result<()> {
    if slugs.is_empty() {
        return Ok(());
    }
    let packages = repo::active_with_slugs::<Entity>(db, slugs).await?;
    let known: HashSet<&str> = packages.iter().map(|package| package.slug.as_str()).collect();
    let errors: Vec<FieldError> = slugs
        .iter()
        .enumerate()
        .filter(|(_, slug)| !known.contains(slug.as_str()))
        .map(|(index, _)| {
            let detail = "this agency has no package with this slug that is switched on";
            FieldError::new(format!("{pointer}/{index}"), "unknown", detail)
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::Validation(errors)) }
}

/// Creates a package at the end of the list.
///
/// # Errors
/// [`Error::Conflict`] when another package has the slug that is asked for.
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id()))]
pub async fn create(ctx: &TenantContext, new: NewPackage) -> Result<package::Model> {
    let tx = ctx.begin().await?;
    let profile = repo::hold(&tx).await?;
    let name = new.name.clone();
    let (columns, slug) = new.into_columns(profile.currency);
    price_list::create::<Entity>(ctx, tx, columns, &name, slug).await
}

/// Changes a package. Add-ons that name it by its slug follow a new slug; documents that sold it
/// keep what they sold.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::PreconditionFailed`] when it is not the version that was read;
/// [`Error::Conflict`] when another package has the new slug.
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id(), package.id = %id))]
pub async fn change(
    ctx: &TenantContext,
    id: PackageId,
    if_match: &IfMatch,
    patch: PackagePatch,
) -> Result<package::Model> {
    let tx = ctx.begin().await?;
    repo::hold(&tx).await?;
    let before = tx.require::<Entity>(id).await?;
    if_match.check(before.version)?;
    let old_slug = before.slug.clone();
    let after = price_list::change::<Entity>(ctx, &tx, before, patch.into_columns()).await?;
    if after.slug != old_slug {
        addons::service::follow_package(ctx, &tx, &old_slug, &after.slug).await?;
    }
    tx.commit().await?;
    Ok(after)
}

/// Switches a package off.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::PreconditionFailed`] when it is not the version that was read.
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id(), package.id = %id))]
pub async fn switch_off(ctx: &TenantContext, id: PackageId, if_match: &IfMatch) -> Result<()> {
    price_list::switch_off::<Entity>(ctx, id, if_match).await
}

/// Copies a package to the end of the list, switched off and not featured.
///
/// # Errors
/// [`Error::NotFound`].
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id(), package.id = %id))]
pub async fn duplicate(ctx: &TenantContext, id: PackageId) -> Result<package::Model> {
    price_list::duplicate::<Entity>(ctx, id).await
}

/// Gives packages their places.
///
/// # Errors
/// [`Error::Validation`] naming each id that stands there twice or that the agency does not have.
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id()))]
pub async fn reorder(ctx: &TenantContext, order: Order<PackageId>) -> Result<Order<PackageId>> {
    price_list::reorder::<Entity>(ctx, order).await
}
