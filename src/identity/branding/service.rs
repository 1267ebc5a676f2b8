//! The use cases of branding.

use chrono::TimeDelta;
use entity::agency::{self, Column};
use entity::{FileId, file, profile};
use kernel::error::{Context, Error, Result};
use kernel::gradient::Gradient;
use kernel::http::{ETag, IfMatch};
use kernel::quota::{self, Reservation};
use kernel::store::{Activity, AgencyDb, AgencyTx, Event};
use kernel::tenancy::{Feature, Limit};
use kernel::text::sha256_hex;
use kernel::{App, TenantContext};
use sea_orm::ActiveValue::Set;
use serde_json::json;

use super::image;
use super::model::{BrandingPatch, BrandingView};
use super::repo::{LogoRepo, PURPOSE, find_public};
use crate::agencies::AgencyRepo;
use crate::changes::Changes;
use crate::profile as profiles;

const REASON: &str = "the agency's own row";

/// Longer than an upload takes; what it reserved is given back afterwards if the process died.
const UPLOAD_TIME: TimeDelta = TimeDelta::minutes(5);

/// Changes the colours and the gradient. What is given as it stands already is no change.
///
/// # Errors
/// [`Error::PreconditionFailed`] when the agency has been changed since it was read;
/// [`Error::FeatureNotInPlan`] when it is to have a gradient that its plan does not offer. The one
/// it has may be taken away, or said again, on any plan.
pub async fn update(
    ctx: &TenantContext,
    if_match: IfMatch,
    patch: BrandingPatch,
) -> Result<(ETag, BrandingView)> {
    let BrandingPatch { primary_color, secondary_color, accent_color, accent_gradient } = patch;
    let accent_gradient = accent_gradient.as_deref().map(canonical).transpose()?;
    let tx = ctx.begin().await?;
    let row = AgencyRepo::new(tx.platform(REASON)).require(ctx.agency_id()).await?;
    if_match.check(row.version)?;
    if accent_gradient.as_ref().is_some_and(|new| !new.is_empty() && *new != row.accent_gradient) {
        ctx.require_feature(Feature::CustomBranding)?;
    }
    let logo = logo(&tx, &profiles::service::require(&tx).await?).await?;
    let changes = Changes::<agency::Entity>::new()
        .set_text(Column::PrimaryColor, &row.primary_color, primary_color)?
        .set_text(Column::SecondaryColor, &row.secondary_color, secondary_color)?
        .set_text(Column::AccentColor, &row.accent_color, accent_color)?
        .set(Column::AccentGradient, &row.accent_gradient, accent_gradient)?;
    if changes.is_empty() {
        return Ok(answer(&row, logo.as_ref()));
    }
    let (old, new) = changes.values();
    let row = write(ctx, &tx, changes, &row).await?;
    tx.record(Activity::new("agency.branding.updated", "agency", row.id).changed(old, new));
    tx.commit().await?;
    Ok(answer(&row, logo.as_ref()))
}

/// A gradient as it is stored: in its one form, or empty for none.
fn canonical(text: &str) -> Result<String> {
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    text.parse().map(|gradient: Gradient| gradient.to_string()).context("a checked gradient")
}

/// Makes an image the agency's logo. The same image again changes nothing.
///
/// # Errors
/// [`Error::UnsupportedMediaType`] when it is no image that is taken; [`Error::Validation`] when it
/// is broken; [`Error::PreconditionFailed`] when the agency has been changed since it was read;
/// [`Error::PlanLimit`] when its plan has no room for the file.
pub async fn put_logo(
    ctx: &TenantContext,
    if_match: IfMatch,
    bytes: &[u8],
) -> Result<(ETag, BrandingView)> {
    let content_type = image::media_type(bytes)?;
    let row = AgencyRepo::new(ctx.platform(REASON)).require(ctx.agency_id()).await?;
    if_match.check(row.version)?;
    let sha256 = sha256_hex(bytes);
    if let Some(known) = LogoRepo::new(&ctx.db()).find_by_hash(&sha256).await? {
        return make_logo(ctx, &if_match, Stored::Known(known)).await;
    }
    let file_size =
        i64::try_from(bytes.len()).map_err(|_| Error::internal("a file longer than memory"))?;
    // Before the bytes are stored: what is refused must leave none behind.
    let room = quota::reserve(ctx, Limit::StorageMb, file_size, UPLOAD_TIME).await?;
    let outcome = async {
        let row = store(ctx, bytes, file_size, content_type, sha256).await?;
        make_logo(ctx, &if_match, Stored::New(row, &room)).await
    }
    .await;
    if outcome.is_err() {
        room.release(ctx).await?;
    }
    outcome
}

/// Makes a stored image the agency's logo.
async fn make_logo(
    ctx: &TenantContext,
    if_match: &IfMatch,
    stored: Stored<'_>,
) -> Result<(ETag, BrandingView)> {
    let tx = ctx.begin().await?;
    let row = AgencyRepo::new(tx.platform(REASON)).require(ctx.agency_id()).await?;
    if_match.check(row.version)?;
    let before = profiles::service::require(&tx).await?.logo_file_id;
    let logos = LogoRepo::new(&tx);
    let file = match stored {
        Stored::Known(file) => file,
        Stored::New(new, room) => {
            let file = logos.insert(*new).await?;
            room.settle(&tx).await?;
            file
        }
    };
    if before == Some(file.id) {
        return Ok(answer(&row, Some(&file)));
    }
    logos.point_to(Some(file.id)).await?;
    let row = write(ctx, &tx, Changes::new(), &row).await?;
    record_logo(&tx, &row, before, Some(file.id));
    tx.commit().await?;
    Ok(answer(&row, Some(&file)))
}

/// Takes the logo away. Mails and documents that were sent with it still show it: the file stays.
///
/// # Errors
/// [`Error::PreconditionFailed`] when the agency has been changed since it was read.
pub async fn delete_logo(ctx: &TenantContext, if_match: IfMatch) -> Result<()> {
    let tx = ctx.begin().await?;
    let row = AgencyRepo::new(tx.platform(REASON)).require(ctx.agency_id()).await?;
    if_match.check(row.version)?;
    let before = profiles::service::require(&tx).await?.logo_file_id;
    if before.is_none() {
        return Ok(());
    }
    LogoRepo::new(&tx).point_to(None).await?;
    let row = write(ctx, &tx, Changes::new(), &row).await?;
    record_logo(&tx, &row, before, None);
    tx.commit().await
}

/// The type and bytes of the logo with a hash; anybody may have them who knows it.
///
/// # Errors
/// [`Error::NotFound`] when no agency has or had such a logo.
pub async fn public_logo(app: &App, sha256: &str) -> Result<(String, Vec<u8>)> {
    let platform = app.store().platform("a logo is public by its hash");
    let file = find_public(platform, sha256).await?.ok_or(Error::NotFound)?;
    let bytes = app.blobs().get(&file.file_key).await?.ok_or(Error::NotFound)?;
    Ok((file.content_type, bytes))
}

/// The agency's logo file, if there is one.
///
/// # Errors
/// Those of the database.
pub(crate) async fn logo(db: &AgencyDb, profile: &profile::Model) -> Result<Option<file::Model>> {
    match profile.logo_file_id {
        Some(id) => LogoRepo::new(db).find(id).await,
        None => Ok(None),
    }
}

/// An image in the file store.
enum Stored<'a> {
    /// It was there before.
    Known(file::Model),
    /// It has no row yet; room is reserved for it.
    New(Box<file::ActiveModel>, &'a Reservation),
}

/// Puts an image into the file store and says what its row will be.
async fn store(
    ctx: &TenantContext,
    bytes: &[u8],
    file_size: i64,
    content_type: &str,
    sha256: String,
) -> Result<Box<file::ActiveModel>> {
    let id: FileId = ctx.new_id();
    let file_key = format!("{}/{}", ctx.agency_id().uuid(), id.uuid());
    ctx.app().blobs().put(&file_key, bytes).await?;
    let extension = content_type.strip_prefix("image/").unwrap_or_default();
    Ok(Box::new(file::ActiveModel {
        id: Set(id),
        file_key: Set(file_key),
        file_name: Set(format!("logo.{extension}")),
        file_size: Set(file_size),
        content_type: Set(content_type.to_owned()),
        purpose: Set(PURPOSE.to_owned()),
        sha256: Set(sha256),
        created_by: Set(ctx.user_id()),
        created_at: Set(ctx.now()),
        ..Default::default()
    }))
}

/// Writes the agency's row with its next version and tells everybody.
async fn write(
    ctx: &TenantContext,
    tx: &AgencyTx,
    changes: Changes<agency::Entity>,
    row: &agency::Model,
) -> Result<agency::Model> {
    let update =
        changes.into_update((Column::Version, row.version), (Column::UpdatedAt, ctx.now()));
    let row = AgencyRepo::new(tx.platform(REASON)).update(row.id, update).await?;
    tx.publish(Event::new("agency.updated", json!({"id": row.id}))?);
    Ok(row)
}

fn record_logo(
    tx: &AgencyTx,
    agency: &agency::Model,
    before: Option<FileId>,
    after: Option<FileId>,
) {
    let updated = Activity::new("agency.branding.updated", "agency", agency.id);
    tx.record(updated.changed(json!({"logo_file_id": before}), json!({"logo_file_id": after})));
}

fn answer(row: &agency::Model, logo: Option<&file::Model>) -> (ETag, BrandingView) {
    (ETag::version(row.version), BrandingView::new(row, logo))
}
