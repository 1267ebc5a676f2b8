//! Coming in by the first sign-in.

use entity::user;
use kernel::App;
use kernel::error::Result;
use kernel::http::RequestInfo;
use kernel::store::{Activity, Origin};
use kernel::tenancy::system_context;

use super::invite::event;
use super::read::REASON;
use crate::members::repo::{MemberRepo, pending};

/// Accepts every invitation that waits for a person who has just signed in. Each is a unit of work
/// of its own agency; one that is done already is passed over, so that a repetition is harmless.
///
/// # Errors
/// Those of the database; the next sign-in goes on.
pub(crate) async fn accept_pending(
    app: &App,
    person: &user::Model,
    request: &RequestInfo,
) -> Result<()> {
    for invitation in pending(app.store().platform(REASON), person.id).await? {
        let agency_id = invitation.agency_id;
        let ctx = system_context(app, agency_id, "an invitation is accepted by signing in").await?;
        let origin = Origin { user_id: Some(person.id), ..request.origin("api") };
        let tx = app.store().begin(ctx.scope(), origin).await?;
        if let Some(row) = MemberRepo::new(&tx).accept(person.id, ctx.now()).await? {
            tx.record(Activity::new("member.accepted", "member", row.id));
            tx.publish(event("member.accepted", &row)?);
            tx.commit().await?;
        }
    }
    Ok(())
}
