//! Counting views through the public link (DEC-30): once for each visitor in half an hour, not for
//! robots, and never at the cost of the page.

use chrono::TimeDelta;
use entity::{document, document_view};
use kernel::TenantContext;
use kernel::error::Result;
use kernel::store::{Activity, Event};
use kernel::tenancy::RowFilter;
use kernel::text::sha256_hex;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::lifecycle::{self, Lifecycle};
use super::repo;

/// A visitor who comes back within this time is not counted again.
const WINDOW: TimeDelta = TimeDelta::minutes(30);

/// Words in the names of programs that fetch pages for nobody's eyes.
const ROBOTS: &[&str] = &[
    "bot",
    "crawler",
    "spider",
    "preview",
    "facebookexternalhit",
    "slack",
    "whatsapp",
    "telegram",
    "skype",
    "linkedin",
    "curl-healthcheck",
    "monitor",
    "scanner",
];

/// Counts a view, and moves a sent document on to viewed by the first one.
///
/// Never fails: what goes wrong is logged, and the page is shown all the same.
pub async fn count<L: Lifecycle>(
    context: &TenantContext,
    document: &document::Model,
    viewed: L::Event,
    activity: &'static str,
) {
    let agent = context.request().user_agent.as_deref().unwrap_or_default().to_lowercase();
    let is_robot = agent.is_empty() || ROBOTS.iter().any(|robot| agent.contains(robot));
    if is_robot || context.request().headers_only {
        return;
    }
    if let Err(error) = try_count::<L>(context, document, viewed, activity, &agent).await {
        tracing::warn!(error = %error, document.id = %document.id, "a view could not be counted");
    }
}

async fn try_count<L: Lifecycle>(
    context: &TenantContext,
    seen: &document::Model,
    viewed: L::Event,
    activity: &'static str,
    agent: &str,
) -> Result<()> {
    let now = context.now();
    let visitor = sha256_hex(format!(
        "{}\n{}\n{agent}\n{}",
        context.today(),
        seen.id,
        context.request().ip_key()
    ));
    let tx = context.begin().await?;
    let row = document_view::ActiveModel {
        document_id: Set(seen.id),
        visitor: Set(visitor),
        viewed_at: Set(now),
        ..Default::default()
    };
    let again = OnConflict::columns([
        document_view::Column::AgencyId,
        document_view::Column::DocumentId,
        document_view::Column::Visitor,
    ])
    .value(document_view::Column::ViewedAt, now)
    .action_and_where(
        Expr::col((document_view::Entity, document_view::Column::ViewedAt)).lte(now - WINDOW),
    )
    .to_owned();
    if tx.upsert(row, again).await? == 0 {
        return Ok(());
    }
    // The count does not touch the version: an editor's change must not fail for a visitor.
    let count = document::Entity::update_many()
        .col_expr(document::Column::ViewCount, Expr::col(document::Column::ViewCount).add(1))
        .col_expr(document::Column::LastViewedAt, Expr::value(now))
        .filter(document::Column::Id.eq(seen.id));
    tx.update_many(count).await?;
    let document = repo::lock(&tx, L::KIND, seen.id, RowFilter::All).await?;
    if document.first_viewed_at.is_none() {
        let first = |row: sea_orm::UpdateMany<document::Entity>| {
            row.col_expr(document::Column::FirstViewedAt, Expr::value(now))
        };
        let moves_on = L::effective(&document, now)?.after(viewed).is_some();
        if moves_on {
            lifecycle::transition::<L>(&tx, &document, viewed, now, first).await?;
        } else {
            lifecycle::update(&tx, &document, now, first).await?;
        }
        tx.record(Activity::new(activity, L::NOUN, document.id).owned_by(document.created_by));
        let payload = serde_json::json!({"id": document.id.uuid()});
        tx.publish(Event::new(activity, payload)?.owned_by(document.created_by));
    }
    tx.commit().await
}
