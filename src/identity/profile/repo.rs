//! Rows of profiles.

use entity::profile;
use kernel::error::{Error, Result};
use kernel::store::AgencyDb;
use sea_orm::{EntityTrait, UpdateMany};

/// The agency's profile.
pub(super) struct ProfileRepo<'a> {
    db: &'a AgencyDb,
}

impl<'a> ProfileRepo<'a> {
    pub(super) fn new(db: &'a AgencyDb) -> Self {
        Self { db }
    }

    /// The profile; every agency has one.
    pub(super) async fn require(&self) -> Result<profile::Model> {
        self.db
            .one(profile::Entity::find())
            .await?
            .ok_or_else(|| Error::internal("an agency without profile"))
    }

    /// Runs a conditional update.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] when the condition no longer held.
    pub(super) async fn update(
        &self,
        update: UpdateMany<profile::Entity>,
    ) -> Result<profile::Model> {
        self.db.update_returning(update).await?.pop().ok_or(Error::PreconditionFailed)
    }
}
