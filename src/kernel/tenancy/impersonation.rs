//! Operators of the platform inside agencies.
//!
//! An operator acts on an agency in one of two ways. From outside, for what the operator's own API
//! does ([`operator_context`]). Or in the owner's place, under a grant: for the few hours that it
//! lasts, every operation of the agency is open to them but for those that
//! [`super::Permission::is_open_to_impersonators`] keeps for people of the agency. Either way each
//! entry of the activity log says so, whoever writes it: the mark is made where the unit of work is
//! opened, and no use case can forget it.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use entity::{AgencyId, ImpersonationGrantId, UserId, agency, impersonation_grant};
use sea_orm::sea_query::{Expr, ExprTrait, JoinType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::context::{Actor, TenantContext};
use super::resolve::find_agency;
use super::{AgencyScope, SignedInUser};
use crate::error::{Error, Result};
use crate::http::RequestInfo;
use crate::security::{self, SecurityEvent};
use crate::state::App;

/// What an operator has that nobody else has, as refusals name it.
pub const SUPER_ADMIN: &str = "super_admin";

/// An operator who acts on an agency from outside.
#[derive(Clone, Debug)]
pub struct OperatorInfo {
    /// Who.
    pub user_id: UserId,
    /// The person's address.
    pub email: String,
}

/// An operator in the owner's place.
#[derive(Clone, Debug)]
pub struct ImpersonatorInfo {
    /// Who.
    pub user_id: UserId,
    /// The person's address.
    pub email: String,
    /// By which leave.
    pub grant_id: ImpersonationGrantId,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// What an operator's grants say about an agency.
pub(super) enum Entry {
    /// They are in.
    Open(Box<TenantContext>),
    /// They were, and are no longer.
    Lapsed(Lapsed),
    /// They never were.
    None,
}

/// A grant that is over.
pub(super) struct Lapsed {
    grant: impersonation_grant::Model,
}

impl Lapsed {
    /// The refusal of an operator whose grant is over.
    pub(super) fn refusal() -> Error {
        Error::refused(
            "impersonation_grant_expired",
            "your leave to act in this agency has ended; ask for another",
        )
    }

    /// Notes in the security log that the operator went on all the same; returns the refusal.
    pub(super) async fn refuse(self, app: &App, by: UserId, request: &RequestInfo) -> Error {
        let Self { grant } = self;
        let stopped = grant.ended_at.is_some_and(|end| end < grant.expires_at);
        let event = SecurityEvent::ImpersonationRefused {
            user_id: by,
            agency_id: grant.agency_id,
            grant_id: grant.id,
            reason: if stopped { "stopped" } else { "expired" },
        };
        security::record(app, request, event).await;
        Self::refusal()
    }
}

/// The context of an operator who holds a live grant for the agency of a path. A suspended agency
/// can be entered; a deleted one cannot.
pub(super) async fn enter(
    app: &App,
    user: &SignedInUser,
    slug: &str,
    request: RequestInfo,
) -> Result<Entry> {
    use impersonation_grant::Column;

    let of_agency = Expr::col((impersonation_grant::Entity, Column::AgencyId))
        .equals((agency::Entity, agency::Column::Id));
    let mut query = impersonation_grant::Entity::find()
        .filter(agency::Column::Slug.eq(slug))
        .filter(Column::OperatorId.eq(user.user.id))
        .order_by_desc(Column::Id)
        .limit(1);
    QuerySelect::query(&mut query).join(JoinType::InnerJoin, agency::Entity, of_agency);
    let platform = app.store().platform("an operator's grant opens an agency");
    let Some(grant) = platform.one(query).await? else { return Ok(Entry::None) };
    let now = app.clock().now();
    if grant.ended_at.is_some() || grant.expires_at <= now {
        return Ok(Entry::Lapsed(Lapsed { grant }));
    }
    let row = find_agency(app, grant.agency_id).await?;
    row.check_exists()?;
    let actor = Actor::Impersonator(ImpersonatorInfo {
        user_id: user.user.id,
        email: user.user.email.clone(),
        grant_id: grant.id,
        expires_at: grant.expires_at,
    });
    Ok(Entry::Open(Box::new(TenantContext {
        app: app.clone(),
        scope: AgencyScope(row.id),
        agency: row.info(now),
        actor,
        request,
    })))
}

/// The refusal of what stays with the people of the agency.
pub(super) fn not_allowed(detail: impl Into<Cow<'static, str>>) -> Error {
    Error::refused("impersonation_not_allowed", detail)
}

/// The context of an operator who acts on an agency from outside, whatever the state of it.
///
/// # Errors
/// [`Error::Forbidden`] for a person who is no operator; [`Error::NotFound`] when there is no such
/// agency.
pub async fn operator_context(
    app: &App,
    agency_id: AgencyId,
    operator: &SignedInUser,
    request: RequestInfo,
) -> Result<TenantContext> {
    if !operator.user.is_super_admin {
        return Err(Error::Forbidden { permission: SUPER_ADMIN });
    }
    let row = find_agency(app, agency_id).await?;
    let actor = Actor::Operator(OperatorInfo {
        user_id: operator.user.id,
        email: operator.user.email.clone(),
    });
    Ok(TenantContext {
        app: app.clone(),
        scope: AgencyScope(row.id),
        agency: row.info(app.clock().now()),
        actor,
        request,
    })
}
