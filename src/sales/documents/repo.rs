//! Queries on the shared rows.

use entity::document::{self, DocumentKind};
use entity::{DocumentId, document_line};
use kernel::error::{Error, Result};
use kernel::store::{AgencyDb, AgencyTx};
use kernel::tenancy::RowFilter;
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

/// Documents of a kind that are not deleted and that the caller may see.
pub fn visible(kind: DocumentKind, rows: RowFilter) -> Select<document::Entity> {
    let query = document::Entity::find()
        .filter(document::Column::Kind.eq(kind))
        .filter(document::Column::DeletedAt.is_null());
    match rows {
        RowFilter::All => query,
        RowFilter::CreatedBy(user_id) => query.filter(document::Column::CreatedBy.eq(user_id)),
    }
}

/// One document.
///
/// # Errors
/// [`Error::NotFound`] when there is none of that kind, or the caller may not see it.
pub async fn require(
    db: &AgencyDb,
    kind: DocumentKind,
    id: DocumentId,
    rows: RowFilter,
) -> Result<document::Model> {
    let query = visible(kind, rows).filter(document::Column::Id.eq(id));
    db.one(query).await?.ok_or(Error::NotFound)
}

/// One document, locked until the unit of work ends: decisions on it happen one after the other.
///
/// The lock leaves the key alone. A row that refers to the document (a view, a mail) holds its key
/// until its own unit of work ends: two of them that then decided on the document would wait for
/// each other for good.
///
/// # Errors
/// As [`require`].
pub async fn lock(
    tx: &AgencyTx,
    kind: DocumentKind,
    id: DocumentId,
    rows: RowFilter,
) -> Result<document::Model> {
    let query = visible(kind, rows).filter(document::Column::Id.eq(id)).lock(LockType::NoKeyUpdate);
    tx.one(query).await?.ok_or(Error::NotFound)
}

/// The lines of a document, in order.
///
/// # Errors
/// Those of the database.
pub async fn lines(db: &AgencyDb, id: DocumentId) -> Result<Vec<document_line::Model>> {
    let query = document_line::Entity::find()
        .filter(document_line::Column::DocumentId.eq(id))
        .order_by_asc(document_line::Column::Position);
    db.all(query).await
}
