//! From credentials to a context: the only makers of an [`AgencyScope`].

use chrono::{DateTime, Utc};
use entity::agency::{AgencyStatus, SubscriptionStatus};
use entity::document::DocumentKind;
use entity::membership::{MembershipStatus, Role};
use entity::{
    AgencyId, DocumentId, MembershipId, agency, membership, profile, public_link, session, user,
};
use sea_orm::sea_query::{Expr, ExprTrait, JoinType};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect};

use super::context::{Actor, AgencyInfo, MemberInfo, TenantContext};
use super::impersonation::{self, Entry, Lapsed};
use super::plan::{Plan, Subscription};
use super::{AgencyScope, SignedInUser};
use crate::error::{Error, Result};
use crate::http::RequestInfo;
use crate::security::{self, SecurityEvent};
use crate::state::App;

/// An agency with its time zone, and the caller's membership where asked for.
#[derive(Debug, FromQueryResult)]
pub(super) struct AgencyRow {
    pub(super) id: AgencyId,
    pub(super) slug: String,
    name: String,
    status: AgencyStatus,
    subscription_tier: String,
    subscription_status: SubscriptionStatus,
    subscription_end: Option<DateTime<Utc>>,
    is_freemium: bool,
    freemium_expires_at: Option<DateTime<Utc>>,
    deleted_at: Option<DateTime<Utc>>,
    timezone: String,
    membership_id: Option<MembershipId>,
    role: Option<Role>,
    membership_status: Option<MembershipStatus>,
}

impl AgencyRow {
    /// The agency as it is now.
    pub(super) fn info(&self, now: DateTime<Utc>) -> AgencyInfo {
        let subscription = Subscription {
            tier: self.subscription_tier.clone(),
            status: self.subscription_status,
            end: self.subscription_end,
            is_freemium: self.is_freemium,
            freemium_expires_at: self.freemium_expires_at,
        };
        AgencyInfo {
            id: self.id,
            slug: self.slug.clone(),
            name: self.name.clone(),
            timezone: crate::calendar::zone(&self.timezone),
            plan: Plan::of(subscription.effective_tier(now)),
        }
    }

    /// The joined person's place in the agency, while it is in use.
    pub(super) fn active_member(
        &self,
        user_id: entity::UserId,
        email: String,
    ) -> Option<MemberInfo> {
        let active = self.membership_status == Some(MembershipStatus::Active);
        let (membership_id, role) = self.membership_id.zip(self.role).filter(|_| active)?;
        Some(MemberInfo { membership_id, user_id, email, role })
    }

    /// Refuses an agency that has been deleted.
    pub(super) fn check_exists(&self) -> Result<()> {
        match self.deleted_at {
            None => Ok(()),
            Some(_) => Err(Error::Gone("this agency has been deleted".into())),
        }
    }

    /// Refuses an agency that may not be used by its members.
    pub(super) fn check_usable(&self) -> Result<()> {
        self.check_exists()?;
        match self.status {
            AgencyStatus::Active => Ok(()),
            status => Err(Error::refused("agency_suspended", format!("this agency is {status}"))),
        }
    }
}

/// Selects an agency; `for_user` joins that person's membership.
pub(super) fn agency_query(for_user: Option<entity::UserId>) -> sea_orm::Select<agency::Entity> {
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
            agency::Column::SubscriptionStatus,
            agency::Column::SubscriptionEnd,
            agency::Column::IsFreemium,
            agency::Column::FreemiumExpiresAt,
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

/// The person behind an access token, while the sign-in lasts. A token that is refused is noted in
/// the security log.
///
/// # Errors
/// [`Error::Unauthenticated`] when the token is not valid, the sign-in has ended or the person is
/// suspended.
pub(crate) async fn authenticate(
    app: &App,
    token: &str,
    request: &RequestInfo,
) -> Result<SignedInUser> {
    match app.tokens().verify(token, app.clock().now()) {
        Ok(claims) => find_user(app, claims.sub, claims.sid).await,
        Err(fault) => {
            security::record(app, request, SecurityEvent::AccessTokenInvalid { fault }).await;
            Err(fault.into())
        }
    }
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
/// it; [`Error::Gone`], [`Error::Refused`] for deleted and suspended agencies, for a person
/// without any, and for an operator whose grant has ended (`impersonation_grant_expired`).
pub(crate) async fn resolve_member(
    app: &App,
    user: &SignedInUser,
    slug: Option<&str>,
    request: RequestInfo,
) -> Result<TenantContext> {
    match find_member(app, user, slug, request.clone()).await? {
        Access::Open(context) => Ok(*context),
        Access::Lapsed(grant) => Err(grant.refuse(app, user.user.id, &request).await),
    }
}

/// Whether a person gets in.
enum Access {
    /// They do.
    Open(Box<TenantContext>),
    /// An operator does no longer.
    Lapsed(Lapsed),
}

async fn find_member(
    app: &App,
    user: &SignedInUser,
    slug: Option<&str>,
    request: RequestInfo,
) -> Result<Access> {
    // A grant goes before a membership (spec §1.3): the marks that it leaves must not depend on
    // what else the operator is.
    let entry = match slug.filter(|_| user.user.is_super_admin) {
        Some(slug) => impersonation::enter(app, user, slug, request.clone()).await?,
        None => Entry::None,
    };
    let lapsed = match entry {
        Entry::Open(context) => return Ok(Access::Open(context)),
        Entry::Lapsed(grant) => Some(grant),
        Entry::None => None,
    };
    let platform = app.store().platform("the scope is being made");
    let query = agency_query(Some(user.user.id))
        .filter(membership::Column::Status.eq(MembershipStatus::Active));
    let row = match slug {
        Some(slug) => {
            let query = query.filter(agency::Column::Slug.eq(slug)).into_model::<AgencyRow>();
            let row = match (platform.one_as(query).await?, lapsed) {
                (Some(row), _) => row,
                (None, Some(grant)) => return Ok(Access::Lapsed(grant)),
                (None, None) => return Err(Error::NotFound),
            };
            row.check_usable()?;
            row
        }
        None => {
            let mut rows = platform.all_as(query.into_model::<AgencyRow>()).await?;
            rows.retain(|row| row.check_usable().is_ok());
            rows.sort_by_key(|row| {
                let chosen = Some(row.id) == request.current_agency;
                let default = Some(row.id) == user.user.default_agency_id;
                (!chosen, !default, row.role.map(role_rank), row.name.clone())
            });
            rows.into_iter().next().ok_or_else(|| {
                Error::refused("no_agency_access", "you are not a member of any agency; create one")
            })?
        }
    };
    let member = row.active_member(user.user.id, user.user.email.clone());
    let member = member.ok_or(Error::NotFound)?;
    Ok(Access::Open(Box::new(TenantContext {
        app: app.clone(),
        scope: AgencyScope(row.id),
        agency: row.info(app.clock().now()),
        actor: Actor::Member(member),
        request,
    })))
}

/// Looks again whether a caller still has access, and with which rights: for what outlives a
/// request. `user` is the person, where one and no API key calls.
///
/// # Errors
/// As for a request: the sign-in may have ended, the key be revoked, the agency be gone.
pub async fn refresh(
    context: &TenantContext,
    user: Option<&SignedInUser>,
) -> Result<TenantContext> {
    let app = context.app();
    let user = match (context.actor(), user) {
        (Actor::ApiKey(key), _) => return super::api_key::recheck(context, key).await,
        (_, Some(user)) => user,
        (_, None) => return Err(Error::unauthenticated()),
    };
    let user = find_user(app, user.user.id, user.session_id).await?;
    let slug = Some(context.agency().slug.as_str());
    // What goes on by itself tries nothing: an operator who has left is not to be found in the log.
    match find_member(app, &user, slug, context.request().clone()).await? {
        Access::Open(context) => Ok(*context),
        Access::Lapsed(_) => Err(Lapsed::refusal()),
    }
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
        agency: row.info(app.clock().now()),
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
        agency: row.info(app.clock().now()),
        actor: Actor::System,
        request: RequestInfo::default(),
    }
}

pub(super) async fn find_agency(app: &App, id: AgencyId) -> Result<AgencyRow> {
    let query = agency_query(None).filter(agency::Column::Id.eq(id)).into_model::<AgencyRow>();
    let platform = app.store().platform("the scope is being made");
    platform.one_as(query).await?.ok_or(Error::NotFound)
}
