//! Passes events from the outbox on.

use std::collections::BTreeMap;
use std::time::Duration;

use entity::{AgencyId, outbox};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::watch;

use crate::error::Result;
use crate::state::App;

/// Events passed on in one go.
const BATCH: u64 = 200;

/// How often the outbox is looked at when nobody announced anything.
const POLL: Duration = Duration::from_secs(1);

const REASON: &str = "the relay passes on the events of all agencies";

/// Relays until `stop` says so.
pub async fn relay(app: App, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match relay_once(&app).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(error = %error, "the outbox could not be relayed"),
        }
        tokio::select! {
            () = app.store().committed() => {}
            () = tokio::time::sleep(POLL) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Relays one batch; tells whether there was anything.
///
/// # Errors
/// Those of the database.
pub async fn relay_once(app: &App) -> Result<bool> {
    let query = outbox::Entity::find()
        .filter(outbox::Column::PublishedAt.is_null())
        .order_by_asc(outbox::Column::AgencyId)
        .order_by_asc(outbox::Column::Seq)
        .limit(BATCH);
    let events = app.store().platform(REASON).all(query).await?;
    if events.is_empty() {
        return Ok(false);
    }
    // The newest of each agency, after all of them have been passed on in order.
    let mut newest: BTreeMap<AgencyId, i64> = BTreeMap::new();
    for event in &events {
        let seq = newest.entry(event.agency_id).or_insert(event.seq);
        *seq = event.seq.max(*seq);
    }
    for (agency_id, seq) in &newest {
        app.bus().announce(*agency_id, *seq);
    }
    let transaction = app.store().begin_platform(REASON).await?;
    for (agency_id, seq) in newest {
        // One statement an agency of the batch; marking again what another replica has marked is
        // harmless.
        let update = outbox::Entity::update_many()
            .col_expr(outbox::Column::PublishedAt, Expr::value(app.clock().now()))
            .filter(outbox::Column::AgencyId.eq(agency_id))
            .filter(outbox::Column::Seq.lte(seq))
            .filter(outbox::Column::PublishedAt.is_null());
        transaction.db().update_many(update).await?;
    }
    transaction.commit().await?;
    Ok(true)
}
