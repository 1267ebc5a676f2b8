//! Rows of API keys.

use entity::ApiKeyId;
use entity::api_key::{ActiveModel, Column, Entity, Model};
use kernel::error::{Error, Result};
use kernel::store::{AgencyDb, Page, PageRequest, Sort};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, UpdateMany};

/// An agency's API keys.
pub(super) struct ApiKeyRepo<'a> {
    db: &'a AgencyDb,
}

impl<'a> ApiKeyRepo<'a> {
    pub(super) fn new(db: &'a AgencyDb) -> Self {
        Self { db }
    }

    /// Keys, newest first; revoked ones are among them.
    pub(super) async fn page(&self, page: &PageRequest) -> Result<Page<Model>> {
        self.db.page(Entity::find(), &Sort::descending([Column::Id]), page).await
    }

    /// The key with an id.
    pub(super) async fn require(&self, id: ApiKeyId) -> Result<Model> {
        self.db.require::<Entity>(id).await
    }

    /// Adds a key.
    pub(super) async fn insert(&self, row: ActiveModel) -> Result<Model> {
        self.db.insert(row).await
    }

    /// Runs a conditional update.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] when the condition no longer held.
    pub(super) async fn update(&self, id: ApiKeyId, update: UpdateMany<Entity>) -> Result<Model> {
        let update = update.filter(Column::Id.eq(id));
        self.db.update_returning(update).await?.pop().ok_or(Error::PreconditionFailed)
    }
}
