//! Taking a person out.

use std::collections::HashSet;

use entity::membership::{self, MembershipStatus, Role};
use entity::{AgencyId, UserId, user};
use kernel::App;
use kernel::error::{Error, Result};
use kernel::events::AccessChange;
use kernel::http::{Operator, RequestInfo, SignedIn};
use kernel::security::{self, SecurityEvent};
use kernel::tenancy;

use super::repo::{DepartureRepo, REASON};
use crate::members;

/// Who decides that a person goes.
#[derive(Clone, Copy)]
pub enum By<'a> {
    /// An operator of the platform.
    Operator(&'a Operator),
    /// The person.
    Themselves(&'a SignedIn),
}

impl<'a> By<'a> {
    fn app(self) -> &'a App {
        match self {
            Self::Operator(operator) => &operator.app,
            Self::Themselves(caller) => &caller.app,
        }
    }

    fn request(self) -> &'a RequestInfo {
        match self {
            Self::Operator(operator) => &operator.request,
            Self::Themselves(caller) => &caller.request,
        }
    }

    fn user_id(self) -> UserId {
        match self {
            Self::Operator(operator) => operator.user_id(),
            Self::Themselves(caller) => caller.user.user.id,
        }
    }

    /// Ends a membership, with its mark in the agency. That of somebody who deletes their own
    /// account names nobody; a suspended agency does not keep them.
    async fn end_membership(self, agency_id: AgencyId, person: UserId) -> Result<()> {
        match self {
            Self::Operator(operator) => {
                members::service::expel(&operator.on(agency_id).await?, person).await
            }
            Self::Themselves(caller) => {
                let ctx = tenancy::system_context(&caller.app, agency_id, REASON).await?;
                members::service::withdraw(&ctx, person).await
            }
        }
    }
}

/// Removes a person for good. What they made stays, without naming them.
///
/// Each membership ends in a unit of work of its agency, with its mark there; the person goes last.
/// Whatever a crash leaves, a repetition finishes. That the person does not operate the platform is
/// for the caller to refuse in words.
///
/// # Errors
/// [`Error::Conflict`]: `sole_owner` naming the agencies that would be left without owner,
/// `changed_meanwhile` when the person has joined an agency, or begun to operate the platform.
pub async fn remove(by: By<'_>, person: &user::Model) -> Result<()> {
    let (app, id) = (by.app(), person.id);
    let rows = DepartureRepo::new(app.store().platform(REASON));
    let memberships = rows.memberships(id).await?;
    check_no_sole_owner(&rows, id, &memberships).await?;
    drop(rows);
    for membership in memberships {
        match by.end_membership(membership.agency_id, id).await {
            // Somebody else has taken the person out in the meantime.
            Ok(()) | Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    let tx = app.store().begin_platform(REASON).await?;
    let rows = DepartureRepo::new(tx.db());
    // While the database still knows whose they are.
    rows.delete_keys(id).await?;
    // A placeholder has gone with its last membership.
    if !rows.delete(id).await? && rows.exists(id).await? {
        return Err(Error::conflict(
            "changed_meanwhile",
            "the person has joined an agency or become an operator meanwhile; read it again",
        ));
    }
    rows.delete_links(&person.email).await?;
    rows.anonymise_activity(id).await?;
    let event = SecurityEvent::UserDeleted { user_id: id, by: by.user_id() };
    security::record_in(app, &tx.db(), by.request(), event).await?;
    drop(rows);
    tx.commit().await?;
    app.bus().access_changed(AccessChange::Person(id));
    Ok(())
}

/// Refuses to leave an agency without owner.
async fn check_no_sole_owner(
    rows: &DepartureRepo<'_>,
    id: UserId,
    memberships: &[membership::Model],
) -> Result<()> {
    let owns = |row: &&membership::Model| {
        row.role == Role::Owner && row.status == MembershipStatus::Active
    };
    let owned: Vec<AgencyId> = memberships.iter().filter(owns).map(|row| row.agency_id).collect();
    let others = rows.owners(owned.clone()).await?.into_iter();
    let shared: HashSet<AgencyId> =
        others.filter(|row| row.user_id != id).map(|row| row.agency_id).collect();
    let sole: Vec<AgencyId> = owned.into_iter().filter(|id| !shared.contains(id)).collect();
    if sole.is_empty() {
        return Ok(());
    }
    let slugs = rows.slugs(sole).await?;
    Err(Error::conflict(
        "sole_owner",
        format!("these agencies would be left without owner: {}", slugs.join(", ")),
    ))
}
