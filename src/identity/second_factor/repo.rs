//! Rows of second factors, recovery codes, sign-ins that wait, and windows of attempts.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{UserId, attempt_window, pending_sign_in, recovery_code, second_factor};
use kernel::error::Result;
use kernel::store::PlatformDb;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, LockType};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, UpdateMany};

/// Why these rows are reached outside an agency's scope.
pub(super) const REASON: &str = "a person has one second factor for all agencies";

/// Rows of `second_factors` and `recovery_codes`.
pub(super) struct FactorRepo<'c> {
    db: PlatformDb<'c>,
}

impl<'c> FactorRepo<'c> {
    pub(super) fn new(db: PlatformDb<'c>) -> Self {
        Self { db }
    }

    /// The row of a person, if they ever began to set something up.
    pub(super) async fn find(&self, user_id: UserId) -> Result<Option<second_factor::Model>> {
        let query = second_factor::Entity::find().filter(second_factor::Column::UserId.eq(user_id));
        self.db.one(query).await
    }

    /// Makes the row of a person unless there is one.
    pub(super) async fn ensure(&self, user_id: UserId, now: DateTime<Utc>) -> Result<()> {
        let row = second_factor::ActiveModel {
            user_id: Set(user_id),
            totp_secret: Set(String::new()),
            totp_enabled_at: Set(None),
            totp_last_step: Set(0),
            totp_pending: Set(String::new()),
            totp_pending_until: Set(None),
            phone_pending: Set(String::new()),
            phone_pending_until: Set(None),
            created_at: Set(now),
            updated_at: Set(now),
        };
        self.db.insert_unless_present(row).await.map(|_| ())
    }

    async fn update(
        &self,
        user_id: UserId,
        now: DateTime<Utc>,
        update: UpdateMany<second_factor::Entity>,
    ) -> Result<bool> {
        let update = update
            .col_expr(second_factor::Column::UpdatedAt, Expr::value(now))
            .filter(second_factor::Column::UserId.eq(user_id));
        Ok(self.db.update_many(update).await? > 0)
    }

    /// Keeps the secret of an app that is being set up.
    pub(super) async fn set_pending_totp(
        &self,
        user_id: UserId,
        sealed: String,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let update = second_factor::Entity::update_many()
            .col_expr(second_factor::Column::TotpPending, Expr::value(sealed))
            .col_expr(second_factor::Column::TotpPendingUntil, Expr::value(Some(until)));
        self.update(user_id, now, update).await.map(|_| ())
    }

    /// Has the app asked for from now on; the code of `step` is used up.
    pub(super) async fn enable_totp(
        &self,
        user_id: UserId,
        sealed: String,
        step: i64,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let update = second_factor::Entity::update_many()
            .col_expr(second_factor::Column::TotpSecret, Expr::value(sealed))
            .col_expr(second_factor::Column::TotpEnabledAt, Expr::value(Some(now)))
            .col_expr(second_factor::Column::TotpLastStep, Expr::value(step))
            .col_expr(second_factor::Column::TotpPending, Expr::value(""))
            .col_expr(second_factor::Column::TotpPendingUntil, Expr::value(None::<DateTime<Utc>>));
        self.update(user_id, now, update).await.map(|_| ())
    }

    /// Forgets the app.
    pub(super) async fn disable_totp(&self, user_id: UserId, now: DateTime<Utc>) -> Result<()> {
        let update = second_factor::Entity::update_many()
            .col_expr(second_factor::Column::TotpSecret, Expr::value(""))
            .col_expr(second_factor::Column::TotpEnabledAt, Expr::value(None::<DateTime<Utc>>))
            .col_expr(second_factor::Column::TotpPending, Expr::value(""));
        self.update(user_id, now, update).await?;
        self.delete_codes(user_id).await
    }

    /// Uses the code of a time step up; tells whether it, or a later one, had not been used yet. Of
    /// parallel callers one is told so.
    pub(super) async fn use_step(
        &self,
        user_id: UserId,
        step: i64,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let update = second_factor::Entity::update_many()
            .col_expr(second_factor::Column::TotpLastStep, Expr::value(step))
            .filter(second_factor::Column::TotpEnabledAt.is_not_null())
            .filter(second_factor::Column::TotpLastStep.lt(step));
        self.update(user_id, now, update).await
    }

    /// Keeps a number that is being registered; empty for none.
    pub(super) async fn set_pending_phone(
        &self,
        user_id: UserId,
        number: &str,
        until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let update = second_factor::Entity::update_many()
            .col_expr(second_factor::Column::PhonePending, Expr::value(number))
            .col_expr(second_factor::Column::PhonePendingUntil, Expr::value(until));
        self.update(user_id, now, update).await.map(|_| ())
    }

    /// How many recovery codes of a person have not been used.
    pub(super) async fn codes_left(&self, user_id: UserId) -> Result<u64> {
        let query = recovery_code::Entity::find()
            .filter(recovery_code::Column::UserId.eq(user_id))
            .filter(recovery_code::Column::UsedAt.is_null())
            .limit(100);
        Ok(u64::try_from(self.db.all(query).await?.len()).unwrap_or(u64::MAX))
    }

    /// Replaces the recovery codes of a person.
    pub(super) async fn replace_codes(
        &self,
        user_id: UserId,
        hashes: Vec<String>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.delete_codes(user_id).await?;
        let rows = hashes.into_iter().map(|hash| recovery_code::ActiveModel {
            user_id: Set(user_id),
            code_hash: Set(hash),
            used_at: Set(None),
            created_at: Set(now),
        });
        self.db.insert_all_unless_present(rows.collect()).await
    }

    async fn delete_codes(&self, user_id: UserId) -> Result<()> {
        let delete =
            recovery_code::Entity::delete_many().filter(recovery_code::Column::UserId.eq(user_id));
        self.db.delete_many(delete).await.map(|_| ())
    }

    /// Uses a recovery code up; tells whether there was one to use. Of parallel callers one is told
    /// so.
    pub(super) async fn use_code(
        &self,
        user_id: UserId,
        hash: &str,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let update = recovery_code::Entity::update_many()
            .col_expr(recovery_code::Column::UsedAt, Expr::value(Some(now)))
            .filter(recovery_code::Column::UserId.eq(user_id))
            .filter(recovery_code::Column::CodeHash.eq(hash))
            .filter(recovery_code::Column::UsedAt.is_null());
        Ok(self.db.update_many(update).await? > 0)
    }

    /// Removes everything but the telephone number, which is the person's.
    pub(super) async fn delete(&self, user_id: UserId) -> Result<()> {
        self.delete_codes(user_id).await?;
        let delete =
            second_factor::Entity::delete_many().filter(second_factor::Column::UserId.eq(user_id));
        self.db.delete_many(delete).await.map(|_| ())
    }
}

/// Rows of `pending_sign_ins`. An id is the hash of a token, never the token.
pub(super) struct PendingRepo<'c> {
    db: PlatformDb<'c>,
}

impl<'c> PendingRepo<'c> {
    pub(super) fn new(db: PlatformDb<'c>) -> Self {
        Self { db }
    }

    /// Adds a sign-in that waits.
    pub(super) async fn insert(&self, row: pending_sign_in::ActiveModel) -> Result<()> {
        self.db.insert(row).await.map(|_| ())
    }

    fn live(id: &str, now: DateTime<Utc>, attempts: i32) -> Condition {
        Condition::all()
            .add(pending_sign_in::Column::Id.eq(id))
            .add(pending_sign_in::Column::UsedAt.is_null())
            .add(pending_sign_in::Column::ExpiresAt.gt(now))
            .add(pending_sign_in::Column::Attempts.lt(attempts))
    }

    /// The sign-in of a token, while it waits and has attempts left of so many.
    pub(super) async fn find(
        &self,
        id: &str,
        attempts: i32,
        now: DateTime<Utc>,
    ) -> Result<Option<pending_sign_in::Model>> {
        let query = pending_sign_in::Entity::find().filter(Self::live(id, now, attempts));
        self.db.one(query).await
    }

    /// Takes one of so many attempts, and locks the row until the unit of work ends; `None` when
    /// the sign-in does not wait (any more) or none is left.
    pub(super) async fn take_attempt(
        &self,
        id: &str,
        attempts: i32,
        now: DateTime<Utc>,
    ) -> Result<Option<pending_sign_in::Model>> {
        let update = pending_sign_in::Entity::update_many()
            .col_expr(
                pending_sign_in::Column::Attempts,
                Expr::col(pending_sign_in::Column::Attempts).add(1),
            )
            .filter(Self::live(id, now, attempts));
        Ok(self.db.update_returning(update).await?.pop())
    }

    /// Gives an attempt back that came to nothing.
    pub(super) async fn return_attempt(&self, id: &str) -> Result<()> {
        let update = pending_sign_in::Entity::update_many()
            .col_expr(
                pending_sign_in::Column::Attempts,
                Expr::col(pending_sign_in::Column::Attempts).sub(1),
            )
            .filter(pending_sign_in::Column::Id.eq(id))
            .filter(pending_sign_in::Column::Attempts.gt(0));
        self.db.update_many(update).await.map(|_| ())
    }

    /// Remembers where a code was sent.
    pub(super) async fn set_phone(&self, id: &str, number: &str) -> Result<()> {
        let update = pending_sign_in::Entity::update_many()
            .col_expr(pending_sign_in::Column::Phone, Expr::value(number))
            .filter(pending_sign_in::Column::Id.eq(id));
        self.db.update_many(update).await.map(|_| ())
    }

    /// The sign-in with an id while it waits, however many attempts it had; locked until the unit of
    /// work ends.
    pub(super) async fn find_locked(
        &self,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<pending_sign_in::Model>> {
        let query = pending_sign_in::Entity::find().filter(Self::live(id, now, i32::MAX));
        self.db.one(query.lock(LockType::NoKeyUpdate)).await
    }

    /// Uses a sign-in up, however many attempts it had; `None` when it does not wait (any more). Of
    /// parallel callers one gets the row.
    pub(super) async fn consume(
        &self,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<pending_sign_in::Model>> {
        let update = pending_sign_in::Entity::update_many()
            .col_expr(pending_sign_in::Column::UsedAt, Expr::value(Some(now)))
            .filter(Self::live(id, now, i32::MAX));
        Ok(self.db.update_returning(update).await?.pop())
    }

    /// Voids the sign-ins of a person that wait.
    pub(super) async fn void(&self, user_id: UserId) -> Result<()> {
        let delete = pending_sign_in::Entity::delete_many()
            .filter(pending_sign_in::Column::UserId.eq(user_id));
        self.db.delete_many(delete).await.map(|_| ())
    }
}

/// How often something may be tried.
pub(super) struct Window {
    /// What is counted, and for whom.
    pub(super) key: String,
    /// How often.
    pub(super) most: i32,
    /// In how long, from the first time.
    pub(super) lasts: TimeDelta,
}

/// Rows of `attempt_windows`.
pub(super) struct WindowRepo<'c> {
    db: PlatformDb<'c>,
}

impl<'c> WindowRepo<'c> {
    pub(super) fn new(db: PlatformDb<'c>) -> Self {
        Self { db }
    }

    /// Counts one attempt, and locks the count until the unit of work ends. `Some` when there were
    /// too many already: when the window ends.
    pub(super) async fn take(
        &self,
        window: &Window,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>> {
        use attempt_window::Column::{Count, EndsAt, Key};

        let fresh = attempt_window::ActiveModel {
            key: Set(window.key.clone()),
            count: Set(0),
            ends_at: Set(now + window.lasts),
        };
        self.db.insert_unless_present(fresh).await?;
        let count = Expr::case(EndsAt.lte(now), 1).finally(Expr::col(Count).add(1));
        let ends_at = Expr::case(EndsAt.lte(now), now + window.lasts).finally(Expr::col(EndsAt));
        let update = attempt_window::Entity::update_many()
            .col_expr(Count, count.into())
            .col_expr(EndsAt, ends_at.into())
            .filter(Key.eq(&window.key))
            .filter(Condition::any().add(EndsAt.lte(now)).add(Count.lt(window.most)));
        if self.db.update_many(update).await? > 0 {
            return Ok(None);
        }
        let row = self.db.one(attempt_window::Entity::find().filter(Key.eq(&window.key))).await?;
        Ok(Some(row.map_or(now, |row| row.ends_at)))
    }

    /// Takes one attempt back.
    pub(super) async fn give_back(&self, key: &str) -> Result<()> {
        use attempt_window::Column::{Count, Key};

        let update = attempt_window::Entity::update_many()
            .col_expr(Count, Expr::col(Count).sub(1))
            .filter(Key.eq(key))
            .filter(Count.gt(0));
        self.db.update_many(update).await.map(|_| ())
    }

    /// Counts from zero again.
    pub(super) async fn forget(&self, key: &str) -> Result<()> {
        use attempt_window::Column::{Count, Key};

        let update = attempt_window::Entity::update_many()
            .col_expr(Count, Expr::value(0))
            .filter(Key.eq(key));
        self.db.update_many(update).await.map(|_| ())
    }
}
