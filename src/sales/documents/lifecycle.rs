//! State machines: one engine, the states of each kind as a table.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use entity::document::{self, DocumentKind};
use kernel::error::{Error, Result};
use kernel::store::AgencyTx;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, UpdateMany};

/// The states of one kind of document.
pub trait Lifecycle: Copy + Eq + Display + FromStr + Sized + 'static {
    /// What can happen to it.
    type Event: Copy;

    /// Which kind.
    const KIND: DocumentKind;

    /// What such a document is called in activity, events and mails: `proposal`.
    const NOUN: &'static str;

    /// Every state.
    const STATES: &'static [Self];

    /// The state after an event; `None` when the event cannot happen in this state.
    fn after(self, event: Self::Event) -> Option<Self>;

    /// What the state has become by the passing of time, once the day in `expires_at` has ended.
    fn once_expired(self) -> Self;

    /// The stored word.
    fn name(self) -> &'static str;

    /// The state of a row, adjusted for the time.
    ///
    /// # Errors
    /// [`Error::Internal`] when the stored word is none of this kind's.
    fn effective(document: &document::Model, now: DateTime<Utc>) -> Result<Self> {
        let stored = document.status.parse().map_err(|_| {
            Error::internal(format!("a {} with unknown status {}", Self::NOUN, document.status))
        })?;
        let expired = document.expires_at.is_some_and(|end| end <= now);
        Ok(if expired { Self::once_expired(stored) } else { stored })
    }

    /// The state after an event.
    ///
    /// # Errors
    /// [`Error::InvalidState`] naming the states that would allow it.
    fn next(self, event: Self::Event) -> Result<Self> {
        self.after(event).ok_or_else(|| Error::InvalidState {
            current: self.name().to_owned(),
            allowed: Self::STATES
                .iter()
                .filter(|state| state.after(event).is_some())
                .map(|state| state.name())
                .collect(),
        })
    }
}

/// Moves a locked document on, with whatever else changes on its shared row, and returns it.
///
/// # Errors
/// [`Error::InvalidState`] when the event cannot happen now; those of the database.
pub async fn transition<L: Lifecycle>(
    tx: &AgencyTx,
    document: &document::Model,
    event: L::Event,
    now: DateTime<Utc>,
    change: impl FnOnce(UpdateMany<document::Entity>) -> UpdateMany<document::Entity>,
) -> Result<document::Model> {
    let next = L::effective(document, now)?.next(event)?;
    update(tx, document, now, |row| {
        change(row.col_expr(document::Column::Status, Expr::value(next.name())))
    })
    .await
}

/// Changes the shared row of a locked document, counting its version up.
///
/// # Errors
/// [`Error::PreconditionFailed`] when it is not the version that was read; those of the database.
pub async fn update(
    tx: &AgencyTx,
    document: &document::Model,
    now: DateTime<Utc>,
    change: impl FnOnce(UpdateMany<document::Entity>) -> UpdateMany<document::Entity>,
) -> Result<document::Model> {
    let row = document::Entity::update_many()
        .col_expr(document::Column::Version, Expr::col(document::Column::Version).add(1))
        .col_expr(document::Column::UpdatedAt, Expr::value(now))
        .filter(document::Column::Id.eq(document.id))
        .filter(document::Column::Version.eq(document.version));
    tx.update_returning(change(row)).await?.pop().ok_or(Error::PreconditionFailed)
}

/// Declares the states of a kind with their stored words.
macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn word(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        // By hand: the derive does not see a rename that a macro has filled in.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$($text),+]))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                Self::ALL.iter().copied().find(|state| state.word() == text).ok_or(())
            }
        }
    };
}
pub(crate) use states;
