//! Changing an agency's name and public contact.

use entity::agency::{self, Column};
use kernel::TenantContext;
use kernel::error::Result;
use kernel::http::IfMatch;
use kernel::store::{Activity, Event};
use kernel::text::normalize_email;
use serde_json::json;

use super::read;
use crate::agencies::model::{Agency, AgencyPatch};
use crate::agencies::repo::{AgencyRepo, REASON};
use crate::changes::Changes;

/// Changes name and contact. What is given as it stands already is no change.
///
/// # Errors
/// [`kernel::Error::PreconditionFailed`] when the agency has been changed since it was read.
pub async fn update(ctx: &TenantContext, if_match: IfMatch, patch: AgencyPatch) -> Result<Agency> {
    let AgencyPatch { name, email, phone, website } = patch;
    let tx = ctx.begin().await?;
    let row = AgencyRepo::new(tx.platform(REASON)).require(ctx.agency_id()).await?;
    if_match.check(row.version)?;
    let changes = Changes::<agency::Entity>::new()
        .set_text(Column::Name, &row.name, name)?
        .set_text(Column::Email, &row.email, email.as_deref().map(normalize_email))?
        .set_text(Column::Phone, &row.phone, phone)?
        .set_text(Column::Website, &row.website, website)?;
    if changes.is_empty() {
        drop(tx);
        return read::beside(ctx, row).await;
    }
    let (old, new) = changes.values();
    let update =
        changes.into_update((Column::Version, row.version), (Column::UpdatedAt, ctx.now()));
    let row = AgencyRepo::new(tx.platform(REASON)).update(row.id, update).await?;
    tx.record(Activity::new("agency.contact.updated", "agency", row.id).changed(old, new));
    tx.publish(Event::new("agency.updated", json!({"id": row.id}))?);
    tx.commit().await?;
    read::beside(ctx, row).await
}
