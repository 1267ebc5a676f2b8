//! Reading the log.

use std::collections::HashMap;

use entity::{UserId, activity, membership};
use kernel::error::Result;
use kernel::store::{Page, PageRequest, Sort};
use kernel::tenancy::MixedRows;
use kernel::{Error, TenantContext};
use sea_orm::sea_query::LikeExpr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

use super::model::ActivityView;

/// What the log is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Narrow {
    /// The beginning of the action.
    pub action: Option<String>,
    /// The kind of thing.
    pub entity_type: Option<String>,
    /// The id of the thing, with or without its prefix.
    pub entity_id: Option<String>,
}

/// A page of the log, newest first. Members see what is about their own rows and about shared
/// ones.
///
/// # Errors
/// [`Error::Validation`] for an id that is none; those of the database.
pub async fn page(
    context: &TenantContext,
    narrow: &Narrow,
    page: &PageRequest,
) -> Result<Page<ActivityView>> {
    let mut query = activity::Entity::find();
    if let Some(action) = &narrow.action {
        let escaped = action.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        query = query.filter(
            activity::Column::Action.like(LikeExpr::new(format!("{escaped}%")).escape('\\')),
        );
    }
    if let Some(entity_type) = &narrow.entity_type {
        query = query.filter(activity::Column::EntityType.eq(entity_type));
    }
    if let Some(id) = &narrow.entity_id {
        query = query.filter(activity::Column::EntityId.eq(bare_id(id)?));
    }
    if let MixedRows::Some { own, in_full } = context.mixed_rows() {
        let visible = Condition::any()
            .add(activity::Column::OwnerId.eq(own))
            .add(activity::Column::OwnerId.is_null())
            .add(activity::Column::EntityType.is_in(in_full));
        query = query.filter(visible);
    }
    let db = context.db();
    let rows = db.page(query, &Sort::descending([activity::Column::Id]), page).await?;
    let names = names(context, &rows.data).await?;
    Ok(rows.map(|row| {
        let source =
            row.metadata.get("source").and_then(|value| value.as_str()).unwrap_or_default();
        let source = source.to_owned();
        let api_key_id = row.metadata.get("api_key_id").and_then(|value| value.as_str());
        let api_key_id = api_key_id.map(ToOwned::to_owned);
        let actor = match row.user_id {
            Some(id) => names.get(&id).cloned().unwrap_or_else(|| "Unknown".to_owned()),
            None if source == "public" => "Client".to_owned(),
            None if source == "system" => "System".to_owned(),
            // Done by somebody whose account has been deleted since.
            None => "Unknown".to_owned(),
        };
        ActivityView {
            id: row.id,
            action: row.action,
            entity_type: row.entity_type,
            entity_id: row.entity_id,
            user_id: row.user_id,
            actor,
            source,
            api_key_id,
            old_values: row.old_values,
            new_values: row.new_values,
            created_at: row.created_at,
        }
    }))
}

/// The UUID of an id as the wire has it, or a bare one.
fn bare_id(text: &str) -> Result<uuid::Uuid> {
    let refuse = || Error::invalid("?entity_id", "invalid", "is not an id");
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let (_, rest) = text.rsplit_once('_').ok_or_else(refuse)?;
    let id: entity::DocumentId = format!("doc_{rest}").parse().map_err(|_| refuse())?;
    Ok(id.uuid())
}

/// The names that the people of these entries have in the agency.
async fn names(
    context: &TenantContext,
    rows: &[activity::Model],
) -> Result<HashMap<UserId, String>> {
    let mut people: Vec<UserId> = rows.iter().filter_map(|row| row.user_id).collect();
    people.sort_unstable();
    people.dedup();
    if people.is_empty() {
        return Ok(HashMap::new());
    }
    let query = membership::Entity::find().filter(membership::Column::UserId.is_in(people));
    let members = context.db().all(query).await?;
    Ok(members
        .into_iter()
        .map(|member| {
            let name = member.display_name;
            (member.user_id, if name.is_empty() { "Member".to_owned() } else { name })
        })
        .collect())
}
