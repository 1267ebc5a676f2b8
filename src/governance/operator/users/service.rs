//! The use cases of people, for the operator.

use std::collections::HashMap;

use entity::user::{self, Column};
use entity::{AgencyId, UserId, agency};
use identity::changes::Changes;
use identity::departure::{self, By};
use identity::people::service::is_placeholder;
use identity::{members, sessions};
use kernel::error::{Error, Result};
use kernel::events::AccessChange;
use kernel::http::{IfMatch, Operator};
use kernel::security::{self, SecurityEvent};
use kernel::store::{Page, PageRequest, PlatformTx};
use kernel::text::normalize_email;

use super::model::{
    AccessPatch, Suspension, UserDetail, UserMembership, UserPatch, UserSummary, UsersQuery,
};
use super::repo::{REASON, UserRepo};
use crate::operator::agencies::repo as agencies;
use crate::operator::{operator_protected, own_account};

/// A page of the people, newest first.
///
/// # Errors
/// [`Error::Validation`] for a cursor of another list.
pub async fn list(
    operator: &Operator,
    query: &UsersQuery,
    page: &PageRequest,
) -> Result<Page<UserSummary>> {
    let users = UserRepo::new(operator.app.store().platform(REASON));
    Ok(users.page(query, page).await?.map(UserSummary::from))
}

/// A person and where they belong.
///
/// # Errors
/// [`Error::NotFound`] when there is none with this id.
pub async fn read(operator: &Operator, id: UserId) -> Result<UserDetail> {
    let db = operator.app.store().platform(REASON);
    let users = UserRepo::new(operator.app.store().platform(REASON));
    let person = users.require(id).await?;
    let memberships = users.memberships(id).await?;
    let ids = memberships.iter().map(|row| row.agency_id).collect();
    let rows = agencies::find_all(&db, ids).await?.into_iter();
    let rows: HashMap<AgencyId, agency::Model> = rows.map(|row| (row.id, row)).collect();
    let memberships = memberships
        .into_iter()
        .filter_map(|row| {
            let agency = rows.get(&row.agency_id)?;
            Some(UserMembership {
                id: row.id,
                agency_id: row.agency_id,
                agency_slug: agency.slug.clone(),
                agency_name: agency.name.clone(),
                role: row.role,
                status: row.status,
            })
        })
        .collect();
    Ok(UserDetail::new(person, memberships))
}

/// Changes a person's address or picture, or forgets their number. What is given as it stands
/// already is no change.
///
/// # Errors
/// [`Error::Conflict`] when the address is somebody else's; [`Error::Refused`]
/// (`super_admin_protected`) for another operator: whoever has their mail signs in as them;
/// [`Error::PreconditionFailed`] when the person has been changed since it was read;
/// [`Error::NotFound`] when there is none.
pub async fn update(
    operator: &Operator,
    id: UserId,
    if_match: IfMatch,
    patch: UserPatch,
) -> Result<UserDetail> {
    let UserPatch { email, avatar, forget_phone } = patch;
    let tx = operator.app.store().begin_platform(REASON).await?;
    let users = UserRepo::new(tx.db());
    let person = users.lock(id).await?;
    if_match.check(person.version)?;
    if person.is_super_admin && id != operator.user_id() {
        return Err(operator_protected());
    }
    let email = email.as_deref().map(normalize_email);
    // The subject of somebody who signs in by mail is the address itself.
    let subject = email
        .as_ref()
        .filter(|_| person.subject.starts_with("email:"))
        .map(|email| format!("email:{email}"));
    let changes = Changes::<user::Entity>::new()
        .set_text(Column::Email, &person.email, email)?
        .set_text(Column::Subject, &person.subject, subject)?
        .set_text(Column::Avatar, &person.avatar, avatar)?
        .set_text(Column::Phone, &person.phone, forget_phone.then(String::new))?;
    if changes.is_empty() {
        drop(users);
        drop(tx);
        return read(operator, id).await;
    }
    let columns: Vec<String> = match changes.values().1 {
        serde_json::Value::Object(values) => values.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let now = operator.now();
    let update = changes.into_update((Column::Version, person.version), (Column::UpdatedAt, now));
    users.update(id, update).await?;
    let by = operator.user_id();
    note(operator, &tx, SecurityEvent::UserChanged { user_id: id, by, columns: &columns }).await?;
    drop(users);
    tx.commit().await?;
    read(operator, id).await
}

/// Makes a person an operator of the platform, or ends that.
///
/// Nobody changes their own access, and the deciding operator must still be one in the unit of work
/// that decides: two who take it from each other leave one.
///
/// # Errors
/// [`Error::Refused`] (`own_account`); [`Error::InvalidState`] for somebody who may not sign in or
/// never has; [`Error::PreconditionFailed`] when the person has been changed since it was read;
/// [`Error::NotFound`] when there is none.
pub async fn set_access(
    operator: &Operator,
    id: UserId,
    if_match: IfMatch,
    patch: AccessPatch,
) -> Result<UserDetail> {
    let AccessPatch { super_admin } = patch;
    if id == operator.user_id() {
        return Err(own_account("nobody changes their own access; ask another operator"));
    }
    let tx = operator.app.store().begin_platform(REASON).await?;
    let users = UserRepo::new(tx.db());
    let operators = users.lock_operators().await?;
    if !operators.iter().any(|person| person.id == operator.user_id()) {
        return Err(Error::Forbidden { permission: kernel::tenancy::SUPER_ADMIN });
    }
    let person = users.lock(id).await?;
    if_match.check(person.version)?;
    if super_admin && (person.suspended_at.is_some() || is_placeholder(&person)) {
        let current = if person.suspended_at.is_some() { "suspended" } else { "invited" };
        return Err(Error::InvalidState { current: current.to_owned(), allowed: vec!["active"] });
    }
    let changes = Changes::<user::Entity>::new().set(
        Column::IsSuperAdmin,
        &person.is_super_admin,
        Some(super_admin),
    )?;
    if !changes.is_empty() {
        let version = (Column::Version, person.version);
        let update = changes.into_update(version, (Column::UpdatedAt, operator.now()));
        users.update(id, update).await?;
        let by = Some(operator.user_id());
        let event = SecurityEvent::OperatorChanged { user_id: id, is_operator: super_admin, by };
        note(operator, &tx, event).await?;
        drop(users);
        tx.commit().await?;
    }
    read(operator, id).await
}

/// Keeps a person out: ends every sign-in of theirs with the same unit of work, and refuses the
/// next.
///
/// # Errors
/// [`Error::Refused`]: `own_account`, or `super_admin_protected` for another operator;
/// [`Error::InvalidState`] for somebody who is kept out already; [`Error::NotFound`] when there is
/// none.
pub async fn suspend(
    operator: &Operator,
    id: UserId,
    suspension: Suspension,
) -> Result<UserDetail> {
    let Suspension { reason } = suspension;
    if id == operator.user_id() {
        return Err(own_account("nobody suspends themselves"));
    }
    let now = operator.now();
    let tx = operator.app.store().begin_platform(REASON).await?;
    let users = UserRepo::new(tx.db());
    let person = users.lock(id).await?;
    if person.is_super_admin {
        return Err(operator_protected());
    }
    if person.suspended_at.is_some() {
        return Err(Error::InvalidState {
            current: "suspended".to_owned(),
            allowed: vec!["active"],
        });
    }
    let reason = reason.trim().to_owned();
    let changes = Changes::<user::Entity>::new()
        .set(Column::SuspendedAt, &person.suspended_at, Some(Some(now)))?
        .set(Column::SuspendedReason, &person.suspended_reason, Some(Some(reason.clone())))?;
    let update = changes.into_update((Column::Version, person.version), (Column::UpdatedAt, now));
    users.update(id, update).await?;
    let request = &operator.request;
    sessions::service::end_all(&operator.app, tx.db(), id, None, "suspended", request).await?;
    let by = Some(operator.user_id());
    let event = SecurityEvent::UserSuspended { user_id: id, by, reason: Some(&reason) };
    note(operator, &tx, event).await?;
    drop(users);
    tx.commit().await?;
    operator.app.bus().access_changed(AccessChange::Person(id));
    read(operator, id).await
}

/// Lets a person in again. Sign-ins that were ended stay so.
///
/// # Errors
/// [`Error::InvalidState`] for somebody who is not kept out; [`Error::NotFound`] when there is none.
pub async fn unsuspend(operator: &Operator, id: UserId) -> Result<UserDetail> {
    let now = operator.now();
    let tx = operator.app.store().begin_platform(REASON).await?;
    let users = UserRepo::new(tx.db());
    let person = users.lock(id).await?;
    if person.suspended_at.is_none() {
        return Err(Error::InvalidState {
            current: "active".to_owned(),
            allowed: vec!["suspended"],
        });
    }
    let changes = Changes::<user::Entity>::new()
        .set(Column::SuspendedAt, &person.suspended_at, Some(None))?
        .set(Column::SuspendedReason, &person.suspended_reason, Some(None))?;
    let update = changes.into_update((Column::Version, person.version), (Column::UpdatedAt, now));
    users.update(id, update).await?;
    let by = Some(operator.user_id());
    note(operator, &tx, SecurityEvent::UserReinstated { user_id: id, by }).await?;
    drop(users);
    tx.commit().await?;
    read(operator, id).await
}

/// Removes a person for good. What they made stays, without naming them.
///
/// # Errors
/// [`Error::Refused`]: `own_account`, or `super_admin_protected` for an operator;
/// [`Error::Conflict`] (`sole_owner`) naming the agencies that would be left without owner;
/// [`Error::PreconditionFailed`] when the person has been changed since it was read;
/// [`Error::NotFound`] when there is none.
pub async fn delete(operator: &Operator, id: UserId, if_match: IfMatch) -> Result<()> {
    if id == operator.user_id() {
        return Err(own_account("nobody deletes themselves"));
    }
    let person = UserRepo::new(operator.app.store().platform(REASON)).require(id).await?;
    if_match.check(person.version)?;
    if person.is_super_admin {
        return Err(operator_protected());
    }
    departure::service::remove(By::Operator(operator), &person).await
}

/// Ends a person's membership of an agency.
///
/// # Errors
/// [`Error::Conflict`] (`last_owner`) when the agency would be left without owner;
/// [`Error::NotFound`] when there is no such membership.
pub async fn remove_membership(operator: &Operator, id: UserId, agency_id: AgencyId) -> Result<()> {
    let ctx = operator.on(agency_id).await?;
    members::service::expel(&ctx, id).await
}

async fn note(operator: &Operator, tx: &PlatformTx, event: SecurityEvent<'_>) -> Result<()> {
    security::record_in(&operator.app, &tx.db(), &operator.request, event).await
}
