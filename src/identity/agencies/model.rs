//! What agencies take and answer.

use chrono::{DateTime, Utc};
use entity::agency::{AgencyStatus, Tier};
use entity::membership::Role;
use entity::{AgencyId, agency, file, profile};
use garde::Validate;
use kernel::Permission;
use kernel::http::{ETag, not_null};
use kernel::text::{check_currency, sha256_hex};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::permissions;
use super::slug::{self, SlugProblem};
use crate::branding::BrandingView;
use crate::rules;

/// A new agency. What is left out gets the default of an Australian business.
#[derive(Clone, Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[schema(example = json!({"name": "Riverbend Studio", "slug": "riverbend", "currency": "AUD", "timezone": "Australia/Sydney", "country": "Australia"}))]
pub struct NewAgency {
    /// 2–100 characters.
    #[garde(custom(rules::line(2, 100)))]
    pub name: String,
    /// 3–50 lower-case letters, digits and hyphens; made of the name when left out.
    #[garde(inner(custom(check_slug)))]
    pub slug: Option<String>,
    /// The public address for clients; empty when left out.
    #[garde(inner(custom(rules::email_or_empty)))]
    pub email: Option<String>,
    /// ISO 4217 code of new prices and documents; `AUD` when left out.
    #[garde(inner(custom(check_currency)))]
    pub currency: Option<String>,
    /// IANA name; days begin and end in it. `Australia/Sydney` when left out.
    #[garde(inner(custom(rules::timezone)))]
    pub timezone: Option<String>,
    /// Name of the country; `Australia` when left out.
    #[garde(inner(custom(rules::line(1, 100))))]
    pub country: Option<String>,
    /// Whether tax is charged; true when left out.
    #[garde(skip)]
    pub tax_registered: Option<bool>,
    /// What the tax is called; `GST` when left out.
    #[garde(inner(custom(rules::line(1, 20))))]
    pub tax_label: Option<String>,
    /// Basis points: 1000 is 10 %, which it is when left out.
    #[garde(inner(range(min = 0, max = 10_000)))]
    pub tax_rate_bps: Option<i32>,
    /// The token of an invitation of the operator: what the path of its link ends in. Needed where
    /// sign-up is `invite_only`.
    #[garde(inner(length(bytes, min = 1, max = 100)))]
    pub invite_token: Option<String>,
}

fn check_slug(text: &str, _: &()) -> garde::Result {
    slug::problem(text).map_or(Ok(()), |problem| Err(garde::Error::new(problem.detail())))
}

/// Changes of an agency's name and public contact.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"phone": "+61 2 5550 1234", "website": "https://riverbend.example"}))]
pub struct AgencyPatch {
    /// 2–100 characters. The slug stays.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::line(2, 100))))]
    pub name: Option<String>,
    /// Public contact, and where notices of what clients did go; may be empty.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::email_or_empty)))]
    pub email: Option<String>,
    /// Public contact; may be empty.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::line(0, 50))))]
    pub phone: Option<String>,
    /// Public contact; may be empty.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::address_or_empty)))]
    pub website: Option<String>,
}

/// An agency as its members see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "slug": "riverbend",
    "name": "Riverbend Studio",
    "status": "active",
    "subscription_tier": "free",
    "email": "hello@riverbend.example",
    "phone": "+61 2 5550 1234",
    "website": "https://riverbend.example",
    "branding": {"primary_color": "#4F46E5", "secondary_color": "#1E40AF", "accent_color": "#F59E0B", "accent_gradient": "", "logo": null},
    "currency": "AUD",
    "timezone": "Australia/Sydney",
    "role": "owner",
    "permissions": ["agency:view", "settings:edit"],
    "created_at": "2026-11-21T09:00:00Z",
    "updated_at": "2026-11-21T09:00:00Z",
}))]
pub struct AgencyView {
    /// Which.
    pub id: AgencyId,
    /// Part of every path of the agency.
    pub slug: String,
    /// For people.
    pub name: String,
    /// Whether it may be used.
    pub status: AgencyStatus,
    /// The plan.
    pub subscription_tier: Tier,
    /// Public contact; may be empty.
    pub email: String,
    /// Public contact; may be empty.
    pub phone: String,
    /// Public contact; may be empty.
    pub website: String,
    /// Colours and logo.
    pub branding: BrandingView,
    /// ISO 4217 code of new prices and documents.
    pub currency: String,
    /// IANA name; days begin and end in it.
    pub timezone: String,
    /// The caller's role.
    pub role: Role,
    /// The caller's permissions.
    pub permissions: Vec<&'static str>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When name, contact or branding last changed.
    pub updated_at: DateTime<Utc>,
}

/// An agency with what is shown beside it.
#[derive(Clone, Debug)]
pub struct Agency {
    /// The agency's own row.
    pub row: agency::Model,
    /// Its profile.
    pub profile: profile::Model,
    /// Its logo.
    pub logo: Option<file::Model>,
    /// The caller's role.
    pub role: Role,
    /// The caller's permissions: the role's, or fewer.
    pub permissions: Vec<Permission>,
}

impl Agency {
    /// The version of the agency's row; the tag differs too when the profile, the role or the
    /// permissions do.
    pub fn etag(&self) -> ETag {
        let permissions = sha256_hex(permissions::keys(&self.permissions).join(" "));
        let permissions: String = permissions.chars().take(8).collect();
        let (profile, role) = (self.profile.version, self.role);
        ETag::variant(self.row.version, format_args!("{profile}.{role}.{permissions}"))
    }
}

impl From<Agency> for AgencyView {
    fn from(Agency { row, profile, logo, role, permissions: granted }: Agency) -> Self {
        Self {
            id: row.id,
            branding: BrandingView::new(&row, logo.as_ref()),
            slug: row.slug,
            name: row.name,
            status: row.status,
            subscription_tier: row.subscription_tier,
            email: row.email,
            phone: row.phone,
            website: row.website,
            currency: profile.currency,
            timezone: profile.timezone,
            role,
            permissions: permissions::keys(&granted),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Which slug is asked about.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SlugQuery {
    /// The slug.
    #[garde(length(bytes, max = 200))]
    pub slug: String,
}

/// Whether a slug can be had.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"slug": "riverbend", "available": false, "reason": "taken"}))]
pub struct SlugAvailability {
    /// The slug that was asked about.
    pub slug: String,
    /// Whether an agency could be created with it now.
    pub available: bool,
    /// Why not.
    pub reason: Option<SlugProblem>,
}
