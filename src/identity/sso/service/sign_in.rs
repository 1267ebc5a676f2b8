//! Signing in with an agency's issuer.

use chrono::TimeDelta;
use entity::agency::AgencyStatus;
use entity::external_identity::IdentityProvider;
use entity::pending_sign_in::SignInMethod;
use entity::{sso_domain, user};
use kernel::error::{Error, Result};
use kernel::http::RequestInfo;
use kernel::ports::outbound::Reach;
use kernel::security::{self, SecurityEvent};
use kernel::tenancy::{Feature, system_context};
use kernel::{App, TenantContext};

use super::place;
use crate::agencies::AgencyRepo;
use crate::auth::service::complete_sign_in;
use crate::members;
use crate::oauth::IdentityKey;
use crate::oauth::party::{Identified, Party, Protocol};
use crate::oauth::service::{
    Arrival, Beginning, Finished, Returned, begin, holder, identify, open_account, remember,
    take_up,
};
use crate::people::{self, UserRepo};
use crate::sso::domain;
use crate::sso::model::Sso;
use crate::sso::repo::SsoRepo;

/// Why people are reached outside the agency's scope.
const REASON: &str = "a person signs in before an agency is chosen";

/// How old a proof may be before it is looked at again.
const PROOF_FRESH: TimeDelta = TimeDelta::days(7);

/// How old a proof may be while the domain name system does not answer.
const PROOF_KEPT: TimeDelta = TimeDelta::days(30);

/// Begins a sign-in at the issuer of an agency.
///
/// # Errors
/// [`Error::NotFound`] when there is no such agency, its plan has no single sign-on, or it has no
/// issuer with a proven domain; the rest as for a provider of the configuration.
pub async fn start(
    app: &App,
    slug: &str,
    return_url: Option<String>,
    browser: &str,
) -> Result<String> {
    let (ctx, sso) = find(app, slug).await?;
    let agency_id = Some(ctx.agency_id());
    let party = party(&ctx, &sso)?;
    let beginning = Beginning { party, agency_id, user_id: None, return_url, browser };
    Ok(begin(app, beginning).await?.url)
}

/// Ends a sign-in at the issuer of an agency.
///
/// # Errors
/// [`Error::NotFound`] as for [`start`]. In the outcome: those of a provider of the configuration;
/// [`Error::Refused`] with `sso_domain_unproven` or `sso_not_member`.
pub(crate) async fn callback(
    app: &App,
    request: &RequestInfo,
    slug: &str,
    returned: &Returned,
) -> Result<Finished> {
    let (ctx, sso) = find(app, slug).await?;
    let key = (IdentityProvider::Sso, Some(ctx.agency_id()));
    let state = match take_up(app, request, key, returned).await {
        Ok(state) => state,
        Err(error) => return Ok(Finished { return_url: String::new(), outcome: Err(error) }),
    };
    let outcome = async {
        let identified = identify(app, request, &party(&ctx, &sso)?, &state, returned).await?;
        match arrive(app, request, &ctx, &sso, &identified).await {
            Err(error @ Error::Refused { code, .. }) if code != "account_suspended" => {
                let email = identified.email.as_deref();
                let event = SecurityEvent::LoginRefused { user_id: None, email, reason: code };
                security::record(app, request, event).await;
                Err(error)
            }
            outcome => outcome,
        }
    };
    let outcome = outcome.await;
    Ok(Finished { return_url: state.return_url, outcome })
}

/// This server as a client of the agency's issuer.
///
/// # Errors
/// [`Error::Internal`] when the secret was encrypted with another key.
pub(super) fn party<'a>(ctx: &'a TenantContext, sso: &Sso) -> Result<Party<'a>> {
    let secret = ctx.app().vault().open(&place(ctx), &sso.connection.client_secret)?;
    let slug = &ctx.agency().slug;
    Ok(Party {
        app: ctx.app(),
        provider: IdentityProvider::Sso,
        protocol: Protocol::OpenId { issuer: sso.connection.issuer.clone(), tenants: false },
        client_id: sso.connection.client_id.clone(),
        client_secret: secret.into(),
        redirect_uri: ctx.public_url(&format!("/api/v1/auth/sso/{slug}/callback")),
        reach: Reach::Public,
    })
}

/// The agency with its issuer, where signing in with it is possible.
async fn find(app: &App, slug: &str) -> Result<(TenantContext, Sso)> {
    let agencies = AgencyRepo::new(app.store().platform("a slug names its agency"));
    let agency = agencies.find_by_slug(slug).await?.ok_or(Error::NotFound)?;
    if agency.deleted_at.is_some() || agency.status != AgencyStatus::Active {
        return Err(Error::NotFound);
    }
    let ctx = system_context(app, agency.id, "somebody signs in with the agency's issuer").await?;
    ctx.require_feature(Feature::Sso).map_err(|_| Error::NotFound)?;
    let sso = SsoRepo::new(&ctx.db()).find().await?.ok_or(Error::NotFound)?;
    if !sso.domains.iter().any(|row| row.verified_at.is_some()) {
        return Err(Error::NotFound);
    }
    Ok((ctx, sso))
}

/// Signs in whom the issuer may vouch for. See the module `sso` for why these and nobody else.
async fn arrive(
    app: &App,
    request: &RequestInfo,
    ctx: &TenantContext,
    sso: &Sso,
    identified: &Identified,
) -> Result<Arrival> {
    let email = identified
        .email
        .as_deref()
        .ok_or_else(|| Error::refused("email_missing", "the issuer named no e-mail address"))?;
    if !identified.email_verified {
        return Err(Error::refused(
            "email_unverified",
            "the issuer does not say that the e-mail address is verified",
        ));
    }
    check_proven(ctx, sso, email).await?;
    let key = IdentityKey {
        provider: IdentityProvider::Sso,
        agency_id: Some(ctx.agency_id()),
        issuer: &identified.issuer,
        subject: &identified.subject,
    };
    let person = candidate(app, key, email).await?.ok_or_else(not_member)?;
    // The account counts, not only what the issuer says today: it may have been found by its
    // subject.
    check_proven(ctx, sso, &person.email).await?;
    if person.is_super_admin || !members::service::belongs(ctx, person.id).await? {
        return Err(not_member());
    }
    let tx = app.store().begin_platform(REASON).await?;
    let known = open_account(app, &tx, key, identified).await?;
    let person = match known {
        Some(known) if known.id == person.id => known,
        // Connected or disconnected in between.
        Some(_) => return Err(not_member()),
        None if person.email == email => {
            let person = people::service::prove(app, tx.db(), email).await?;
            remember(app, request, &tx, person.id, key, email).await?;
            person
        }
        None => return Err(not_member()),
    };
    let outcome = complete_sign_in(app, tx, &person, request, SignInMethod::Sso).await?;
    Ok(Arrival::SignedIn(outcome))
}

/// Whoever has connected the account; else whoever has the address. Nobody is made: the agency must
/// have invited them.
async fn candidate(app: &App, key: IdentityKey<'_>, email: &str) -> Result<Option<user::Model>> {
    let holder = holder(app, key).await?;
    let people = UserRepo::new(app.store().platform(REASON));
    match holder {
        Some(user_id) => people.find(user_id).await,
        None => people.find_by_email(email).await,
    }
}

/// Insists on an address of a domain that the agency has proven, and not long ago.
async fn check_proven(ctx: &TenantContext, sso: &Sso, email: &str) -> Result<()> {
    let wanted = domain::of_email(email).unwrap_or_default();
    let row = sso.domains.iter().find(|row| row.domain == wanted);
    match row {
        Some(row) if still_holds(ctx, row).await? => Ok(()),
        _ => Err(Error::refused(
            "sso_domain_unproven",
            "the agency has not proven that the domain of this e-mail address is its own",
        )),
    }
}

/// Whether a domain counts as proven now. An old proof is looked at again.
async fn still_holds(ctx: &TenantContext, row: &sso_domain::Model) -> Result<bool> {
    let Some(verified_at) = row.verified_at else { return Ok(false) };
    let now = ctx.now();
    if now - verified_at < PROOF_FRESH {
        return Ok(true);
    }
    match domain::is_proven(ctx.app(), row).await {
        Ok(holds) => {
            let tx = ctx.begin().await?;
            SsoRepo::new(&tx).set_verified(row, holds.then_some(now)).await?;
            tx.commit().await?;
            Ok(holds)
        }
        Err(cause) => {
            tracing::warn!(domain = row.domain, cause = %cause, "a domain could not be looked up");
            Ok(now - verified_at < PROOF_KEPT)
        }
    }
}

fn not_member() -> Error {
    Error::refused(
        "sso_not_member",
        "only members of the agency, and people whom it has invited, sign in here",
    )
}
