//! The API of the figures.

use actix_web::get;
use kernel::error::Result;
use kernel::http::{Operator, Read};

use super::model::StatsView;
use super::service;
use crate::operator::tag_of;

/// Read the figures of the platform.
///
/// Agencies by state and by tier, people, the newest of them, and what the subscriptions in force
/// bring in a month.
#[utoipa::path(tag = "operator", operation_id = "admin_stats", responses((status = 200, body = StatsView)))]
#[get("/api/v1/admin/stats")]
pub(super) async fn read(operator: Operator) -> Result<Read<StatsView>> {
    let view = service::read(&operator).await?;
    Ok(Read::new(tag_of(1, &view)?, view))
}
