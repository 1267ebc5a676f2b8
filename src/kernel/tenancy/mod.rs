//! Who calls, for which agency, with which rights.
//!
//! An [`AgencyScope`] is the key to an agency's rows and can be made only here: from a verified
//! token and an active membership, from a claimed job, or from a public link. Everything that
//! runs for an agency carries it inside a [`TenantContext`].

mod api_key;
mod context;
mod impersonation;
mod permission;
pub mod plan;
mod resolve;
mod token;

use entity::AgencyId;

pub use api_key::{ApiKeyInfo, NewKey};
pub(crate) use api_key::{is_api_key, resolve_api_key};
pub use context::{Actor, AgencyInfo, MemberInfo, MixedRows, TenantContext};
pub use impersonation::{ImpersonatorInfo, OperatorInfo, SUPER_ADMIN, operator_context};
pub use permission::{Permission, RequiredPermission, RowFilter, perm};
pub use plan::{Feature, Limit, Plan};
pub use resolve::{acting_as, job_context, refresh, system_context, visiting};
pub(crate) use resolve::{authenticate, resolve_link, resolve_member};
pub use token::{ACCESS_TOKEN_TTL, AccessClaims, AccessTokens, Jwk, JwkSet, KeySource, retire};

/// Proof that the holder may act for one agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgencyScope(AgencyId);

impl AgencyScope {
    /// Which agency.
    pub fn agency_id(self) -> AgencyId {
        self.0
    }

    /// The scope of an agency that the current unit of work is about to create.
    ///
    /// The id must have been drawn for it just now: nothing can be reached with it but what the
    /// same unit of work writes.
    pub fn of_new_agency(new_id: AgencyId) -> Self {
        Self(new_id)
    }
}

/// A person who is signed in.
#[derive(Clone, Debug)]
pub struct SignedInUser {
    /// Who.
    pub user: entity::user::Model,
    /// On which sign-in.
    pub session_id: entity::SessionId,
}
