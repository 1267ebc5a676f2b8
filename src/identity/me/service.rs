//! The use cases of the person who is signed in.

use entity::agency::AgencyStatus;
use entity::user::{self, Column};
use entity::{AgencyId, UserId};
use kernel::App;
use kernel::error::{Error, Result};
use kernel::http::{IfMatch, SignedIn};
use kernel::store::PlatformTx;
use kernel::text::normalize_email;

use super::model::{AccountDeletion, MePatch, MeView, MyAgency};
use super::repo;
use crate::changes::Changes;
use crate::departure::{self, By};
use crate::people::UserRepo;
use crate::second_factor;

const REASON: &str = "a person may belong to several agencies";

/// Who the person is and where they belong; `chosen` is the agency that their browser names.
///
/// # Errors
/// Those of the database.
pub async fn read(app: &App, id: UserId, chosen: Option<AgencyId>) -> Result<MeView> {
    let person = UserRepo::new(app.store().platform(REASON)).find(id).await?;
    let person = person.ok_or(Error::NotFound)?;
    let agencies = agencies(app, &person).await?;
    let impersonations = if person.is_super_admin {
        let db = app.store().platform(REASON);
        repo::impersonations(db, person.id, app.clock().now()).await?
    } else {
        Vec::new()
    };
    Ok(MeView::new(person, agencies, impersonations, chosen))
}

/// The agencies of a person, by name.
///
/// # Errors
/// Those of the database.
pub async fn agencies(app: &App, person: &user::Model) -> Result<Vec<MyAgency>> {
    let mut agencies = repo::agencies(app.store().platform(REASON), person.id).await?;
    for agency in &mut agencies {
        agency.is_default = Some(agency.id) == person.default_agency_id;
    }
    Ok(agencies)
}

/// One of the person's agencies that may be used now.
///
/// # Errors
/// [`Error::Validation`] when the person has no active membership in it, as when there is no such
/// agency; [`Error::Refused`] (`agency_suspended`) when it may not be used.
pub async fn usable_agency(
    app: &App,
    person: &user::Model,
    agency_id: AgencyId,
) -> Result<MyAgency> {
    let agencies = agencies(app, person).await?;
    let agency = agencies.into_iter().find(|agency| agency.id == agency_id);
    let agency = agency
        .ok_or_else(|| Error::invalid("/agency_id", "unknown", "is none of your agencies"))?;
    match agency.status {
        AgencyStatus::Active => Ok(agency),
        status => Err(Error::refused("agency_suspended", format!("this agency is {status}"))),
    }
}

/// Changes what a person may change of themselves.
///
/// # Errors
/// [`Error::PreconditionFailed`] when it has been changed since it was read.
pub async fn update(
    app: &App,
    (id, chosen): (UserId, Option<AgencyId>),
    if_match: IfMatch,
    patch: MePatch,
) -> Result<MeView> {
    let MePatch { avatar } = patch;
    let tx = app.store().begin_platform(REASON).await?;
    let person = UserRepo::new(tx.db()).find(id).await?.ok_or(Error::NotFound)?;
    if_match.check(person.version)?;
    let changes = Changes::new().set_text(Column::Avatar, &person.avatar, avatar)?;
    write(app, tx, &person, changes).await?;
    read(app, id, chosen).await
}

/// Chooses the agency that is meant where none is named.
///
/// # Errors
/// [`Error::Validation`] when the person has no active membership in it, as when there is no such
/// agency; [`Error::PreconditionFailed`] when the person has been changed since it was read.
pub async fn set_default_agency(
    app: &App,
    (id, chosen): (UserId, Option<AgencyId>),
    if_match: IfMatch,
    agency_id: AgencyId,
) -> Result<MeView> {
    let tx = app.store().begin_platform(REASON).await?;
    let person = UserRepo::new(tx.db()).find(id).await?.ok_or(Error::NotFound)?;
    if_match.check(person.version)?;
    let mine = repo::agencies(tx.db(), id).await?;
    if !mine.iter().any(|agency| agency.id == agency_id) {
        return Err(Error::invalid("/agency_id", "unknown", "is none of your agencies"));
    }
    let changes = Changes::new().set(
        Column::DefaultAgencyId,
        &person.default_agency_id,
        Some(Some(agency_id)),
    )?;
    write(app, tx, &person, changes).await?;
    read(app, id, chosen).await
}

/// Removes the account of the person, by their own decision.
///
/// # Errors
/// [`Error::Validation`] unless their own address confirms it; [`Error::Refused`]:
/// `super_admin_protected` for whoever operates the platform, `recent_sign_in_required`;
/// [`Error::Conflict`]: `sole_owner` naming the agencies that would be left without owner,
/// `changed_meanwhile`.
pub async fn delete(caller: &SignedIn, deletion: &AccountDeletion) -> Result<()> {
    let person = &caller.user.user;
    if normalize_email(&deletion.confirm) != person.email {
        return Err(Error::invalid("/confirm", "mismatch", "must be your own e-mail address"));
    }
    if person.is_super_admin {
        return Err(Error::refused(
            "super_admin_protected",
            "you operate the platform; have another operator take that away first",
        ));
    }
    second_factor::service::require_recent_sign_in(caller).await?;
    departure::service::remove(By::Themselves(caller), person).await
}

async fn write(
    app: &App,
    tx: PlatformTx,
    person: &user::Model,
    changes: Changes<user::Entity>,
) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let now = app.clock().now();
    let update = changes.into_update((Column::Version, person.version), (Column::UpdatedAt, now));
    let written = UserRepo::new(tx.db()).update(person.id, update).await?;
    written.ok_or(Error::PreconditionFailed)?;
    tx.commit().await
}
