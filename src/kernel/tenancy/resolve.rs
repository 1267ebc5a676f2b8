//! From credentials to a context: the only makers of an [`AgencyScope`].

use chrono::{DateTime, Utc};
use entity::agency::{AgencyStatus, Tier};
use entity::document::DocumentKind;
use entity::membership::{MembershipStatus, Role};
use entity::{
    AgencyId, DocumentId, MembershipId, agency, membership, profile, public_link, session, user,
};
use sea_orm::sea_query::{Expr, ExprTrait, JoinType};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect};

use super::context::{Actor, AgencyInfo, MemberInfo, TenantContext};
use super::token::AccessClaims;
use super::{AgencyScope, SignedInUser};
use crate::error::{Error, Result};
use crate::http::RequestInfo;
use crate::state::App;

/// An agency with its time zone, and the caller's membership where asked for.
#[derive(Debug, FromQueryResult)]
struct AgencyRow {
    id: AgencyId,
    slug: String,
    name: String,
    status: AgencyStatus,
    subscription_tier: Tier,
    deleted_at: Option<DateTime<Utc>>,
    timezone: String,
    membership_id: Option<MembershipId>,
    role: Option<Role>,
    membership_status: Option<MembershipStatus>,
}

impl AgencyRow {
    fn info(&self) -> AgencyInfo {
        AgencyInfo {
            id: self.id,
            slug: self.slug.clone(),
            name: self.name.clone(),
            timezone: crate::calendar::zone(&self.timezone),
            tier: self.subscription_tier,
        }
    }

    /// Refuses an agency that may not be used by its members.
    fn check_usable(&self) -> Result<()> {
        if self.deleted_at.is_some() {
            return Err(Error::Gone("this agency has been deleted".into()));
        }
        match self.status {
            AgencyStatus::Active => Ok(()),
            status => Err(Error::refused("agency_suspended", format!("this agency is {status}"))),
        }
    }
}

/// Selects an agency; `for_user` joins that person's membership.
fn agency_query(for_user: Option<entity::UserId>) -> sea_orm::Select<agency::Entity> {
    let profile_join = Expr::col((profile::Entity, profile::Column::AgencyId))
        .equals((agency::Entity, agency::Column::Id));
    let mut membership_join = Expr::col((membership::Entity, membership::Column::AgencyId))
        .equals((agency::Entity, agency::Column::Id));
    membership_join = match for_user {
        Some(user_id) => membership_join
            .and(Expr::col((membership::Entity, membership::Column::UserId)).eq(user_id)),
        None => membership_join.and(Expr::value(1).eq(0)),
    };
    let mut select = agency::Entity::find()
        .select_only()
        .columns([
            agency::Column::Id,
            agency::Column::Slug,
            agency::Column::Name,
            agency::Column::Status,
            agency::Column::SubscriptionTier,
            agency::Column::DeletedAt,
        ])
        .column(profile::Column::Timezone)
        .column_as(membership::Column::Id, "membership_id")
        .column(membership::Column::Role)
        .column_as(membership::Column::Status, "membership_status");
    QuerySelect::query(&mut select).join(JoinType::InnerJoin, profile::Entity, profile_join).join(
        JoinType::LeftJoin,
        membership::Entity,
        membership_join,
    );
    select
}

/// The person behind verified claims, while the sign-in lasts.
///
/// # Errors
/// [`Error::Unauthenticated`] when the sign-in has ended or the person is suspended.
pub(crate) async fn resolve_user(app: &App, claims: &AccessClaims) -> Result<SignedInUser> {
    find_user(app, claims.sub, claims.sid).await
}

async fn find_user(
    app: &App,
    user_id: entity::UserId,
    session_id: entity::SessionId,
) -> Result<SignedInUser> {
    let ended = || Error::Unauthenticated {
        code: "session_ended",
        detail: "this sign-in has ended; sign in again".into(),
    };
    let join = Expr::col((session::Entity, session::Column::UserId))
        .equals((user::Entity, user::Column::Id));
    let mut query = user::Entity::find()
        .filter(session::Column::Id.eq(session_id))
        .filter(session::Column::RevokedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(app.clock().now()))
        .filter(user::Column::Id.eq(user_id))
        .filter(user::Column::SuspendedAt.is_null());
    QuerySelect::query(&mut query).join(JoinType::InnerJoin, session::Entity, join);
    let platform = app.store().platform("a person signs in before an agency is chosen");
    let user = platform.one(query).await?.ok_or_else(ended)?;
    Ok(SignedInUser { user, session_id })
}

/// The context of a signed-in person: in the agency of the path, or (without one) in the best of
/// their agencies (spec §1.3).
///
/// # Errors
/// [`Error::NotFound`] when the agency does not exist or the person has no active membership in
/// it; [`Error::Gone`], [`Error::Refused`] for deleted and suspended agencies and for a person
/// without any.
pub(crate) async fn resolve_member(
    app: &App,
    user: &SignedInUser,
    slug: Option<&str>,
    request: RequestInfo,
) -> Result<TenantContext> {
    let platform = app.store().platform("the scope is being made");
    let query = agency_query(Some(user.user.id))
        .filter(membership::Column::Status.eq(MembershipStatus::Active));
    let row = match slug {
        Some(slug) => {
            let query = query.filter(agency::Column::Slug.eq(slug)).into_model::<AgencyRow>();
            let row = platform.one_as(query).await?.ok_or(Error::NotFound)?;
            row.check_usable()?;
            row
        }
        None => {
            let mut rows = platform.all_as(query.into_model::<AgencyRow>()).await?;
            rows.retain(|row| row.check_usable().is_ok());
            rows.sort_by_key(|row| {
                let default = Some(row.id) == user.user.default_agency_id;
                (!default, row.role.map(role_rank), row.name.clone())
            });
            rows.into_iter().next().ok_or_else(|| {
                Error::refused("no_agency_access", "you are not a member of any agency; create one")
            })?
        }
    };
    let (Some(membership_id), Some(role), Some(MembershipStatus::Active)) =
        (row.membership_id, row.role, row.membership_status)
    else {
        return Err(Error::NotFound);
    };
    let member =
        MemberInfo { membership_id, user_id: user.user.id, email: user.user.email.clone(), role };
    Ok(TenantContext {
        app: app.clone(),
        scope: AgencyScope(row.id),
        agency: row.info(),
        actor: Actor::Member(member),
        request,
    })
}

/// Looks again whether a person still has access, and with which role: for what outlives a request.
///
/// # Errors
/// As for a request: the sign-in may have ended, the agency be gone.
pub async fn refresh(context: &TenantContext, user: &SignedInUser) -> Result<TenantContext> {
    let app = context.app();
    let user = find_user(app, user.user.id, user.session_id).await?;
    let slug = Some(context.agency().slug.as_str());
    resolve_member(app, &user, slug, context.request().clone()).await
}

/// Highest role first.
fn role_rank(role: Role) -> u8 {
    match role {
        Role::Owner => 0,
        Role::Admin => 1,
        Role::Member => 2,
    }
}

/// The context of somebody who holds a public link.
///
/// # Errors
/// [`Error::NotFound`] for everything that is not a live link to a document of that kind of a
/// usable agency: unknown, revoked and expired look the same. A suspended agency's invoices stay
/// readable (spec §1.6).
pub(crate) async fn resolve_link(
    app: &App,
    kind: DocumentKind,
    token: &str,
    request: RequestInfo,
) -> Result<(TenantContext, DocumentId)> {
    let platform = app.store().platform("a public link names its agency");
    let link = platform
        .one(
            public_link::Entity::find()
                .filter(public_link::Column::Token.eq(token))
                .filter(public_link::Column::Kind.eq(kind)),
        )
        .await?
        .filter(|link| link.revoked_at.is_none())
        .filter(|link| link.expires_at.is_none_or(|end| end > app.clock().now()))
        .ok_or(Error::NotFound)?;
    let row = find_agency(app, link.agency_id).await?;
    let readable = row.deleted_at.is_none()
        && (row.status == AgencyStatus::Active
            || (row.status == AgencyStatus::Suspended && kind == DocumentKind::Invoice));
    if !readable {
        return Err(Error::NotFound);
    }
    let context = TenantContext {
        app: app.clone(),
        scope: AgencyScope(row.id),
        agency: row.info(),
        actor: Actor::Visitor,
        request,
    };
    Ok((context, link.document_id))
}

/// The context of a person in one of their agencies, for a command of the server's own that loads
/// data as if they had typed it in; `reason` says which.
///
/// # Errors
/// As for a request: the agency may be gone, the person no member of it.
pub async fn acting_as(
    app: &App,
    user: entity::user::Model,
    slug: &str,
    reason: &'static str,
) -> Result<TenantContext> {
    tracing::debug!(user.id = %user.id, reason, "acting as a member");
    let user = SignedInUser { user, session_id: entity::SessionId(uuid::Uuid::nil()) };
    resolve_member(app, &user, Some(slug), RequestInfo::default()).await
}

/// The context of whoever holds a public link, for a command of the server's own.
///
/// # Errors
/// [`Error::NotFound`] when the link opens nothing.
pub async fn visiting(
    app: &App,
    kind: DocumentKind,
    token: &str,
    request: RequestInfo,
) -> Result<TenantContext> {
    Ok(resolve_link(app, kind, token, request).await?.0)
}

/// The context of a claimed job.
///
/// # Errors
/// [`Error::NotFound`] when the agency no longer exists.
pub async fn job_context(
    app: &App,
    job: &crate::jobs::ClaimedJob,
) -> Result<Option<TenantContext>> {
    match job.agency_id() {
        None => Ok(None),
        Some(id) => Ok(Some(system(app, find_agency(app, id).await?))),
    }
}

/// The context of a command or a schedule that works through agencies one by one; `reason` says
/// which.
///
/// # Errors
/// [`Error::NotFound`] when there is no such agency.
pub async fn system_context(
    app: &App,
    agency_id: AgencyId,
    reason: &'static str,
) -> Result<TenantContext> {
    tracing::debug!(agency.id = %agency_id, reason, "system context");
    Ok(system(app, find_agency(app, agency_id).await?))
}

fn system(app: &App, row: AgencyRow) -> TenantContext {
    TenantContext {
        app: app.clone(),
        scope: AgencyScope(row.id),
        agency: row.info(),
        actor: Actor::System,
        request: RequestInfo::default(),
    }
}

async fn find_agency(app: &App, id: AgencyId) -> Result<AgencyRow> {
    let query = agency_query(None).filter(agency::Column::Id.eq(id)).into_model::<AgencyRow>();
    let platform = app.store().platform("the scope is being made");
    platform.one_as(query).await?.ok_or(Error::NotFound)
}
