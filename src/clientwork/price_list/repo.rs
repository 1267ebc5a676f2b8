//! Statements on the tables of the price list.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use entity::profile;
use kernel::error::{Error, Result, Violation, violation};
use kernel::store::{AgencyDb, AgencyTx, Page, PageRequest, Sort};
use kernel::text::slugify;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, LockType};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, UpdateMany,
    Value,
};
use uuid::Uuid;

use super::model::{Place, RESERVED_SLUG, SLUG_MAX};
use super::{Admission, Kind};

/// Characters of a drawn slug that are kept for a hyphen and a number.
const SLUG_SUFFIX: usize = 11;

/// Waits until nobody else changes the agency's price list, and keeps it so until the end of the
/// unit of work. Answers with the agency's profile, whose currency new prices take.
///
/// On Postgres the profile's row is the lock; on SQLite a unit of work is the only writer anyway.
///
/// # Errors
/// Those of the database.
pub(crate) async fn hold(tx: &AgencyTx) -> Result<profile::Model> {
    tx.one(profile::Entity::find().lock(LockType::NoKeyUpdate))
        .await?
        .ok_or_else(|| Error::internal("an agency without a profile"))
}

/// A page of the entries of a query, in the order of the list.
pub(crate) async fn page<E: Kind>(
    db: &AgencyDb,
    query: Select<E>,
    include_inactive: bool,
    page: &PageRequest,
) -> Result<Page<E::Model>> {
    let query = if include_inactive { query } else { query.filter(E::active_column().eq(true)) };
    db.page(query, &Sort::ascending([E::order_column(), E::id_column()]), page).await
}

/// The entry with a slug.
pub(crate) async fn find_by_slug<E: Kind>(db: &AgencyDb, slug: &str) -> Result<Option<E::Model>> {
    db.one(E::find().filter(E::slug_column().eq(slug))).await
}

/// The entries with the given slugs that can be sold.
pub(crate) async fn active_with_slugs<E: Kind>(
    db: &AgencyDb,
    slugs: &[String],
) -> Result<Vec<E::Model>> {
    let query = E::find().filter(E::slug_column().is_in(slugs)).filter(E::active_column().eq(true));
    db.all(query).await
}

/// A slug for a name: the first of `name`, `name-2`, `name-3`, … that no entry has.
pub(crate) async fn free_slug<E: Kind>(db: &AgencyDb, name: &str) -> Result<String> {
    let base = slugify(name, SLUG_MAX - SLUG_SUFFIX, E::NOUN);
    // A slug holds none of the characters that mean something in a pattern.
    let like = E::slug_column().eq(base.as_str()).or(E::slug_column().like(format!("{base}-%")));
    let rows = db.all(E::find().filter(like)).await?;
    let taken: HashSet<&str> = rows.iter().map(|row| E::entry(row).slug).collect();
    let numbered = (2_u32..).map(|number| format!("{base}-{number}"));
    std::iter::once(base.clone())
        .chain(numbered)
        .find(|slug| slug != RESERVED_SLUG && !taken.contains(slug.as_str()))
        .ok_or_else(|| Error::internal("four thousand million entries of one name"))
}

/// The place after the last entry.
pub(crate) async fn end_of_list<E: Kind>(db: &AgencyDb) -> Result<i32> {
    let last = db.one(E::find().order_by_desc(E::order_column())).await?;
    Ok(last.map_or(0, |row| E::entry(&row).display_order.saturating_add(1)))
}

/// Inserts an entry.
///
/// # Errors
/// [`Error::Conflict`] when another has the slug.
pub(crate) async fn insert<E: Kind>(
    tx: &AgencyTx,
    draft: E::ActiveModel,
    admission: Admission<E::Id>,
) -> Result<E::Model> {
    tx.try_insert(E::admit(draft, admission)).await?.map_err(slug_taken::<E>)
}

/// Writes changes on top of the version that was read.
///
/// # Errors
/// [`Error::PreconditionFailed`] when the row has changed since; [`Error::Conflict`] when another
/// entry has the new slug.
pub(crate) async fn update<E: Kind>(
    tx: &AgencyTx,
    read: &E::Model,
    changes: E::ActiveModel,
    now: DateTime<Utc>,
) -> Result<E::Model> {
    let entry = E::entry(read);
    let update = E::update_many()
        .set(E::revise(changes, entry.version, now))
        .filter(E::id_column().eq(entry.id.into()))
        .filter(E::version_column().eq(entry.version));
    let mut rows = tx.try_update_returning(update).await?.map_err(slug_taken::<E>)?;
    rows.pop().ok_or(Error::PreconditionFailed)
}

/// Gives entries their places, in one statement.
pub(crate) async fn place<E: Kind>(
    tx: &AgencyTx,
    places: &[Place<E::Id>],
    now: DateTime<Utc>,
) -> Result<()> {
    let values = places.iter().map(|place| (place.id.into(), place.display_order.into()));
    let update = set_each::<E>(E::order_column(), values.collect(), now);
    tx.update_many(update).await?;
    Ok(())
}

/// An update that gives each of some rows its own value of one column.
pub(crate) fn set_each<E: Kind>(
    column: E::Column,
    values: Vec<(Uuid, Value)>,
    now: DateTime<Utc>,
) -> UpdateMany<E> {
    let ids: Vec<Uuid> = values.iter().map(|(id, _)| *id).collect();
    let of_row = values.into_iter().fold(CaseStatement::new(), |cases, (id, value)| {
        cases.case(E::id_column().eq(id), Expr::val(value))
    });
    E::update_many()
        .col_expr(column, of_row.finally(Expr::col(column)).into())
        .col_expr(E::version_column(), Expr::col(E::version_column()).add(1))
        .col_expr(E::updated_column(), Expr::value(now))
        .filter(E::id_column().is_in(ids))
}

fn slug_taken<E: Kind>(error: DbErr) -> Error {
    match violation(&error) {
        Some(Violation::Unique) => Error::conflict_on(
            "slug",
            format!("another {} of this agency has this slug; choose another", E::NOUN),
        ),
        _ => error.into(),
    }
}
