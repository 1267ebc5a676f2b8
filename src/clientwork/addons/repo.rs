//! Statements on `agency_addons`.
//!
//! The slugs of packages stand in a JSON list. A slug holds nothing that JSON escapes, so that
//! `"slug"` with its quotes occurs in the list's text exactly when the list has it.

use entity::addon::{Column, Entity, Model};
use kernel::error::Result;
use kernel::store::AgencyTx;
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{EntityTrait, QueryFilter, Select};

/// The add-ons that name a package.
pub(super) async fn naming_package(tx: &AgencyTx, slug: &str) -> Result<Vec<Model>> {
    tx.all(Entity::find().filter(names(slug))).await
}

/// The add-ons that go with a package: those that name it, and those that name none.
pub(super) fn going_with_package(slug: &str) -> Select<Entity> {
    Entity::find().filter(names(slug).or(packages_text().eq("[]")))
}

fn names(slug: &str) -> SimpleExpr {
    packages_text().like(format!("%\"{slug}\"%"))
}

fn packages_text() -> SimpleExpr {
    Expr::col((Entity, Column::AvailablePackages)).cast_as("text")
}
