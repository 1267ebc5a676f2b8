//! Statements on `clients`.

use chrono::{DateTime, Utc};
use entity::ClientId;
use entity::client::ClientStatus;
use entity::client::{ActiveModel, Column, Entity, Model};
use kernel::error::{Error, Result, Violation, violation};
use kernel::store::{AgencyDb, Page, PageRequest, Sort};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, Select};

/// Takes the special meaning from a character of a `LIKE` pattern.
const ESCAPE: char = '!';

/// The rows of one agency's clients.
pub(super) struct ClientRepo<'d> {
    db: &'d AgencyDb,
}

impl<'d> ClientRepo<'d> {
    pub(super) fn new(db: &'d AgencyDb) -> Self {
        Self { db }
    }

    /// Clients of a status (`None`: any) in which `search` occurs, by name.
    pub(super) async fn page(
        &self,
        status: Option<ClientStatus>,
        search: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<Model>> {
        let query =
            search.into_iter().fold(of_status(status), |query, text| query.filter(mentions(text)));
        self.db.page(query, &Sort::ascending([Column::NameKey, Column::Id]), page).await
    }

    /// How many clients have a status (`None`: any).
    pub(super) async fn count(&self, status: Option<ClientStatus>) -> Result<u64> {
        self.db.count(of_status(status)).await
    }

    /// The client with an address in its stored form.
    pub(super) async fn find_by_email(&self, email: &str) -> Result<Option<Model>> {
        self.db.one(Entity::find().filter(Column::Email.eq(email))).await
    }

    /// Inserts a client unless its address is taken; tells whether it did.
    ///
    /// Not an insert that may fail: on Postgres a failed statement ends the unit of work.
    pub(super) async fn insert_unless_taken(&self, row: ActiveModel) -> Result<bool> {
        let taken = OnConflict::columns([Column::AgencyId, Column::Email]).do_nothing().to_owned();
        Ok(self.db.upsert(row, taken).await? > 0)
    }

    /// Writes changes on top of the version that was read; `None` when the new address is taken.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] when the row has changed since.
    pub(super) async fn update(
        &self,
        read: &Model,
        changes: ActiveModel,
        now: DateTime<Utc>,
    ) -> Result<Option<Model>> {
        let changes =
            ActiveModel { version: Set(read.version + 1), updated_at: Set(now), ..changes };
        let update = Entity::update_many()
            .set(changes)
            .filter(Column::Id.eq(read.id))
            .filter(Column::Version.eq(read.version));
        match self.db.try_update_returning(update).await? {
            Ok(mut rows) => rows.pop().map(Some).ok_or(Error::PreconditionFailed),
            Err(error) if violation(&error) == Some(Violation::Unique) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Moves a client from one status to another; `None` when it is not in the first.
    pub(super) async fn set_status(
        &self,
        id: ClientId,
        from: ClientStatus,
        to: ClientStatus,
        now: DateTime<Utc>,
    ) -> Result<Option<Model>> {
        let update = Entity::update_many()
            .col_expr(Column::Status, Expr::value(to))
            .col_expr(Column::Version, Expr::col(Column::Version).add(1))
            .col_expr(Column::UpdatedAt, Expr::value(now))
            .filter(Column::Id.eq(id))
            .filter(Column::Status.eq(from));
        Ok(self.db.update_returning(update).await?.pop())
    }
}

fn of_status(status: Option<ClientStatus>) -> Select<Entity> {
    let query = Entity::find();
    match status {
        Some(status) => query.filter(Column::Status.eq(status)),
        None => query,
    }
}

/// Rows in which a text occurs, in any case.
///
/// SQLite folds the case of ASCII letters only. Names and addresses are stored folded; a contact's
/// name is therefore also compared as it was typed.
fn mentions(text: &str) -> Condition {
    let (typed, folded) = (pattern(text), pattern(&text.to_lowercase()));
    let contact_name = || Expr::col((Entity, Column::ContactName));
    Condition::any()
        .add(Expr::col((Entity, Column::NameKey)).like(folded.clone()))
        .add(Expr::col((Entity, Column::Email)).like(folded.clone()))
        .add(Expr::expr(Func::lower(contact_name())).like(folded))
        .add(contact_name().like(typed))
}

/// A `LIKE` pattern that finds the text itself, whatever characters it holds.
fn pattern(text: &str) -> LikeExpr {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(character);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape(ESCAPE)
}
