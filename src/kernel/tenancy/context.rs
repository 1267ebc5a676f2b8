//! What runs for an agency carries a [`TenantContext`].

use chrono::{DateTime, NaiveDate, Utc};
use entity::membership::Role;
use entity::{AgencyId, MembershipId, UserId};

use super::{AgencyScope, Permission, RowFilter};
use crate::error::{Error, Result};
use crate::http::RequestInfo;
use crate::state::App;
use crate::store::{AgencyDb, AgencyTx, Origin, PlatformDb};

/// The agency, as far as every use case needs it.
#[derive(Clone, Debug)]
pub struct AgencyInfo {
    /// Which.
    pub id: AgencyId,
    /// Part of its paths.
    pub slug: String,
    /// For people.
    pub name: String,
    /// Its time zone: calendar boundaries are drawn in it.
    pub timezone: chrono_tz::Tz,
    /// The plan.
    pub tier: entity::agency::Tier,
}

/// The caller's place in the agency.
#[derive(Clone, Debug)]
pub struct MemberInfo {
    /// Which membership.
    pub membership_id: MembershipId,
    /// Who.
    pub user_id: UserId,
    /// The person's address.
    pub email: String,
    /// What they may do.
    pub role: Role,
}

/// Who acts.
#[derive(Clone, Debug)]
pub enum Actor {
    /// A signed-in member.
    Member(MemberInfo),
    /// Somebody who holds a public link.
    Visitor,
    /// The server itself: a job, a schedule, a command.
    System,
}

/// An agency, who acts for it, and everything a use case needs from the server.
#[derive(Clone)]
pub struct TenantContext {
    pub(super) app: App,
    pub(super) scope: AgencyScope,
    pub(super) agency: AgencyInfo,
    pub(super) actor: Actor,
    pub(super) request: RequestInfo,
}

impl TenantContext {
    /// The server's shared parts.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The key to the agency's rows.
    pub fn scope(&self) -> AgencyScope {
        self.scope
    }

    /// Which agency.
    pub fn agency_id(&self) -> AgencyId {
        self.scope.agency_id()
    }

    /// The agency.
    pub fn agency(&self) -> &AgencyInfo {
        &self.agency
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The member who acts, if one does.
    pub fn member(&self) -> Option<&MemberInfo> {
        match &self.actor {
            Actor::Member(member) => Some(member),
            Actor::Visitor | Actor::System => None,
        }
    }

    /// The person who acts, if one does.
    pub fn user_id(&self) -> Option<UserId> {
        self.member().map(|member| member.user_id)
    }

    /// What is known of the request; defaults for jobs.
    pub fn request(&self) -> &RequestInfo {
        &self.request
    }

    /// The current instant.
    pub fn now(&self) -> DateTime<Utc> {
        self.app.clock().now()
    }

    /// The current day in the agency's time zone.
    pub fn today(&self) -> NaiveDate {
        self.now().with_timezone(&self.agency.timezone).date_naive()
    }

    /// The instant at which a day ends in the agency's time zone.
    pub fn end_of_day(&self, day: NaiveDate) -> DateTime<Utc> {
        crate::calendar::end_of_day(day, self.agency.timezone)
    }

    /// A new id.
    pub fn new_id<T: From<uuid::Uuid>>(&self) -> T {
        self.app.new_id()
    }

    /// Whether the actor has a permission. The server has all; a visitor has none.
    pub fn can(&self, permission: Permission) -> bool {
        match &self.actor {
            Actor::Member(member) => permission.granted_to(member.role),
            Actor::System => true,
            Actor::Visitor => false,
        }
    }

    /// Insists on a permission.
    ///
    /// # Errors
    /// [`Error::Forbidden`] naming it.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.can(permission) {
            Ok(())
        } else {
            Err(Error::Forbidden { permission: permission.key() })
        }
    }

    /// All rows for who has the permission, else only the person's own.
    pub fn rows(&self, all: Permission) -> RowFilter {
        match &self.actor {
            Actor::Member(member) if !all.granted_to(member.role) => {
                RowFilter::CreatedBy(member.user_id)
            }
            _ => RowFilter::All,
        }
    }

    /// The agency's rows, to read.
    pub fn db(&self) -> AgencyDb {
        self.app.store().agency(self.scope)
    }

    /// Opens a unit of work.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection is free in time.
    pub async fn begin(&self) -> Result<AgencyTx> {
        self.app.store().begin(self.scope, self.origin()).await
    }

    /// Global tables, to read; `reason` says why.
    pub fn platform(&self, reason: &'static str) -> PlatformDb<'_> {
        self.app.store().platform(reason)
    }

    fn origin(&self) -> Origin {
        let source = match &self.actor {
            Actor::Member(_) => "api",
            Actor::Visitor => "public",
            Actor::System => "system",
        };
        Origin { user_id: self.user_id(), ..self.request.origin(source) }
    }

    /// The path of something of this agency, below `/api/v1/agencies/{slug}`.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/agencies/{}/{rest}", self.agency.slug)
    }

    /// An address of this server for a mail.
    pub fn public_url(&self, path: &str) -> String {
        format!("{}{path}", self.app.config().public_base_url)
    }
}
