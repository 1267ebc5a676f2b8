//! Statements on the rows of one agency.

use entity::{AgencyOwned, Identified};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ActiveValue, ColumnTrait, DbErr, DeleteMany,
    EntityTrait, FromQueryResult, IntoActiveModel, ModelTrait, PaginatorTrait, QueryFilter,
    QuerySelect, Select, UpdateMany,
};

use super::conn::Conn;
use super::filter::Filter;
use super::{Page, PageRequest, Sort};
use crate::error::{Error, Result};
use crate::tenancy::AgencyScope;

/// Reads rows of one agency; inside an [`super::AgencyTx`], writes them too.
///
/// A query is built elsewhere but runs only here, where `agency_id = ?` is added to it.
pub struct AgencyDb {
    scope: AgencyScope,
    filter: Filter,
    pub(super) conn: Conn,
}

impl AgencyDb {
    pub(super) fn new(scope: AgencyScope, filter: Filter, conn: Conn) -> Self {
        Self { scope, filter, conn }
    }

    /// Whose rows these are.
    pub fn scope(&self) -> AgencyScope {
        self.scope
    }

    fn mine<E: AgencyOwned>(&self) -> sea_orm::sea_query::SimpleExpr {
        self.filter.apply(E::agency_column().eq(self.scope.agency_id()))
    }

    fn by_key<E: Identified>(&self, id: impl Into<uuid::Uuid>) -> Select<E> {
        E::find().filter(E::id_column().eq(id.into()))
    }

    /// The first row of a query, if any.
    ///
    /// # Errors
    /// Those of the database, as all methods here.
    pub async fn one<E: AgencyOwned>(&self, query: Select<E>) -> Result<Option<E::Model>> {
        Ok(query.filter(self.mine::<E>()).one(&self.conn).await?)
    }

    /// All rows of a query that is bounded by its nature (lines of one document); everything else
    /// is a [`AgencyDb::page`].
    ///
    /// # Errors
    /// Those of the database.
    pub async fn all<E: AgencyOwned>(&self, query: Select<E>) -> Result<Vec<E::Model>> {
        Ok(query.filter(self.mine::<E>()).all(&self.conn).await?)
    }

    /// The row with an id, if this agency has it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find<E: Identified>(&self, id: impl Into<uuid::Uuid>) -> Result<Option<E::Model>> {
        self.one(self.by_key::<E>(id)).await
    }

    /// The row with an id.
    ///
    /// # Errors
    /// [`Error::NotFound`] when this agency has none.
    pub async fn require<E: Identified>(&self, id: impl Into<uuid::Uuid>) -> Result<E::Model> {
        self.find::<E>(id).await?.ok_or(Error::NotFound)
    }

    /// The rows with the given ids, in no order; those this agency does not have are left out.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find_all<E: Identified>(
        &self,
        ids: impl IntoIterator<Item = uuid::Uuid>,
    ) -> Result<Vec<E::Model>> {
        let mut ids: Vec<uuid::Uuid> = ids.into_iter().collect();
        let Some(last) = ids.last().copied() else { return Ok(Vec::new()) };
        // Lists of few different lengths, so that the statement cache is not flooded.
        ids.resize(ids.len().next_power_of_two(), last);
        self.all(E::find().filter(E::id_column().is_in(ids))).await
    }

    /// How many rows a query has.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn count<E: AgencyOwned>(&self, query: Select<E>) -> Result<u64>
    where
        E::Model: Send + Sync + FromQueryResult,
    {
        Ok(query.filter(self.mine::<E>()).count(&self.conn).await?)
    }

    /// The sum of a whole-number column over a query's rows; 0 without any.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn sum<E: AgencyOwned>(&self, query: Select<E>, column: E::Column) -> Result<i64> {
        // Postgres sums up to an arbitrary precision that no integer would take.
        let sum = sea_orm::ExprTrait::cast_as(column.sum(), "BIGINT");
        let query = query.filter(self.mine::<E>()).select_only().column_as(sum, "total");
        let total = query.into_tuple::<Option<i64>>().one(&self.conn).await?;
        Ok(total.flatten().unwrap_or(0))
    }

    /// One page of a query in a total order.
    ///
    /// # Errors
    /// [`Error::Validation`] for a cursor of another list; those of the database.
    pub async fn page<E: AgencyOwned>(
        &self,
        query: Select<E>,
        sort: &Sort<E>,
        page: &PageRequest,
    ) -> Result<Page<E::Model>>
    where
        E::Model: ModelTrait<Entity = E> + Send + Sync + FromQueryResult,
    {
        let total = if page.with_total { Some(self.count(query.clone()).await?) } else { None };
        let data = self.all(sort.apply(query, page)?).await?;
        sort.cut(data, page, total)
    }

    /// Refuses to write outside a unit of work.
    fn writing(&self) -> Result<&Conn> {
        if self.conn.is_unit_of_work() {
            Ok(&self.conn)
        } else {
            Err(Error::internal("a write outside a unit of work"))
        }
    }

    /// Stamps the owner on a row to be written. A row that names another agency is a bug.
    fn stamp<A>(&self, row: &mut A) -> Result<()>
    where
        A: ActiveModelTrait,
        A::Entity: AgencyOwned,
    {
        let column = <A::Entity as AgencyOwned>::agency_column();
        let mine: sea_orm::Value = self.scope.agency_id().into();
        match row.get(column) {
            ActiveValue::Set(other) | ActiveValue::Unchanged(other) if other != mine => {
                Err(Error::internal("a row of another agency was to be written"))
            }
            _ => {
                row.set(column, mine);
                Ok(())
            }
        }
    }

    /// Inserts a row.
    ///
    /// # Errors
    /// The driver's own, so that the caller can map a named key: see [`crate::error::violation`].
    pub async fn try_insert<A>(
        &self,
        mut row: A,
    ) -> Result<Result<<A::Entity as EntityTrait>::Model, DbErr>>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        A::Entity: AgencyOwned,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        self.stamp(&mut row)?;
        Ok(row.insert(self.writing()?).await)
    }

    /// Inserts a row for which no key can collide.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn insert<A>(&self, row: A) -> Result<<A::Entity as EntityTrait>::Model>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        A::Entity: AgencyOwned,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        Ok(self.try_insert(row).await??)
    }

    /// Inserts rows in one statement; none is fine.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn insert_all<A>(&self, rows: Vec<A>) -> Result<()>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        A::Entity: AgencyOwned,
    {
        let mut rows = rows;
        if rows.is_empty() {
            return Ok(());
        }
        for row in &mut rows {
            self.stamp(row)?;
        }
        A::Entity::insert_many(rows).exec_without_returning(self.writing()?).await?;
        Ok(())
    }

    /// Inserts a row, or does what `on_conflict` says; returns how many rows changed.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn upsert<A>(
        &self,
        mut row: A,
        on_conflict: sea_orm::sea_query::OnConflict,
    ) -> Result<u64>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        A::Entity: AgencyOwned,
    {
        self.stamp(&mut row)?;
        let insert = A::Entity::insert(row).on_conflict(on_conflict);
        Ok(insert.exec_without_returning(self.writing()?).await?)
    }

    /// Runs a conditional update; returns how many rows it changed.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn update_many<E: AgencyOwned>(&self, update: UpdateMany<E>) -> Result<u64> {
        Ok(update.filter(self.mine::<E>()).exec(self.writing()?).await?.rows_affected)
    }

    /// Runs a conditional update and returns the changed rows.
    ///
    /// # Errors
    /// The driver's own, so that the caller can map a named key: see [`crate::error::violation`].
    pub async fn try_update_returning<E: AgencyOwned>(
        &self,
        update: UpdateMany<E>,
    ) -> Result<Result<Vec<E::Model>, DbErr>> {
        Ok(update.filter(self.mine::<E>()).exec_with_returning(self.writing()?).await)
    }

    /// Runs a conditional update for which no key can collide and returns the changed rows.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn update_returning<E: AgencyOwned>(
        &self,
        update: UpdateMany<E>,
    ) -> Result<Vec<E::Model>> {
        Ok(self.try_update_returning(update).await??)
    }

    /// Runs a conditional delete; returns how many rows went.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn delete_many<E: AgencyOwned>(&self, delete: DeleteMany<E>) -> Result<u64> {
        Ok(delete.filter(self.mine::<E>()).exec(self.writing()?).await?.rows_affected)
    }

    /// Global tables on the same connection, and with the same rights: on Postgres the rows of other
    /// agencies do not exist here. `reason` says why no agency's scope will do.
    pub fn platform(&self, reason: &'static str) -> super::PlatformDb<'_> {
        super::PlatformDb::on(&self.conn, reason)
    }
}
