//! The use cases that are the same for every kind of entry.

use std::collections::{BTreeMap, BTreeSet};

use kernel::error::{Error, FieldError, Result};
use kernel::http::IfMatch;
use kernel::store::{Activity, AgencyDb, AgencyTx, Event};
use kernel::tenancy::TenantContext;
use kernel::text::is_slug;
use sea_orm::ActiveModelTrait;
use serde_json::json;

use super::model::{NAME_MAX, Order, Place, SLUG_MAX};
use super::{Admission, Kind, repo};

/// What a copy's name ends with.
const COPY: &str = " (Copy)";

/// The entry with an id or a slug, switched off or not.
///
/// # Errors
/// [`Error::NotFound`] when the agency has none.
pub(crate) async fn read<E: Kind>(db: &AgencyDb, id_or_slug: &str) -> Result<E::Model> {
    let found = match id_or_slug.parse::<E::Id>() {
        Ok(id) => db.find::<E>(id).await?,
        Err(_) if is_slug(id_or_slug, 1, SLUG_MAX) => {
            repo::find_by_slug::<E>(db, id_or_slug).await?
        }
        Err(_) => None,
    };
    found.ok_or(Error::NotFound)
}

/// Adds an entry at the end of the list, which the unit of work holds. Without `slug` one is made
/// of the name.
///
/// # Errors
/// [`Error::Conflict`] when another entry has the slug.
pub(crate) async fn append<E: Kind>(
    ctx: &TenantContext,
    tx: &AgencyTx,
    draft: E::ActiveModel,
    name: &str,
    slug: Option<String>,
) -> Result<E::Model> {
    let slug = match slug {
        Some(slug) => slug,
        None => repo::free_slug::<E>(tx, name).await?,
    };
    let display_order = repo::end_of_list::<E>(tx).await?;
    let admission = Admission { id: ctx.new_id(), slug, display_order, now: ctx.now() };
    repo::insert::<E>(tx, draft, admission).await
}

/// Creates an entry: [`append`], with its traces.
///
/// # Errors
/// [`Error::Conflict`] when another entry has the slug.
pub(crate) async fn create<E: Kind>(
    ctx: &TenantContext,
    tx: AgencyTx,
    draft: E::ActiveModel,
    name: &str,
    slug: Option<String>,
) -> Result<E::Model> {
    let row = append::<E>(ctx, &tx, draft, name, slug).await?;
    let entry = E::entry(&row);
    tx.record(
        Activity::new(E::ACTIONS.created, E::NOUN, entry.id)
            .with(json!({"name": entry.name, "slug": entry.slug})),
    );
    publish::<E>(&tx, E::ACTIONS.created, entry.id)?;
    tx.commit().await?;
    Ok(row)
}

/// Changes an entry, inside a unit of work that holds the list.
///
/// # Errors
/// [`Error::PreconditionFailed`] when it is not the version that was read; [`Error::Conflict`]
/// when another entry has the new slug.
pub(crate) async fn change<E: Kind>(
    ctx: &TenantContext,
    tx: &AgencyTx,
    before: E::Model,
    changes: E::ActiveModel,
) -> Result<E::Model> {
    if !changes.is_changed() {
        return Ok(before);
    }
    let after = repo::update::<E>(tx, &before, changes, ctx.now()).await?;
    let id = E::entry(&after).id;
    tx.record(
        Activity::new(E::ACTIONS.updated, E::NOUN, id)
            .difference(&E::View::from(before), &E::View::from(after.clone()))?,
    );
    publish::<E>(tx, E::ACTIONS.updated, id)?;
    Ok(after)
}

/// Switches an entry off: it is no longer offered, and what was sold with it stays as it is. Doing
/// it twice changes nothing.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::PreconditionFailed`] when it is not the version that was read.
pub(crate) async fn switch_off<E: Kind>(
    ctx: &TenantContext,
    id: E::Id,
    if_match: &IfMatch,
) -> Result<()> {
    let tx = ctx.begin().await?;
    repo::hold(&tx).await?;
    let row = tx.require::<E>(id).await?;
    let entry = E::entry(&row);
    if_match.check(entry.version)?;
    if !entry.is_active {
        return Ok(());
    }
    repo::update::<E>(&tx, &row, E::switched_off(), ctx.now()).await?;
    tx.record(
        Activity::new(E::ACTIONS.deleted, E::NOUN, id)
            .changed(json!({"is_active": true}), json!({"is_active": false})),
    );
    publish::<E>(&tx, E::ACTIONS.deleted, id)?;
    tx.commit().await
}

/// Copies an entry to the end of the list. The copy is off and not featured until somebody has
/// looked at it.
///
/// # Errors
/// [`Error::NotFound`].
pub(crate) async fn duplicate<E: Kind>(ctx: &TenantContext, id: E::Id) -> Result<E::Model> {
    let tx = ctx.begin().await?;
    repo::hold(&tx).await?;
    let source = tx.require::<E>(id).await?;
    let name = name_of_copy(E::entry(&source).name);
    let row = append::<E>(ctx, &tx, E::copy(source, name.clone()), &name, None).await?;
    let entry = E::entry(&row);
    tx.record(
        Activity::new(E::ACTIONS.duplicated, E::NOUN, entry.id)
            .with(json!({"name": entry.name, "slug": entry.slug, "copy_of": id})),
    );
    publish::<E>(&tx, E::ACTIONS.duplicated, entry.id)?;
    tx.commit().await?;
    Ok(row)
}

/// Gives entries their places; those that are not named stay where they are.
///
/// # Errors
/// [`Error::Validation`] naming each id that stands there twice or that the agency does not have.
pub(crate) async fn reorder<E: Kind>(
    ctx: &TenantContext,
    order: Order<E::Id>,
) -> Result<Order<E::Id>> {
    let tx = ctx.begin().await?;
    repo::hold(&tx).await?;
    let rows = tx.find_all::<E>(order.entries.iter().map(|place| place.id.into())).await?;
    let before: BTreeMap<E::Id, i32> =
        rows.iter().map(|row| E::entry(row)).map(|entry| (entry.id, entry.display_order)).collect();
    check_places::<E>(&order.entries, &before)?;
    let moved: Vec<Place<E::Id>> = order
        .entries
        .iter()
        .filter(|place| before.get(&place.id) != Some(&place.display_order))
        .copied()
        .collect();
    if moved.is_empty() {
        return Ok(order);
    }
    repo::place::<E>(&tx, &moved, ctx.now()).await?;
    let was = moved.iter().map(|place| (place.id, before.get(&place.id)));
    let is = moved.iter().map(|place| (place.id, place.display_order));
    tx.record(
        Activity::new(E::ACTIONS.reordered, "agency", ctx.agency_id())
            .changed(json!(was.collect::<BTreeMap<_, _>>()), json!(is.collect::<BTreeMap<_, _>>())),
    );
    let ids: Vec<E::Id> = moved.iter().map(|place| place.id).collect();
    tx.publish(Event::new(E::ACTIONS.reordered, json!({"ids": ids}))?);
    tx.commit().await?;
    Ok(order)
}

/// Every id must be known, and named once.
fn check_places<E: Kind>(places: &[Place<E::Id>], known: &BTreeMap<E::Id, i32>) -> Result<()> {
    let mut seen = BTreeSet::new();
    let mut errors = Vec::new();
    for (index, place) in places.iter().enumerate() {
        let pointer = format!("/entries/{index}/id");
        if !known.contains_key(&place.id) {
            let detail = format!("this agency has no {} with this id", E::NOUN);
            errors.push(FieldError::new(pointer, "unknown", detail));
        } else if !seen.insert(place.id) {
            errors.push(FieldError::new(pointer, "repeated", "stands here twice; name it once"));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Validation(errors)) }
}

/// Announces that something happened to an entry.
///
/// # Errors
/// [`Error::Internal`] when the id has no JSON form.
pub(crate) fn publish<E: Kind>(tx: &AgencyTx, action: &'static str, id: E::Id) -> Result<()> {
    tx.publish(Event::new(action, json!({"id": id}))?);
    Ok(())
}

/// The name of a copy, within the longest that a name may be.
fn name_of_copy(name: &str) -> String {
    let kept: String = name.chars().take(NAME_MAX - COPY.chars().count()).collect();
    format!("{}{COPY}", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_copy_says_so_and_fits() {
        assert_eq!(name_of_copy("Starter"), "Starter (Copy)");
        assert_eq!(name_of_copy(&"é".repeat(NAME_MAX)).chars().count(), NAME_MAX);
    }
}
