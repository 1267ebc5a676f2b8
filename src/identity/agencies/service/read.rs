//! Reading an agency, and whether a slug is free.

use kernel::error::{Error, Result};
use kernel::{App, TenantContext};

use crate::agencies::model::{Agency, SlugAvailability};
use crate::agencies::repo::{AgencyRepo, REASON};
use crate::agencies::slug::{self, SlugProblem};
use crate::{branding, profile};

/// The agency as the acting member sees it.
///
/// # Errors
/// Those of the database.
pub async fn read(ctx: &TenantContext) -> Result<Agency> {
    let row = AgencyRepo::new(ctx.platform(REASON)).require(ctx.agency_id()).await?;
    beside(ctx, row).await
}

/// What is shown beside an agency's row.
pub(super) async fn beside(ctx: &TenantContext, row: entity::agency::Model) -> Result<Agency> {
    let role = ctx.role().ok_or_else(|| Error::internal("an agency is shown to its members"))?;
    let db = ctx.db();
    let profile = profile::service::require(&db).await?;
    let logo = branding::service::logo(&db, &profile).await?;
    Ok(Agency { row, profile, logo, role, permissions: ctx.permissions() })
}

/// Whether an agency could be created with a slug now.
///
/// # Errors
/// Those of the database.
pub async fn slug_availability(app: &App, slug: String) -> Result<SlugAvailability> {
    let mut reason = slug::problem(&slug);
    if reason.is_none() && AgencyRepo::new(app.store().platform(REASON)).has_slug(&slug).await? {
        reason = Some(SlugProblem::Taken);
    }
    Ok(SlugAvailability { slug, available: reason.is_none(), reason })
}
