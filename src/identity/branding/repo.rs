//! Rows of logo files.

use entity::file::{self, Column};
use entity::{FileId, profile};
use kernel::error::Result;
use kernel::store::{AgencyDb, PlatformDb};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

/// What a logo is stored for.
pub(super) const PURPOSE: &str = "logo";

/// An agency's logo files.
pub(super) struct LogoRepo<'a> {
    db: &'a AgencyDb,
}

impl<'a> LogoRepo<'a> {
    pub(super) fn new(db: &'a AgencyDb) -> Self {
        Self { db }
    }

    /// The file with an id.
    pub(super) async fn find(&self, id: FileId) -> Result<Option<file::Model>> {
        self.db.find::<file::Entity>(id).await
    }

    /// The agency's logo with the given bytes, if it had that one before.
    pub(super) async fn find_by_hash(&self, sha256: &str) -> Result<Option<file::Model>> {
        let query = file::Entity::find()
            .filter(Column::Sha256.eq(sha256))
            .filter(Column::Purpose.eq(PURPOSE));
        self.db.one(query).await
    }

    /// Adds a file.
    pub(super) async fn insert(&self, row: file::ActiveModel) -> Result<file::Model> {
        self.db.insert(row).await
    }

    /// Names the agency's logo, or none. The version of the profile stays: the logo is part of the
    /// branding, whose version is the agency's.
    pub(super) async fn point_to(&self, id: Option<FileId>) -> Result<()> {
        let update =
            profile::Entity::update_many().col_expr(profile::Column::LogoFileId, Expr::value(id));
        self.db.update_many(update).await.map(|_| ())
    }
}

/// Any agency's logo with the given bytes.
pub(super) async fn find_public(db: PlatformDb<'_>, sha256: &str) -> Result<Option<file::Model>> {
    let query =
        file::Entity::find().filter(Column::Sha256.eq(sha256)).filter(Column::Purpose.eq(PURPOSE));
    db.one(query).await
}
