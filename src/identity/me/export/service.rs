//! Putting together what is kept about a person.

use kernel::error::{Error, Result};
use kernel::http::SignedIn;

use super::model::{AccountExport, ExportedSecurityEvent, VERSION};
use super::repo::{self, MOST, REASON};
use crate::people::UserRepo;
use crate::{oauth, second_factor, sessions};

/// What is kept about the person who asks: nothing that signs in, and nothing about anybody else.
///
/// # Errors
/// Those of the database.
pub(in crate::me) async fn gather(caller: &SignedIn) -> Result<AccountExport> {
    let (app, id) = (&caller.app, caller.user.user.id);
    let person = UserRepo::new(app.store().platform(REASON)).find(id).await?;
    let account = person.ok_or(Error::NotFound)?.into();
    let (_, second_factor) = second_factor::service::read(caller).await?;
    let sessions = sessions::service::kept(app, id, MOST).await?;
    let identities = oauth::service::list(app, id).await?;
    let db = app.store().platform(REASON);
    let memberships = repo::memberships(&db, id).await?;
    let events = repo::security_events(&db, id).await?;
    let security_events =
        events.into_iter().map(|row| ExportedSecurityEvent::new(row, id)).collect();
    let activity = repo::activity(&db, id).await?;
    Ok(AccountExport {
        version: VERSION,
        exported_at: app.clock().now(),
        account,
        memberships,
        sessions,
        identities,
        second_factor,
        security_events,
        activity,
    })
}
