//! Rows of agencies.

use std::collections::HashSet;

use entity::{AgencyId, agency};
use kernel::error::{Error, Result};
use kernel::store::PlatformDb;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, UpdateMany};

/// Why agencies are read outside an agency's scope.
pub(crate) const REASON: &str = "agencies are the tenants themselves";

/// Rows of `agencies`.
pub(crate) struct AgencyRepo<'c> {
    db: PlatformDb<'c>,
}

impl<'c> AgencyRepo<'c> {
    pub(crate) fn new(db: PlatformDb<'c>) -> Self {
        Self { db }
    }

    /// The agency with an id.
    pub(crate) async fn require(&self, id: AgencyId) -> Result<agency::Model> {
        let query = agency::Entity::find().filter(agency::Column::Id.eq(id));
        self.db.one(query).await?.ok_or(Error::NotFound)
    }

    /// The agency with a slug, whatever its state.
    pub(crate) async fn find_by_slug(&self, slug: &str) -> Result<Option<agency::Model>> {
        self.db.one(agency::Entity::find().filter(agency::Column::Slug.eq(slug))).await
    }

    /// Whether an agency has a slug; deleted ones keep theirs.
    pub(super) async fn has_slug(&self, slug: &str) -> Result<bool> {
        let query = agency::Entity::find().filter(agency::Column::Slug.eq(slug));
        Ok(self.db.one(query).await?.is_some())
    }

    /// Which of some slugs are taken.
    pub(super) async fn taken(&self, slugs: &[String]) -> Result<HashSet<String>> {
        let query = agency::Entity::find().filter(agency::Column::Slug.is_in(slugs));
        Ok(self.db.all(query).await?.into_iter().map(|agency| agency.slug).collect())
    }

    /// Adds an agency unless its slug is taken; tells whether it did. Waits for a parallel unit of
    /// work that wants the same slug.
    pub(super) async fn insert_unless_taken(&self, row: agency::ActiveModel) -> Result<bool> {
        self.db.insert_unless_present(row).await
    }

    /// Runs a conditional update of one agency.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] when the condition no longer held.
    pub(crate) async fn update(
        &self,
        id: AgencyId,
        update: UpdateMany<agency::Entity>,
    ) -> Result<agency::Model> {
        let update = update.filter(agency::Column::Id.eq(id));
        self.db.update_returning(update).await?.pop().ok_or(Error::PreconditionFailed)
    }
}
