//! What is sent and answered.

use chrono::{DateTime, Utc};
use entity::AddonId;
use entity::addon::{self, AddonPricing};
use garde::Validate;
use kernel::http::{Patch, not_null, patch};
use kernel::money::MAX_AMOUNT;
use kernel::text::check_currency;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::price_list::kind;
use crate::price_list::model::{DESCRIPTION_MAX, PLACE_MAX, check_name, check_slug};
use crate::text::{set, tidy, tidy_optional};

/// Longest label of a unit, in characters.
const LABEL_MAX: usize = 50;
/// Most packages that an add-on names.
const PACKAGES_MAX: usize = 100;
/// What a price for each unit lacks without a label.
pub(super) const LABEL_MISSING: &str = "is required for a price per unit: say what one unit is";

kind!(addon, "addon", AddonId, AddonView, copies: {});

/// Whether a price for each unit does not say what a unit is.
pub(super) fn lacks_label(pricing: AddonPricing, label: Option<&str>) -> bool {
    pricing == AddonPricing::PerUnit && label.is_none_or(|label| label.trim().is_empty())
}

/// A rule for garde: a label where `pricing` needs one.
fn labelled(pricing: AddonPricing) -> impl FnOnce(&Option<String>, &()) -> garde::Result {
    move |label, _| match lacks_label(pricing, label.as_deref()) {
        true => Err(garde::Error::new(LABEL_MISSING)),
        false => Ok(()),
    }
}

/// An add-on to be made.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[schema(example = json!({
    "name": "Extra page",
    "description": "One more page, written and designed.",
    "currency": "AUD",
    "price": 25000,
    "pricing_type": "per_unit",
    "unit_label": "page",
    "available_packages": ["growth"]
}))]
pub struct NewAddon {
    /// 2–100 characters.
    #[garde(custom(check_name))]
    pub name: String,
    /// Part of addresses, unique among the agency's add-ons; made of the name when absent.
    #[garde(inner(custom(check_slug)))]
    pub slug: Option<String>,
    /// Up to 10000 characters.
    #[serde(default)]
    #[garde(length(chars, max = DESCRIPTION_MAX))]
    pub description: String,
    /// ISO 4217; the agency's when absent.
    #[garde(inner(custom(check_currency)))]
    pub currency: Option<String>,
    /// Minor units without tax.
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    pub price: i64,
    /// How the price counts.
    #[garde(skip)]
    pub pricing_type: AddonPricing,
    /// What one unit is, up to 50 characters; required for a price per unit.
    #[garde(length(chars, max = LABEL_MAX), custom(labelled(self.pricing_type)))]
    pub unit_label: Option<String>,
    /// Slugs of the packages it goes with, all of them switched on; empty for all.
    #[serde(default)]
    #[garde(length(max = PACKAGES_MAX))]
    pub available_packages: Vec<String>,
}

impl NewAddon {
    /// The columns that come from the request, and the slug if it names one.
    pub(super) fn into_columns(
        self,
        default_currency: String,
    ) -> (addon::ActiveModel, Option<String>) {
        let Self {
            name,
            slug,
            description,
            currency,
            price,
            pricing_type,
            unit_label,
            available_packages,
        } = self;
        let columns = addon::ActiveModel {
            name: Set(tidy(name)),
            description: Set(tidy(description)),
            currency: Set(currency.unwrap_or(default_currency)),
            price: Set(price),
            pricing_type: Set(pricing_type),
            unit_label: Set(tidy_optional(unit_label)),
            available_packages: Set(each_once(available_packages).into()),
            is_active: Set(true),
            ..Default::default()
        };
        (columns, slug)
    }
}

/// A change of an add-on: what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"price": 27500, "available_packages": []}))]
pub struct AddonPatch {
    /// 2–100 characters.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(check_name)))]
    pub name: Option<String>,
    /// Unique among the agency's add-ons.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(check_slug)))]
    pub slug: Option<String>,
    /// Up to 10000 characters.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(length(chars, max = DESCRIPTION_MAX))]
    pub description: Option<String>,
    /// ISO 4217.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(check_currency)))]
    pub currency: Option<String>,
    /// Minor units without tax.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    pub price: Option<i64>,
    /// How the price counts.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(skip)]
    pub pricing_type: Option<AddonPricing>,
    /// What one unit is, up to 50 characters; required for a price per unit.
    #[serde(default, deserialize_with = "patch")]
    #[garde(length(chars, max = LABEL_MAX))]
    #[schema(value_type = Option<String>)]
    pub unit_label: Patch<String>,
    /// Slugs of the packages it goes with, all of them switched on; empty for all.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(length(max = PACKAGES_MAX))]
    pub available_packages: Option<Vec<String>>,
    /// Its place in the list.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(range(min = 0, max = PLACE_MAX))]
    pub display_order: Option<i32>,
    /// Whether it can be chosen.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(skip)]
    pub is_active: Option<bool>,
}

impl AddonPatch {
    /// Whether an add-on, so changed, would not say what a unit of its price is.
    pub(super) fn leaves_unlabelled(&self, addon: &addon::Model) -> bool {
        let label = self.unit_label.as_ref().unwrap_or(&addon.unit_label);
        lacks_label(self.pricing_type.unwrap_or(addon.pricing_type), label.as_deref())
    }

    /// The columns to write.
    pub(super) fn into_columns(self) -> addon::ActiveModel {
        let Self {
            name,
            slug,
            description,
            currency,
            price,
            pricing_type,
            unit_label,
            available_packages,
            display_order,
            is_active,
        } = self;
        addon::ActiveModel {
            name: set(name.map(tidy)),
            slug: set(slug),
            description: set(description.map(tidy)),
            currency: set(currency),
            price: set(price),
            pricing_type: set(pricing_type),
            unit_label: set(unit_label.map(tidy_optional)),
            available_packages: set(available_packages.map(|slugs| each_once(slugs).into())),
            display_order: set(display_order),
            is_active: set(is_active),
            ..Default::default()
        }
    }
}

/// The texts without repetitions, in their order.
fn each_once(texts: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    texts.into_iter().filter(|text| seen.insert(text.clone())).collect()
}

/// An add-on.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "add_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "name": "Extra page",
    "slug": "extra-page",
    "description": "One more page, written and designed.",
    "currency": "AUD",
    "price": 25000,
    "pricing_type": "per_unit",
    "unit_label": "page",
    "available_packages": ["growth"],
    "display_order": 0,
    "is_active": true,
    "created_at": "2026-11-21T01:02:03Z",
    "updated_at": "2026-11-21T01:02:03Z"
}))]
pub struct AddonView {
    /// Its id.
    pub id: AddonId,
    /// What it is called.
    pub name: String,
    /// Part of addresses.
    pub slug: String,
    /// May be empty.
    pub description: String,
    /// ISO 4217.
    pub currency: String,
    /// Minor units without tax.
    pub price: i64,
    /// How the price counts.
    pub pricing_type: AddonPricing,
    /// What one unit is.
    pub unit_label: Option<String>,
    /// Slugs of the packages it goes with; empty for all.
    #[schema(value_type = Vec<String>)]
    pub available_packages: serde_json::Value,
    /// Lists begin with the smallest.
    pub display_order: i32,
    /// Whether it can be chosen.
    pub is_active: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl From<addon::Model> for AddonView {
    fn from(row: addon::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            slug: row.slug,
            description: row.description,
            currency: row.currency,
            price: row.price,
            pricing_type: row.pricing_type,
            unit_label: row.unit_label,
            available_packages: row.available_packages,
            display_order: row.display_order,
            is_active: row.is_active,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Which page of which add-ons.
#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AddonQuery {
    /// Whether those that are switched off are listed too.
    #[serde(default)]
    #[garde(skip)]
    pub include_inactive: bool,
    /// Only those that go with the package of this slug.
    #[garde(inner(custom(check_slug)))]
    pub package_slug: Option<String>,
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

/// The path of one add-on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AddonPath {
    /// The add-on's id.
    pub addon_id: AddonId,
}

/// The path of one add-on, by id or slug.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AddonReference {
    /// The add-on's id or its slug.
    pub addon_id: String,
}
