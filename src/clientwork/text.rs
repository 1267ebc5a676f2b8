//! Texts as they are stored, and the changes of a PATCH as columns.

use sea_orm::{ActiveValue, Value};

/// Without blanks at the ends.
pub(crate) fn tidy(text: String) -> String {
    text.trim().to_owned()
}

/// Without blanks at the ends; nothing when nothing is left.
pub(crate) fn tidy_optional(text: Option<String>) -> Option<String> {
    text.map(tidy).filter(|text| !text.is_empty())
}

/// A column that is written when there is a value for it.
pub(crate) fn set<T: Into<Value>>(value: Option<T>) -> ActiveValue<T> {
    value.map_or(ActiveValue::NotSet, ActiveValue::Set)
}
