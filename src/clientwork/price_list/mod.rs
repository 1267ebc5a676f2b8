//! What packages and add-ons have in common: they are entries of the agency's price list.
//!
//! An entry has a slug that is unique among its kind, a place in the list, and is switched off
//! instead of deleted. Whoever changes a price list holds it for the length of the unit of work
//! ([`repo::hold`]): slugs are drawn, places given and references between entries kept true
//! without races, and parallel creations of one name all succeed.

pub mod model;
pub(crate) mod repo;
pub(crate) mod service;

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use entity::Identified;
use sea_orm::{EntityTrait, IntoActiveModel};
use serde::Serialize;
use uuid::Uuid;

/// What an entry says about itself, whatever its kind.
pub(crate) struct Entry<'r, Id> {
    pub(crate) id: Id,
    pub(crate) name: &'r str,
    pub(crate) slug: &'r str,
    pub(crate) display_order: i32,
    pub(crate) is_active: bool,
    pub(crate) version: i64,
}

/// What a new entry gets from the list.
pub(crate) struct Admission<Id> {
    pub(crate) id: Id,
    pub(crate) slug: String,
    pub(crate) display_order: i32,
    pub(crate) now: DateTime<Utc>,
}

/// What is written to the activity log and published.
pub(crate) struct Actions {
    pub(crate) created: &'static str,
    pub(crate) updated: &'static str,
    pub(crate) deleted: &'static str,
    pub(crate) duplicated: &'static str,
    pub(crate) reordered: &'static str,
}

/// A kind of entry: its table, and how it is shown.
pub(crate) trait Kind:
    Identified<
        Model: IntoActiveModel<<Self as EntityTrait>::ActiveModel> + Send + Sync,
        ActiveModel: Send,
    >
{
    /// What one is called: `package`.
    const NOUN: &'static str;
    /// What happens to it.
    const ACTIONS: Actions;

    /// Its id on the wire.
    type Id: Copy + Eq + Ord + Display + FromStr + From<Uuid> + Into<Uuid> + Serialize;
    /// How it is shown.
    type View: From<Self::Model> + Serialize;

    /// Unique within the agency.
    fn slug_column() -> Self::Column;
    /// Lists are in this order, then by id.
    fn order_column() -> Self::Column;
    /// Off instead of deleted.
    fn active_column() -> Self::Column;
    /// Grows with each change.
    fn version_column() -> Self::Column;
    /// When it last changed.
    fn updated_column() -> Self::Column;

    /// What a row says about itself.
    fn entry(row: &Self::Model) -> Entry<'_, Self::Id>;
    /// A draft as a row of the list, in its first version.
    fn admit(draft: Self::ActiveModel, admission: Admission<Self::Id>) -> Self::ActiveModel;
    /// Changes as the version after `version`.
    fn revise(changes: Self::ActiveModel, version: i64, now: DateTime<Utc>) -> Self::ActiveModel;
    /// The change that switches an entry off.
    fn switched_off() -> Self::ActiveModel;
    /// A draft with everything of a row but its name; it is off until somebody has looked at it.
    fn copy(row: Self::Model, name: String) -> Self::ActiveModel;
}

/// Makes a table a kind of entry. `copies` names columns that a copy does not take over.
macro_rules! kind {
    (
        $table:ident, $noun:literal, $id:ty, $view:ty,
        copies: { $($column:ident: $value:expr),* $(,)? }
    ) => {
        impl $crate::price_list::Kind for $table::Entity {
            const NOUN: &'static str = $noun;
            const ACTIONS: $crate::price_list::Actions = $crate::price_list::Actions {
                created: concat!($noun, ".created"),
                updated: concat!($noun, ".updated"),
                deleted: concat!($noun, ".deleted"),
                duplicated: concat!($noun, ".duplicated"),
                reordered: concat!($noun, ".reordered"),
            };

            type Id = $id;
            type View = $view;

            fn slug_column() -> $table::Column {
                $table::Column::Slug
            }

            fn order_column() -> $table::Column {
                $table::Column::DisplayOrder
            }

            fn active_column() -> $table::Column {
                $table::Column::IsActive
            }

            fn version_column() -> $table::Column {
                $table::Column::Version
            }

            fn updated_column() -> $table::Column {
                $table::Column::UpdatedAt
            }

            fn entry(row: &$table::Model) -> $crate::price_list::Entry<'_, $id> {
                $crate::price_list::Entry {
                    id: row.id,
                    name: &row.name,
                    slug: &row.slug,
                    display_order: row.display_order,
                    is_active: row.is_active,
                    version: row.version,
                }
            }

            fn admit(
                draft: $table::ActiveModel,
                admission: $crate::price_list::Admission<$id>,
            ) -> $table::ActiveModel {
                let $crate::price_list::Admission { id, slug, display_order, now } = admission;
                $table::ActiveModel {
                    id: Set(id),
                    slug: Set(slug),
                    display_order: Set(display_order),
                    version: Set(1),
                    created_at: Set(now),
                    updated_at: Set(now),
                    ..draft
                }
            }

            fn revise(
                changes: $table::ActiveModel,
                version: i64,
                now: DateTime<Utc>,
            ) -> $table::ActiveModel {
                $table::ActiveModel { version: Set(version + 1), updated_at: Set(now), ..changes }
            }

            fn switched_off() -> $table::ActiveModel {
                $table::ActiveModel { is_active: Set(false), ..Default::default() }
            }

            fn copy(row: $table::Model, name: String) -> $table::ActiveModel {
                $table::ActiveModel {
                    name: Set(name),
                    is_active: Set(false),
                    $($column: Set($value),)*
                    ..row.into_active_model().reset_all()
                }
            }
        }
    };
}
pub(crate) use kind;
