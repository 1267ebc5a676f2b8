//! The API of plans.

use actix_web::get;
use kernel::error::Result;
use kernel::http::{Authorized, Read};
use kernel::perm;

use super::model::{PlanUsageView, PlansView};
use super::service;

/// The price list changes with a release alone.
const AN_HOUR: &str = "public, max-age=3600";

/// List the plans.
///
/// Prices, limits and features of every tier, from least to most. The same for everybody; may be
/// kept for an hour.
#[utoipa::path(
    tag = "plans",
    operation_id = "plans_list",
    params(("If-None-Match" = Option<String>, Header, description = "The ETag that is known: answer 304 if it is current.")),
    responses(
        (status = 200, body = PlansView),
        (status = 304, description = "Unchanged since the version named in If-None-Match."),
    )
)]
#[get("/public/v1/plans")]
pub(super) async fn plans() -> Result<Read<PlansView>> {
    let (etag, view) = service::plans()?;
    Ok(Read::new(etag, view).cache_control(AN_HOUR))
}

/// Read what an agency uses of its plan.
///
/// The tier that holds now with its limits and features, what is used of each limit, and all plans
/// to compare. Months are those of the agency's time zone.
#[utoipa::path(tag = "plans", operation_id = "usage_read", responses((status = 200, body = PlanUsageView)))]
#[get("/api/v1/agencies/{agency_slug}/usage")]
pub(super) async fn usage(ctx: Authorized<perm::AgencyView>) -> Result<Read<PlanUsageView>> {
    let (etag, view) = service::usage(&ctx).await?;
    Ok(Read::new(etag, view))
}

/// Read what an agency uses of its plan, among its billing.
///
/// The same as `GET …/usage`.
#[utoipa::path(tag = "plans", operation_id = "billing_usage_read", responses((status = 200, body = PlanUsageView)))]
#[get("/api/v1/agencies/{agency_slug}/billing/usage")]
pub(super) async fn billing_usage(
    ctx: Authorized<perm::AgencyView>,
) -> Result<Read<PlanUsageView>> {
    let (etag, view) = service::usage(&ctx).await?;
    Ok(Read::new(etag, view))
}
