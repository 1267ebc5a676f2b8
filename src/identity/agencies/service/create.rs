//! Creating an agency.

use comms::branding::DEFAULT_COLORS;
use entity::agency::{AgencyStatus, FreemiumReason, SubscriptionStatus, Tier};
use entity::membership::{MembershipStatus, Role};
use entity::profile::PaymentTerms;
use entity::{AgencyId, MembershipId, ProfileId, UserId};
use entity::{agency, membership, number_series, profile, user};
use kernel::config::NewAgencyPlan;
use kernel::error::{Error, Result};
use kernel::http::RequestInfo;
use kernel::quota;
use kernel::store::{Activity, AgencyTx, Event, Origin, PlatformTx};
use kernel::tenancy::AgencyScope;
use kernel::tenancy::plan::Limit;
use kernel::text::normalize_email;
use kernel::{App, Permission};
use sea_orm::ActiveValue::Set;
use serde_json::json;

use crate::agencies::model::{Agency, NewAgency};
use crate::agencies::repo::{AgencyRepo, REASON};
use crate::agencies::slug;
use crate::invites;
use crate::invites::service::Redemption;
use crate::people::UserRepo;

/// The number series of a new agency: the kind of document and what its numbers start with.
const SERIES: [(&str, &str); 3] = [("proposal", "PROP"), ("contract", "CON"), ("invoice", "INV")];

/// Who lets a new agency use everything, where the configuration says so.
const GRANTED_BY: &str = "system:new_agency_plan";

/// Days that a new agency's proposals and contracts are open.
const VALIDITY_DAYS: i32 = 30;

/// Who creates an agency, and from where.
#[derive(Clone, Debug)]
pub struct Founder {
    /// Becomes the owner.
    pub user_id: UserId,
    /// For the activity log.
    pub origin: Origin,
    /// The invitation that is used up by it, if one is.
    pub invite: Option<Redemption>,
    /// Who lets the agency use everything, whatever the installation says: a command's own data.
    pub granted_by: Option<&'static str>,
}

/// Lets a person who is signed in create an agency, with the invitation that the request names or
/// the browser carries, or without one where none is needed.
///
/// # Errors
/// As [`create`], and those of [`invites::service::admit`].
pub async fn found(
    app: &App,
    person: &user::Model,
    request: &RequestInfo,
    carried: Option<&str>,
    new: NewAgency,
) -> Result<Agency> {
    let given = new.invite_token.as_deref();
    let invite = invites::service::admit(app, person, given, carried).await?;
    let origin = Origin { user_id: Some(person.id), ..request.origin("api") };
    create(app, Founder { user_id: person.id, origin, invite, granted_by: None }, new).await
}

/// Creates an agency with its owner, profile and number series, and makes it the owner's default
/// if there is none yet.
///
/// A slug made of the name is made unique by a suffix; of parallel calls each gets its own.
///
/// # Errors
/// [`Error::Conflict`] when the given slug is taken, or all of a name's are;
/// [`Error::InvalidState`] when the invitation has been used meanwhile.
pub async fn create(app: &App, founder: Founder, new: NewAgency) -> Result<Agency> {
    let Founder { user_id, origin, invite, granted_by } = founder;
    let free_use = free_use(app, invite.as_ref(), granted_by);
    let id: AgencyId = app.new_id();
    let now = app.clock().now();
    let tx = app.store().begin_platform(REASON).await?;
    insert_agency(app, &tx, id, &new, free_use).await?;
    let tx = tx.enter(AgencyScope::of_new_agency(id), origin).await?;
    let row = AgencyRepo::new(tx.platform(REASON)).require(id).await?;
    let profile = insert_profile(app, &tx, new).await?;
    insert_owner(app, &tx, user_id).await?;
    quota::begin(&tx, Limit::Members, 1).await?;
    insert_series(&tx).await?;
    UserRepo::new(tx.platform(REASON)).set_first_default(user_id, id, now).await?;
    let created = Activity::new("agency.created", "agency", id);
    tx.record(created.with(json!({"name": row.name, "slug": row.slug})));
    if let Some(invite) = &invite {
        invites::service::redeem(app, &tx, invite, id).await?;
        let granted = Activity::new("freemium.granted", "agency", id);
        tx.record(granted.with(json!({"freemium_reason": row.freemium_reason})));
    }
    tx.publish(Event::new("agency.created", json!({"id": id, "slug": row.slug}))?);
    tx.commit().await?;
    let role = Role::Owner;
    Ok(Agency { row, profile, logo: None, role, permissions: Permission::of_role(role) })
}

/// Why a new agency uses everything without a charge, and who lets it; `None` when it does not.
fn free_use(
    app: &App,
    invite: Option<&Redemption>,
    granted_by: Option<&'static str>,
) -> Option<(FreemiumReason, &'static str)> {
    match (invite, granted_by, app.config().new_agency_plan) {
        (Some(_), _, _) => Some((FreemiumReason::BetaTester, invites::service::GRANTED_BY)),
        (None, Some(by), _) => Some((FreemiumReason::Internal, by)),
        (None, None, NewAgencyPlan::Freemium) => Some((FreemiumReason::Internal, GRANTED_BY)),
        (None, None, NewAgencyPlan::Free) => None,
    }
}

/// Inserts the agency's row under the first slug that is free.
async fn insert_agency(
    app: &App,
    tx: &PlatformTx,
    id: AgencyId,
    new: &NewAgency,
    free_use: Option<(FreemiumReason, &str)>,
) -> Result<()> {
    let now = app.clock().now();
    let [primary_color, secondary_color, accent_color] = DEFAULT_COLORS.map(ToOwned::to_owned);
    let row = agency::ActiveModel {
        id: Set(id),
        name: Set(new.name.trim().to_owned()),
        slug: Set(String::new()),
        primary_color: Set(primary_color),
        secondary_color: Set(secondary_color),
        accent_color: Set(accent_color),
        accent_gradient: Set(String::new()),
        email: Set(new.email.as_deref().map(normalize_email).unwrap_or_default()),
        phone: Set(String::new()),
        website: Set(String::new()),
        status: Set(AgencyStatus::Active),
        subscription_tier: Set(Tier::Free),
        subscription_status: Set(SubscriptionStatus::None),
        subscription_id: Set(String::new()),
        subscription_end: Set(None),
        cancel_at_period_end: Set(false),
        subscription_event_at: Set(None),
        stripe_customer_id: Set(String::new()),
        is_freemium: Set(free_use.is_some()),
        freemium_reason: Set(free_use.map(|(reason, _)| reason)),
        freemium_expires_at: Set(None),
        freemium_granted_at: Set(free_use.map(|_| now)),
        freemium_granted_by: Set(free_use.map(|(_, by)| by.to_owned())),
        deleted_at: Set(None),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let agencies = AgencyRepo::new(tx.db());
    let wanted: Vec<String> = match &new.slug {
        Some(slug) => vec![slug.clone()],
        None => slug::candidates(&slug::base(&new.name)).collect(),
    };
    let taken = agencies.taken(&wanted).await?;
    // More than one round only while others create agencies of the same name.
    for slug in wanted.into_iter().filter(|slug| !taken.contains(slug)) {
        let row = agency::ActiveModel { slug: Set(slug), ..row.clone() };
        if agencies.insert_unless_taken(row).await? {
            return Ok(());
        }
    }
    Err(Error::conflict_on("slug", "the slug is taken; choose another"))
}

async fn insert_profile(app: &App, tx: &AgencyTx, new: NewAgency) -> Result<profile::Model> {
    let NewAgency {
        name: _,
        slug: _,
        email: _,
        invite_token: _,
        currency,
        timezone,
        country,
        tax_registered,
        tax_label,
        tax_rate_bps,
    } = new;
    let now = app.clock().now();
    let text = |given: Option<String>, default: &str| {
        given.map_or_else(|| default.to_owned(), |text| text.trim().to_owned())
    };
    let empty = || Set(String::new());
    tx.insert(profile::ActiveModel {
        id: Set(app.new_id::<ProfileId>()),
        logo_file_id: Set(None),
        legal_entity_name: empty(),
        trading_name: empty(),
        business_number: empty(),
        address_line_1: empty(),
        address_line_2: empty(),
        city: empty(),
        state: empty(),
        postcode: empty(),
        country: Set(text(country, "Australia")),
        bank_name: empty(),
        bank_bsb: empty(),
        bank_account_number: empty(),
        bank_account_name: empty(),
        currency: Set(text(currency, "AUD")),
        tax_registered: Set(tax_registered.unwrap_or(true)),
        tax_label: Set(text(tax_label, "GST")),
        tax_rate_bps: Set(tax_rate_bps.unwrap_or(1000)),
        default_payment_terms: Set(PaymentTerms::Net14),
        default_proposal_validity_days: Set(VALIDITY_DAYS),
        default_contract_validity_days: Set(VALIDITY_DAYS),
        invoice_footer: empty(),
        contract_footer: empty(),
        timezone: Set(text(timezone, "Australia/Sydney")),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    })
    .await
}

async fn insert_owner(app: &App, tx: &AgencyTx, user_id: UserId) -> Result<()> {
    let now = app.clock().now();
    tx.insert(membership::ActiveModel {
        id: Set(app.new_id::<MembershipId>()),
        user_id: Set(user_id),
        role: Set(Role::Owner),
        display_name: Set(String::new()),
        status: Set(MembershipStatus::Active),
        invited_at: Set(None),
        accepted_at: Set(Some(now)),
        invited_by: Set(None),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    })
    .await
    .map(|_| ())
}

async fn insert_series(tx: &AgencyTx) -> Result<()> {
    let rows = SERIES.map(|(series, prefix)| number_series::ActiveModel {
        series: Set(series.to_owned()),
        prefix: Set(prefix.to_owned()),
        next_number: Set(1),
        ..Default::default()
    });
    tx.insert_all(rows.into()).await
}
