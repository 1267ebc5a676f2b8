//! Single sign-on: an agency names its own identity provider, and its people sign in there
//! (spec §2.2 `sso`).
//!
//! # Who trusts whom
//!
//! An owner chooses the issuer, and could run it: whatever it says about an address is the owner's
//! word. A sign-in, on the other hand, is one for the whole platform, not for one agency. So an
//! issuer may vouch for nobody whom the agency could not sign in anyway. Whoever rules the domain
//! name records of a mail domain rules where its mail goes, and thereby the sign-in links of all its
//! addresses. Hence the rule: **an issuer vouches for addresses of domains that its agency has
//! proven by a record in the domain name system, and for nobody else.** Beyond that the person must
//! be a member of the agency, or be invited to it; the account that is opened must itself have an
//! address of a proven domain, also when it is found by its subject; and operators of the platform
//! never sign in this way. A second factor is asked for as with every other way.
//!
//! A proof is looked at again when it is a week old; one that has been taken back counts no more.
//! An account is known by agency, issuer and subject: two agencies that name the same issuer do not
//! share accounts, and another issuer does not inherit them.

mod domain;
mod model;
mod repo;
mod routes;
pub mod service;

use kernel::Permission;
use kernel::http::limits::LimitClass;
use kernel::http::operation::Operation;
use kernel::tenancy::Feature;
use utoipa_actix_web::service_config::ServiceConfig;

const SSO: &str = "/api/v1/agencies/{agency_slug}/sso";

/// The operations of this capability. Whoever may change the issuer could sign in as anybody of the
/// agency: the owner alone.
pub const OPERATIONS: &[Operation] = &[
    Operation::public("GET", "/api/v1/auth/sso/{agency_slug}/start", LimitClass::OAuth),
    Operation::public("GET", "/api/v1/auth/sso/{agency_slug}/callback", LimitClass::OAuth),
    Operation::member("GET", SSO, Permission::SsoManage).not_for_keys(),
    Operation::member("PUT", SSO, Permission::SsoManage).feature(Feature::Sso).not_for_keys(),
    Operation::member("DELETE", SSO, Permission::SsoManage).not_for_keys(),
    Operation::member("POST", "/api/v1/agencies/{agency_slug}/sso/test", Permission::SsoManage)
        .feature(Feature::Sso)
        .class(LimitClass::OAuth)
        .not_for_keys(),
    Operation::member(
        "POST",
        "/api/v1/agencies/{agency_slug}/sso/verify-domains",
        Permission::SsoManage,
    )
    .feature(Feature::Sso)
    .class(LimitClass::OAuth)
    .not_for_keys(),
];

/// Adds the routes of this capability.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::start)
        .service(routes::callback)
        .service(routes::read)
        .service(routes::put)
        .service(routes::delete)
        .service(routes::test)
        .service(routes::verify_domains);
}
