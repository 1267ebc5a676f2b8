//! Keyset pages: the next page starts after the last row of this one, whatever was added since.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr, Value};
use sea_orm::{
    ColumnTrait, EntityTrait, ModelTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde::{Deserialize, Serialize};

use crate::error::{Error, FieldError, Result};

/// Rows of a page when the caller does not say.
pub const DEFAULT_LIMIT: u64 = 50;

/// Most rows of a page.
pub const MAX_LIMIT: u64 = 100;

/// Which page is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows, 1–100.
    pub limit: u64,
    /// Where the previous page ended.
    pub after: Option<Cursor>,
    /// Whether to count all rows too.
    pub with_total: bool,
}

impl PageRequest {
    /// The first `limit` rows.
    pub fn first(limit: u64) -> Self {
        Self { limit, after: None, with_total: false }
    }

    /// Checks what came in the query string.
    ///
    /// # Errors
    /// [`Error::Validation`] naming each bad parameter.
    pub fn parse(limit: Option<u64>, cursor: Option<&str>, include: Option<&str>) -> Result<Self> {
        let mut errors = Vec::new();
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            errors.push(FieldError::new("?limit", "out_of_range", "must be from 1 to 100"));
        }
        let after = cursor.map(Cursor::decode).transpose().unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        let with_total = match include {
            None => false,
            Some("total") => true,
            Some(_) => {
                errors.push(FieldError::new("?include", "unknown", "may be `total`"));
                false
            }
        };
        if errors.is_empty() {
            Ok(Self { limit, after, with_total })
        } else {
            Err(Error::Validation(errors))
        }
    }
}

/// The sort key of a row, opaque to callers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor(Vec<Key>);

/// One part of a sort key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Key {
    #[serde(rename = "t")]
    Text(String),
    #[serde(rename = "i")]
    Int(i64),
    #[serde(rename = "u")]
    Uuid(uuid::Uuid),
}

impl Cursor {
    /// As text for a URL.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&self.0).unwrap_or_default())
    }

    /// The place of a row in a list that is sorted by its id alone: for lists put together from
    /// several tables.
    pub fn at_id(id: uuid::Uuid) -> Self {
        Self(vec![Key::Uuid(id)])
    }

    fn decode(text: &str) -> Result<Self, FieldError> {
        let refuse = || {
            FieldError::new("?cursor", "invalid", "is not a cursor of this list; start without one")
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| refuse())?;
        serde_json::from_slice(&bytes).map(Self).map_err(|_| refuse())
    }
}

impl Key {
    fn of(value: Value) -> Result<Self> {
        match value {
            Value::String(Some(text)) => Ok(Self::Text(text)),
            Value::Int(Some(number)) => Ok(Self::Int(number.into())),
            Value::BigInt(Some(number)) => Ok(Self::Int(number)),
            Value::Uuid(Some(id)) => Ok(Self::Uuid(id)),
            _ => Err(Error::internal("a list is sorted by a column of a type without cursor form")),
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Text(text) => text.clone().into(),
            Self::Int(number) => (*number).into(),
            Self::Uuid(id) => (*id).into(),
        }
    }

    fn same_type(&self, other: &Value) -> bool {
        matches!(
            (self, other),
            (Self::Text(_), Value::String(_))
                | (Self::Int(_), Value::Int(_) | Value::BigInt(_))
                | (Self::Uuid(_), Value::Uuid(_))
        )
    }
}

/// A total order of a list: columns, the last of which is unique within the agency.
pub struct Sort<E: EntityTrait> {
    columns: Vec<E::Column>,
    order: Order,
}

impl<E: EntityTrait> Sort<E> {
    /// Smallest first.
    pub fn ascending(columns: impl Into<Vec<E::Column>>) -> Self {
        Self { columns: columns.into(), order: Order::Asc }
    }

    /// Largest first.
    pub fn descending(columns: impl Into<Vec<E::Column>>) -> Self {
        Self { columns: columns.into(), order: Order::Desc }
    }

    /// What is to be read of a query for a page: in order, from the cursor on, and one row more
    /// than the page shows, to know whether there is another page.
    pub(super) fn apply(&self, query: Select<E>, page: &PageRequest) -> Result<Select<E>> {
        let mut query = query.limit(page.limit.saturating_add(1));
        for column in &self.columns {
            query = query.order_by(*column, self.order.clone());
        }
        let Some(cursor) = &page.after else { return Ok(query) };
        let fits = cursor.0.len() == self.columns.len()
            && cursor
                .0
                .iter()
                .zip(&self.columns)
                .all(|(key, column)| key.same_type(&column_sample::<E>(*column)));
        if !fits {
            return Err(Error::invalid("?cursor", "invalid", "is a cursor of another list"));
        }
        // A row comparison: one index range on both databases.
        let left = Expr::tuple(self.columns.iter().map(|c| SimpleExpr::from(c.into_expr())));
        let right =
            Expr::tuple(cursor.0.iter().map(|key| SimpleExpr::from(Expr::val(key.value()))));
        Ok(query.filter(match self.order {
            Order::Desc => left.lt(right),
            _ => left.gt(right),
        }))
    }

    /// The page out of the rows that were read for it.
    pub(super) fn cut(
        &self,
        mut data: Vec<E::Model>,
        page: &PageRequest,
        total: Option<u64>,
    ) -> Result<Page<E::Model>>
    where
        E::Model: ModelTrait<Entity = E>,
    {
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let more = data.len() > limit;
        data.truncate(limit);
        let next = match data.last() {
            Some(last) if more => Some(self.cursor_of(last)?),
            _ => None,
        };
        Ok(Page { data, next, total })
    }

    fn cursor_of(&self, row: &E::Model) -> Result<Cursor>
    where
        E::Model: ModelTrait<Entity = E>,
    {
        self.columns
            .iter()
            .map(|column| Key::of(row.get(*column)))
            .collect::<Result<_>>()
            .map(Cursor)
    }
}

/// An empty value of the column's type, to compare a cursor with before it reaches the database.
fn column_sample<E: EntityTrait>(column: E::Column) -> Value {
    use sea_orm::ColumnType;
    match column.def().get_column_type() {
        ColumnType::Uuid => Value::Uuid(None),
        ColumnType::Integer | ColumnType::BigInteger => Value::BigInt(None),
        _ => Value::String(None),
    }
}

/// A page of rows.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Where the next page starts; `None` on the last.
    pub next: Option<Cursor>,
    /// All rows, when asked for.
    pub total: Option<u64>,
}

impl<T> Page<T> {
    /// The same page of something else.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            data: self.data.into_iter().map(change).collect(),
            next: self.next,
            total: self.total,
        }
    }

    /// The same page of something else that may be refused.
    ///
    /// # Errors
    /// The first refusal.
    pub fn try_map<U, E>(self, change: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        let data = self.data.into_iter().map(change).collect::<Result<_, E>>()?;
        Ok(Page { data, next: self.next, total: self.total })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_survives_the_wire(name in ".{0,40}", number: i64, id: u128) {
            let cursor = Cursor(vec![
                Key::Text(name), Key::Int(number), Key::Uuid(uuid::Uuid::from_u128(id)),
            ]);

            prop_assert_eq!(Cursor::decode(&cursor.encode()).unwrap(), cursor);
        }

        #[test]
        fn no_text_makes_decoding_panic(text in ".{0,80}") {
            let _ = Cursor::decode(&text);
        }
    }

    #[test]
    fn every_bad_parameter_is_named() {
        let error = PageRequest::parse(Some(0), Some("%%"), Some("everything")).unwrap_err();

        let Error::Validation(errors) = error else { panic!("{error}") };
        let pointers: Vec<&str> = errors.iter().map(|e| e.pointer.as_str()).collect();
        assert_eq!(pointers, ["?limit", "?cursor", "?include"]);
    }
}
