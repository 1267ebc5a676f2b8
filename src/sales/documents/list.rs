//! Lists of documents: one query for all kinds.

use entity::document::{self};
use entity::{ClientId, DocumentId};
use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::store::{Page, PageRequest, Sort};
use kernel::tenancy::Permission;
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr};
use sea_orm::{ColumnTrait, Condition, QueryFilter};

use super::lifecycle::Lifecycle;
use super::repo;

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Narrow {
    /// An effective state.
    pub status: Option<String>,
    /// One client.
    pub client_id: Option<ClientId>,
    /// Made from one document.
    pub source_id: Option<DocumentId>,
    /// A part of number, title, client name or address; letter case does not matter.
    pub search: Option<String>,
}

/// A page of the caller's documents of a kind, newest first.
///
/// # Errors
/// [`Error::Validation`] for an unknown state; those of the database.
pub async fn page<L: Lifecycle>(
    context: &TenantContext,
    view_all: Permission,
    narrow: &Narrow,
    page: &PageRequest,
) -> Result<Page<document::Model>> {
    let mut query = repo::visible(L::KIND, context.rows(view_all));
    if let Some(status) = &narrow.status {
        query = query.filter(in_state::<L>(status, context)?);
    }
    if let Some(client_id) = narrow.client_id {
        query = query.filter(document::Column::ClientId.eq(client_id));
    }
    if let Some(source_id) = narrow.source_id {
        query = query.filter(document::Column::SourceId.eq(source_id));
    }
    if let Some(search) = narrow.search.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        query = query.filter(matches(search));
    }
    let newest_first = Sort::descending([document::Column::Id]);
    context.db().page(query, &newest_first, page).await
}

/// Rows whose state, adjusted for the time, is the given one.
fn in_state<L: Lifecycle>(status: &str, context: &TenantContext) -> Result<Condition> {
    let wanted: L = status.parse().map_err(|_| {
        let known: Vec<&str> = L::STATES.iter().map(|state| state.name()).collect();
        Error::invalid("?status", "unknown", format!("must be one of {}", known.join(", ")))
    })?;
    let now = context.now();
    let expired = || document::Column::ExpiresAt.lte(now);
    let not_expired = || {
        Condition::any()
            .add(document::Column::ExpiresAt.is_null())
            .add(document::Column::ExpiresAt.gt(now))
    };
    let mut any = Condition::any();
    for state in L::STATES {
        let stored = Condition::all().add(document::Column::Status.eq(state.name()));
        if *state == wanted {
            any = any.add(stored.clone().add(not_expired()));
        }
        if state.once_expired() == wanted {
            any = any.add(stored.add(expired()));
        }
    }
    Ok(any)
}

fn matches(search: &str) -> Condition {
    let escaped: String = search
        .to_lowercase()
        .chars()
        .flat_map(|c| if "\\%_".contains(c) { vec!['\\', c] } else { vec![c] })
        .collect();
    let pattern = LikeExpr::new(format!("%{escaped}%")).escape('\\');
    [
        document::Column::Number,
        document::Column::Title,
        document::Column::ClientBusinessName,
        document::Column::ClientEmail,
    ]
    .into_iter()
    .fold(Condition::any(), |any, column| {
        any.add(
            Expr::expr(Func::lower(Expr::col((document::Entity, column)))).like(pattern.clone()),
        )
    })
}
