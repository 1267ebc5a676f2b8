//! The operations on the activity log.

use actix_web::get;
use kernel::error::Result;
use kernel::http::operation::Operation;
use kernel::http::{Authorized, Listed, PageView, ValidQuery};
use kernel::store::PageRequest;
use kernel::{Permission, perm};
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::{ActivityQuery, ActivityView};
use super::service::{self, Narrow};

/// The operations of this module.
pub const OPERATIONS: &[Operation] = &[Operation::member(
    "GET",
    "/api/v1/agencies/{agency_slug}/activity",
    Permission::ActivityView,
)];

/// Adds the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list);
}

/// List what happened in the agency, newest first.
///
/// Members see what is about their own documents and about what all share.
#[utoipa::path(tag = "activity", operation_id = "activity_list", params(ActivityQuery),
    responses((status = 200, body = PageView<ActivityView>)))]
#[get("/api/v1/agencies/{agency_slug}/activity")]
async fn list(
    context: Authorized<perm::ActivityView>,
    query: ValidQuery<ActivityQuery>,
) -> Result<Listed<ActivityView>> {
    let ActivityQuery { action, entity_type, entity_id, limit, cursor, include } =
        query.into_inner();
    let page = PageRequest::parse(limit, cursor.as_deref(), include.as_deref())?;
    let narrow = Narrow { action, entity_type, entity_id };
    Ok(service::page(&context, &narrow, &page).await?.into())
}
