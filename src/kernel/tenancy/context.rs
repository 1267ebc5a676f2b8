//! What runs for an agency carries a [`TenantContext`].

use chrono::{DateTime, NaiveDate, Utc};
use entity::membership::Role;
use entity::{AgencyId, MembershipId, UserId};

use super::{
    AgencyScope, ApiKeyInfo, Feature, ImpersonatorInfo, OperatorInfo, Permission, Plan, RowFilter,
    SUPER_ADMIN,
};
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
    /// What it may do.
    pub plan: Plan,
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
    /// A program with an API key, on behalf of a member.
    ApiKey(ApiKeyInfo),
    /// An operator of the platform in the owner's place, for as long as a grant lasts.
    Impersonator(ImpersonatorInfo),
    /// An operator of the platform, from outside the agency.
    Operator(OperatorInfo),
    /// Somebody who holds a public link.
    Visitor,
    /// The server itself: a job, a schedule, a command.
    System,
}

/// The kinds of things that belong to who made them, each with the permission to see all of them.
const OWNED_KINDS: &[(&str, Permission)] = &[
    ("consultation", Permission::ConsultationViewAll),
    ("proposal", Permission::ProposalViewAll),
    ("quotation", Permission::QuotationViewAll),
    ("contract", Permission::ContractViewAll),
    ("invoice", Permission::InvoiceViewAll),
    ("payment", Permission::InvoiceViewAll),
];

/// Which rows the actor sees where rows of every kind occur. A role sees all kinds or none in full;
/// the scopes of an API key may tell them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MixedRows {
    /// All of the agency's.
    All,
    /// Those that nobody owns, the person's own, and all of some kinds.
    Some {
        /// Whose own.
        own: UserId,
        /// The kinds.
        in_full: Vec<&'static str>,
    },
}

impl MixedRows {
    /// Whether a row of this kind and owner is visible.
    pub fn allow(&self, kind: &str, owner: Option<UserId>) -> bool {
        match self {
            Self::All => true,
            Self::Some { own, in_full } => {
                owner.is_none_or(|owner| owner == *own) || in_full.contains(&kind)
            }
        }
    }
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

    /// The member who acts, or on whose behalf an API key does, if there is one.
    pub fn member(&self) -> Option<&MemberInfo> {
        match &self.actor {
            Actor::Member(member) => Some(member),
            Actor::ApiKey(key) => Some(&key.member),
            Actor::Impersonator(_) | Actor::Operator(_) | Actor::Visitor | Actor::System => None,
        }
    }

    /// The member who acts, for what concerns a membership itself.
    ///
    /// # Errors
    /// [`Error::Refused`] (`impersonation_not_allowed`) for an operator, who has none.
    pub fn require_member(&self) -> Result<&MemberInfo> {
        self.member().ok_or_else(|| match &self.actor {
            Actor::Impersonator(_) => super::impersonation::not_allowed(
                "an operator who acts for the owner has no membership of their own",
            ),
            _ => Error::internal("nobody's own membership"),
        })
    }

    /// The operator who acts in the owner's place, if one does.
    pub fn impersonator(&self) -> Option<&ImpersonatorInfo> {
        match &self.actor {
            Actor::Impersonator(operator) => Some(operator),
            _ => None,
        }
    }

    /// The role in which somebody acts: an operator under a grant has the owner's.
    pub fn role(&self) -> Option<Role> {
        match &self.actor {
            Actor::Impersonator(_) => Some(Role::Owner),
            _ => self.member().map(|member| member.role),
        }
    }

    /// The API key that acts, if one does.
    pub fn api_key(&self) -> Option<&ApiKeyInfo> {
        match &self.actor {
            Actor::ApiKey(key) => Some(key),
            _ => None,
        }
    }

    /// The person who acts, or on whose behalf an API key does, if there is one. An operator in the
    /// owner's place acts under their own name.
    pub fn user_id(&self) -> Option<UserId> {
        match &self.actor {
            Actor::Impersonator(operator) => Some(operator.user_id),
            Actor::Operator(operator) => Some(operator.user_id),
            _ => self.member().map(|member| member.user_id),
        }
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
            Actor::ApiKey(key) => key.can(permission),
            Actor::Impersonator(_) => {
                permission.granted_to(Role::Owner) && permission.is_open_to_impersonators()
            }
            Actor::Operator(_) | Actor::System => true,
            Actor::Visitor => false,
        }
    }

    /// Insists on a permission.
    ///
    /// # Errors
    /// [`Error::Forbidden`] naming it; [`Error::Refused`] (`impersonation_not_allowed`) for an
    /// operator in the owner's place.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.can(permission) {
            Ok(())
        } else if self.impersonator().is_some() {
            let key = permission.key();
            Err(super::impersonation::not_allowed(format!(
                "`{key}` is for the people of the agency; an operator cannot do it for them"
            )))
        } else {
            Err(Error::Forbidden { permission: permission.key() })
        }
    }

    /// Insists on somebody of the agency, for what an operator in the owner's place must not do
    /// though the permission is theirs; `what` says it in the middle of a sentence.
    ///
    /// # Errors
    /// [`Error::Refused`] (`impersonation_not_allowed`).
    pub fn refuse_impersonator(&self, what: &str) -> Result<()> {
        match self.impersonator() {
            None => Ok(()),
            Some(_) => Err(super::impersonation::not_allowed(format!(
                "{what} is for the people of the agency; an operator cannot do it for them"
            ))),
        }
    }

    /// What the agency may do, as it was when the context was made.
    pub fn plan(&self) -> Plan {
        self.agency.plan
    }

    /// Insists on a feature of the agency's plan.
    ///
    /// # Errors
    /// [`Error::FeatureNotInPlan`] naming it; a visitor is not told which plan the agency has.
    pub fn require_feature(&self, feature: Feature) -> Result<()> {
        match (self.plan().require(feature), &self.actor) {
            (Err(_), Actor::Visitor) => Err(Error::FeatureNotInPlan { feature, tier: None }),
            (outcome, _) => outcome,
        }
    }

    /// Every permission the actor has.
    pub fn permissions(&self) -> Vec<Permission> {
        Permission::ALL.iter().copied().filter(|permission| self.can(*permission)).collect()
    }

    /// All rows for who has the permission, else only the person's own: for an API key those of
    /// the person on whose behalf it acts.
    pub fn rows(&self, all: Permission) -> RowFilter {
        match self.user_id() {
            Some(user_id) if !self.can(all) => RowFilter::CreatedBy(user_id),
            _ => RowFilter::All,
        }
    }

    /// For a list in which rows of every kind occur.
    pub fn mixed_rows(&self) -> MixedRows {
        let Some(own) = self.user_id() else { return MixedRows::All };
        if OWNED_KINDS.iter().all(|(_, all)| self.can(*all)) {
            return MixedRows::All;
        }
        let in_full = OWNED_KINDS.iter().filter(|(_, all)| self.can(*all));
        MixedRows::Some { own, in_full: in_full.map(|(kind, _)| *kind).collect() }
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
            Actor::ApiKey(_) => "api_key",
            Actor::Impersonator(_) | Actor::Operator(_) => SUPER_ADMIN,
            Actor::Visitor => "public",
            Actor::System => "system",
        };
        Origin {
            user_id: self.user_id(),
            api_key_id: self.api_key().map(|key| key.id),
            impersonation: self.impersonator().map(|operator| operator.grant_id),
            ..self.request.origin(source)
        }
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
