//! What is sent and answered.

use chrono::{DateTime, Utc};
use entity::PackageId;
use entity::package::{self, CancellationFee, PricingModel};
use garde::Validate;
use kernel::http::{Patch, not_null, patch};
use kernel::money::MAX_AMOUNT;
use kernel::text::check_currency;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::price_list::kind;
use crate::price_list::model::{DESCRIPTION_MAX, PLACE_MAX, check_name, check_slug};
use crate::text::{set, tidy};

/// Longest minimum term: a hundred years, so that a sum over the term stays far inside 64 bits.
const TERM_MAX: i32 = 1_200;
/// Term of a package that does not say.
const DEFAULT_TERM: i32 = 12;
/// Most features of a package.
const FEATURES_MAX: usize = 100;
/// Longest feature, in characters.
const FEATURE_MAX: usize = 500;

kind!(package, "package", PackageId, PackageView, copies: { is_featured: false });

/// A package to be made.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[schema(example = json!({
    "name": "Growth",
    "description": "A website of up to ten pages, hosted and kept up to date.",
    "pricing_model": "hybrid",
    "currency": "AUD",
    "setup_fee": 150000,
    "monthly_price": 29900,
    "hosting_fee": 4900,
    "minimum_term_months": 12,
    "cancellation_fee_type": "remaining_balance",
    "included_features": ["Ten pages", "Monthly report"],
    "max_pages": 10,
    "is_featured": true
}))]
pub struct NewPackage {
    /// 2–100 characters.
    #[garde(custom(check_name))]
    pub name: String,
    /// Part of addresses, unique among the agency's packages; made of the name when absent.
    #[garde(inner(custom(check_slug)))]
    pub slug: Option<String>,
    /// Up to 10000 characters.
    #[serde(default)]
    #[garde(length(chars, max = DESCRIPTION_MAX))]
    pub description: String,
    /// How the price is presented.
    #[garde(skip)]
    pub pricing_model: PricingModel,
    /// ISO 4217; the agency's when absent.
    #[garde(inner(custom(check_currency)))]
    pub currency: Option<String>,
    /// Minor units without tax, once.
    #[serde(default)]
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    pub setup_fee: i64,
    /// Minor units without tax, each month.
    #[serde(default)]
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    pub monthly_price: i64,
    /// Minor units without tax, once.
    #[serde(default)]
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    pub one_time_price: i64,
    /// Minor units without tax, each month.
    #[serde(default)]
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    pub hosting_fee: i64,
    /// 0 is none; 12 when absent.
    #[serde(default = "default_term")]
    #[garde(range(min = 0, max = TERM_MAX))]
    pub minimum_term_months: i32,
    /// How ending before the minimum term is charged; not at all when absent.
    #[serde(default = "no_fee")]
    #[garde(skip)]
    pub cancellation_fee_type: CancellationFee,
    /// Minor units, for a fixed fee.
    #[serde(default)]
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    pub cancellation_fee_amount: i64,
    /// Up to 100 features of 1–500 characters.
    #[serde(default)]
    #[garde(length(max = FEATURES_MAX), inner(length(chars, min = 1, max = FEATURE_MAX)))]
    pub included_features: Vec<String>,
    /// At least 1; without limit when absent.
    #[garde(range(min = 1))]
    pub max_pages: Option<i32>,
    /// Whether it is highlighted.
    #[serde(default)]
    #[garde(skip)]
    pub is_featured: bool,
}

fn default_term() -> i32 {
    DEFAULT_TERM
}

fn no_fee() -> CancellationFee {
    CancellationFee::None
}

impl NewPackage {
    /// The columns that come from the request, and the slug if it names one.
    pub(super) fn into_columns(
        self,
        default_currency: String,
    ) -> (package::ActiveModel, Option<String>) {
        let Self {
            name,
            slug,
            description,
            pricing_model,
            currency,
            setup_fee,
            monthly_price,
            one_time_price,
            hosting_fee,
            minimum_term_months,
            cancellation_fee_type,
            cancellation_fee_amount,
            included_features,
            max_pages,
            is_featured,
        } = self;
        let columns = package::ActiveModel {
            name: Set(tidy(name)),
            description: Set(tidy(description)),
            pricing_model: Set(pricing_model),
            currency: Set(currency.unwrap_or(default_currency)),
            setup_fee: Set(setup_fee),
            monthly_price: Set(monthly_price),
            one_time_price: Set(one_time_price),
            hosting_fee: Set(hosting_fee),
            minimum_term_months: Set(minimum_term_months),
            cancellation_fee_type: Set(cancellation_fee_type),
            cancellation_fee_amount: Set(cancellation_fee_amount),
            included_features: Set(included_features.into()),
            max_pages: Set(max_pages),
            is_featured: Set(is_featured),
            is_active: Set(true),
            ..Default::default()
        };
        (columns, slug)
    }
}

/// A change of a package: what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"monthly_price": 34900, "max_pages": null}))]
pub struct PackagePatch {
    /// 2–100 characters.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(check_name)))]
    pub name: Option<String>,
    /// Unique among the agency's packages. Add-ons that name the package follow.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(check_slug)))]
    pub slug: Option<String>,
    /// Up to 10000 characters.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(length(chars, max = DESCRIPTION_MAX))]
    pub description: Option<String>,
    /// How the price is presented.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(skip)]
    pub pricing_model: Option<PricingModel>,
    /// ISO 4217.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(check_currency)))]
    pub currency: Option<String>,
    /// Minor units without tax, once.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    pub setup_fee: Option<i64>,
    /// Minor units without tax, each month.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    pub monthly_price: Option<i64>,
    /// Minor units without tax, once.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    pub one_time_price: Option<i64>,
    /// Minor units without tax, each month.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    pub hosting_fee: Option<i64>,
    /// 0 is none.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(range(min = 0, max = TERM_MAX))]
    pub minimum_term_months: Option<i32>,
    /// How ending before the minimum term is charged.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(skip)]
    pub cancellation_fee_type: Option<CancellationFee>,
    /// Minor units, for a fixed fee.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    pub cancellation_fee_amount: Option<i64>,
    /// Up to 100 features of 1–500 characters.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(length(max = FEATURES_MAX), inner(inner(length(chars, min = 1, max = FEATURE_MAX))))]
    pub included_features: Option<Vec<String>>,
    /// At least 1; null for no limit.
    #[serde(default, deserialize_with = "patch")]
    #[garde(range(min = 1))]
    #[schema(value_type = Option<i32>)]
    pub max_pages: Patch<i32>,
    /// Its place in the list.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(range(min = 0, max = PLACE_MAX))]
    pub display_order: Option<i32>,
    /// Whether it is highlighted.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(skip)]
    pub is_featured: Option<bool>,
    /// Whether it can be chosen.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(skip)]
    pub is_active: Option<bool>,
}

impl PackagePatch {
    /// The columns to write.
    pub(super) fn into_columns(self) -> package::ActiveModel {
        let Self {
            name,
            slug,
            description,
            pricing_model,
            currency,
            setup_fee,
            monthly_price,
            one_time_price,
            hosting_fee,
            minimum_term_months,
            cancellation_fee_type,
            cancellation_fee_amount,
            included_features,
            max_pages,
            display_order,
            is_featured,
            is_active,
        } = self;
        package::ActiveModel {
            name: set(name.map(tidy)),
            slug: set(slug),
            description: set(description.map(tidy)),
            pricing_model: set(pricing_model),
            currency: set(currency),
            setup_fee: set(setup_fee),
            monthly_price: set(monthly_price),
            one_time_price: set(one_time_price),
            hosting_fee: set(hosting_fee),
            minimum_term_months: set(minimum_term_months),
            cancellation_fee_type: set(cancellation_fee_type),
            cancellation_fee_amount: set(cancellation_fee_amount),
            included_features: set(included_features.map(Into::into)),
            max_pages: set(max_pages),
            display_order: set(display_order),
            is_featured: set(is_featured),
            is_active: set(is_active),
            ..Default::default()
        }
    }
}

/// A package.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "pkg_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "name": "Growth",
    "slug": "growth",
    "description": "A website of up to ten pages, hosted and kept up to date.",
    "pricing_model": "hybrid",
    "currency": "AUD",
    "setup_fee": 150000,
    "monthly_price": 29900,
    "one_time_price": 0,
    "hosting_fee": 4900,
    "minimum_term_months": 12,
    "cancellation_fee_type": "remaining_balance",
    "cancellation_fee_amount": 0,
    "included_features": ["Ten pages", "Monthly report"],
    "max_pages": 10,
    "display_order": 2,
    "is_featured": true,
    "is_active": true,
    "created_at": "2026-11-21T01:02:03Z",
    "updated_at": "2026-11-21T01:02:03Z"
}))]
pub struct PackageView {
    /// Its id.
    pub id: PackageId,
    /// What it is called.
    pub name: String,
    /// Part of addresses.
    pub slug: String,
    /// May be empty.
    pub description: String,
    /// How the price is presented.
    pub pricing_model: PricingModel,
    /// ISO 4217, of all its prices.
    pub currency: String,
    /// Minor units without tax, once.
    pub setup_fee: i64,
    /// Minor units without tax, each month.
    pub monthly_price: i64,
    /// Minor units without tax, once.
    pub one_time_price: i64,
    /// Minor units without tax, each month.
    pub hosting_fee: i64,
    /// 0 is none.
    pub minimum_term_months: i32,
    /// How ending before the minimum term is charged.
    pub cancellation_fee_type: CancellationFee,
    /// Minor units, for a fixed fee.
    pub cancellation_fee_amount: i64,
    /// What it contains.
    #[schema(value_type = Vec<String>)]
    pub included_features: serde_json::Value,
    /// Null for no limit.
    pub max_pages: Option<i32>,
    /// Lists begin with the smallest.
    pub display_order: i32,
    /// Whether it is highlighted.
    pub is_featured: bool,
    /// Whether it can be chosen.
    pub is_active: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl From<package::Model> for PackageView {
    fn from(row: package::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            slug: row.slug,
            description: row.description,
            pricing_model: row.pricing_model,
            currency: row.currency,
            setup_fee: row.setup_fee,
            monthly_price: row.monthly_price,
            one_time_price: row.one_time_price,
            hosting_fee: row.hosting_fee,
            minimum_term_months: row.minimum_term_months,
            cancellation_fee_type: row.cancellation_fee_type,
            cancellation_fee_amount: row.cancellation_fee_amount,
            included_features: row.included_features,
            max_pages: row.max_pages,
            display_order: row.display_order,
            is_featured: row.is_featured,
            is_active: row.is_active,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Which page of which packages.
#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PackageQuery {
    /// Whether those that are switched off are listed too.
    #[serde(default)]
    #[garde(skip)]
    pub include_inactive: bool,
    /// Entries of a page, 1–100; 50 when absent.
    #[garde(skip)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[garde(skip)]
    pub cursor: Option<String>,
    /// `total` to count all entries.
    #[garde(skip)]
    pub include: Option<String>,
}

/// The path of one package.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct PackagePath {
    /// The package's id.
    pub package_id: PackageId,
}

/// The path of one package, by id or slug.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct PackageReference {
    /// The package's id or its slug.
    pub package_id: String,
}
