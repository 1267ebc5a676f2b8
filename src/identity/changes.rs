//! What a PATCH changes: the columns to write, and their values before and after for the activity
//! log. A member that says what is stored already is no change.

use chrono::{DateTime, Utc};
use kernel::error::{Context, Result};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IdenStatic, QueryFilter, UpdateMany, Value};
use serde::Serialize;
use serde_json::Map;

/// Shown in the activity log for a value that must not be read there.
const MASKED: &str = "***";

/// Collects changes of one row.
pub struct Changes<E: EntityTrait> {
    update: UpdateMany<E>,
    old: Map<String, serde_json::Value>,
    new: Map<String, serde_json::Value>,
}

impl<E: EntityTrait> Default for Changes<E> {
    fn default() -> Self {
        Self { update: E::update_many(), old: Map::new(), new: Map::new() }
    }
}

impl<E: EntityTrait> Changes<E> {
    /// No change yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a column to a value that was given and differs.
    ///
    /// # Errors
    /// [`kernel::Error::Internal`] when a value has no JSON form.
    pub fn set<V>(self, column: E::Column, old: &V, new: Option<V>) -> Result<Self>
    where
        V: PartialEq + Serialize + Into<Value>,
    {
        let Some(new) = new.filter(|new| new != old) else { return Ok(self) };
        let before = serde_json::to_value(old).context("a value for the activity log")?;
        let after = serde_json::to_value(&new).context("a value for the activity log")?;
        Ok(self.write(column, new.into(), before, after))
    }

    /// Sets a text column, without the blanks around the text.
    ///
    /// # Errors
    /// As [`Changes::set`].
    pub fn set_text(self, column: E::Column, old: &String, new: Option<String>) -> Result<Self> {
        self.set(column, old, new.map(|text| text.trim().to_owned()))
    }

    /// Sets a column whose values must not be read in the log; `None` is no change.
    pub fn set_secret(self, column: E::Column, sealed: Option<String>) -> Self {
        match sealed {
            Some(sealed) => self.write(column, sealed.into(), MASKED.into(), MASKED.into()),
            None => self,
        }
    }

    fn write(
        mut self,
        column: E::Column,
        value: Value,
        before: serde_json::Value,
        after: serde_json::Value,
    ) -> Self {
        self.old.insert(column.as_str().to_owned(), before);
        self.new.insert(column.as_str().to_owned(), after);
        Self { update: self.update.col_expr(column, Expr::value(value)), ..self }
    }

    /// Whether everything stays as it is.
    pub fn is_empty(&self) -> bool {
        self.new.is_empty()
    }

    /// The changed values before and after.
    pub fn values(&self) -> (serde_json::Value, serde_json::Value) {
        (self.old.clone().into(), self.new.clone().into())
    }

    /// The update of a row that still has `version`: it gets the next one.
    pub fn into_update(
        self,
        (version_column, version): (E::Column, i64),
        (updated_column, now): (E::Column, DateTime<Utc>),
    ) -> UpdateMany<E> {
        self.update
            .col_expr(version_column, Expr::value(version + 1))
            .col_expr(updated_column, Expr::value(now))
            .filter(version_column.eq(version))
    }
}

#[cfg(test)]
mod tests {
    use entity::agency;

    use super::*;

    #[test]
    fn what_is_stored_already_is_no_change() {
        let name = "Acme".to_owned();

        let changes = Changes::<agency::Entity>::new()
            .set_text(agency::Column::Name, &name, Some(" Acme ".to_owned()))
            .and_then(|changes| changes.set_text(agency::Column::Phone, &name, None))
            .unwrap();

        assert!(changes.is_empty());
    }

    #[test]
    fn the_log_sees_the_changed_members_and_no_secret() {
        let changes = Changes::<agency::Entity>::new()
            .set_text(agency::Column::Name, &"Acme".to_owned(), Some("Bolt".to_owned()))
            .unwrap()
            .set_secret(agency::Column::Phone, Some("sealed".to_owned()));

        let (old, new) = changes.values();

        assert_eq!(old, serde_json::json!({"name": "Acme", "phone": "***"}));
        assert_eq!(new, serde_json::json!({"name": "Bolt", "phone": "***"}));
    }
}
