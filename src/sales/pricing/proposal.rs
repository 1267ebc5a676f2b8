//! The price of a proposal (spec §6.3).

use entity::package::{CancellationFee, PricingModel};
use entity::{AddonId, PackageId, addon, package};
use kernel::error::{Error, Result};
use kernel::money::{MAX_AMOUNT, Quantity, basis_points, scale, sum};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::TaxRules;

/// Prices that replace the package's, and the discount.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, garde::Validate,
)]
#[schema(example = json!({"one_time_price": 300000, "discount_bps": 1000, "discount_note": "Launch offer"}))]
pub struct CustomPricing {
    /// Once, minor units without tax.
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup_fee: Option<i64>,
    /// Once, minor units without tax.
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_price: Option<i64>,
    /// Each month, minor units without tax.
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly_price: Option<i64>,
    /// Each month, minor units without tax.
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosting_fee: Option<i64>,
    /// Taken off the upfront part, in basis points: 1000 is 10 %.
    #[garde(range(min = 0, max = 10_000))]
    #[serde(default)]
    pub discount_bps: i32,
    /// Why; up to 255 characters.
    #[garde(length(chars, max = 255))]
    #[serde(default)]
    pub discount_note: String,
}

/// A chosen extra and how many of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChosenAddon {
    /// Which.
    pub addon_id: AddonId,
    /// How many; counts for extras priced per unit.
    #[serde(default = "one")]
    pub quantity: Quantity,
}

fn one() -> Quantity {
    Quantity::ONE
}

/// What a line of a price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PriceLineKind {
    /// Setting up, once.
    Setup,
    /// The work, once.
    Development,
    /// An extra.
    Addon,
    /// The monthly price.
    Monthly,
    /// Hosting, monthly.
    Hosting,
}

/// A line of a price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PriceLine {
    /// What it is for.
    pub kind: PriceLineKind,
    /// For people.
    pub description: String,
    /// Whether it is charged each month instead of once.
    pub recurring: bool,
    /// How many.
    pub quantity: Quantity,
    /// Minor units without tax.
    pub unit_price: i64,
    /// Minor units without tax.
    pub amount: i64,
    /// The package it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package_id: Option<PackageId>,
    /// The extra it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addon_id: Option<AddonId>,
}

/// What is paid once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Upfront {
    /// Before the discount, without tax.
    pub subtotal: i64,
    /// Taken off.
    pub discount: i64,
    /// After the discount, without tax.
    pub net: i64,
    /// The tax.
    pub tax: i64,
    /// With tax.
    pub total: i64,
}

/// What is paid each month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Monthly {
    /// Without tax.
    pub net: i64,
    /// The tax.
    pub tax: i64,
    /// With tax.
    pub total: i64,
}

/// What ending before the minimum term costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cancellation {
    /// How it is charged.
    pub kind: CancellationFee,
    /// The fixed fee, minor units; 0 for the other kinds.
    pub amount: i64,
}

/// The chosen package, as far as the price shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PricedPackage {
    /// Which.
    pub id: PackageId,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// What it includes.
    pub included_features: Vec<String>,
}

/// A price, in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Price {
    /// ISO 4217.
    pub currency: String,
    /// What is shown first.
    pub pricing_model: PricingModel,
    /// The package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<PricedPackage>,
    /// Every component that costs something.
    pub lines: Vec<PriceLine>,
    /// What is paid once.
    pub upfront: Upfront,
    /// What is paid each month.
    pub monthly: Monthly,
    /// Basis points taken off the upfront part.
    pub discount_bps: i32,
    /// Why.
    pub discount_note: String,
    /// The tax rules that were applied.
    pub tax: TaxRules,
    /// Months the client is bound; 0 is none.
    pub minimum_term_months: i32,
    /// Upfront total and the monthly total over the minimum term.
    pub minimum_contract_value: i64,
    /// What ending early costs.
    pub cancellation: Cancellation,
}

/// Prices a choice. Components of 0 make no line.
///
/// # Errors
/// [`Error::Validation`] when something is priced in another currency or an amount does not fit.
pub fn price(
    currency: &str,
    package: Option<&package::Model>,
    addons: &[(addon::Model, Quantity)],
    custom: Option<&CustomPricing>,
    tax: &TaxRules,
) -> Result<Price> {
    check_currency(currency, package, addons)?;
    let none = CustomPricing::default();
    let custom = custom.unwrap_or(&none);
    let component = |own: Option<i64>, of: fn(&package::Model) -> i64| {
        own.or_else(|| package.map(of)).unwrap_or(0)
    };
    let name = package.map(|package| package.name.as_str());
    let titled = |what: &str| match name {
        Some(name) => format!("{name} – {what}"),
        None => {
            let mut letters = what.chars();
            let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
            format!("{first}{}", letters.as_str())
        }
    };
    let fixed = |kind, what: &str, recurring, unit_price| PriceLine {
        kind,
        description: titled(what),
        recurring,
        quantity: Quantity::ONE,
        unit_price,
        amount: unit_price,
        package_id: package.map(|package| package.id),
        addon_id: None,
    };
    let mut lines = vec![
        fixed(PriceLineKind::Setup, "setup", false, component(custom.setup_fee, |p| p.setup_fee)),
        fixed(
            PriceLineKind::Development,
            "development",
            false,
            component(custom.one_time_price, |p| p.one_time_price),
        ),
        fixed(
            PriceLineKind::Monthly,
            "monthly",
            true,
            component(custom.monthly_price, |p| p.monthly_price),
        ),
        fixed(
            PriceLineKind::Hosting,
            "hosting",
            true,
            component(custom.hosting_fee, |p| p.hosting_fee),
        ),
    ];
    for (addon, quantity) in addons {
        lines.push(addon_line(addon, *quantity)?);
    }
    lines.retain(|line| line.amount != 0);

    let of = |recurring: bool| {
        sum(lines.iter().filter(|line| line.recurring == recurring).map(|line| line.amount))
    };
    let subtotal = of(false)?;
    let discount = basis_points(subtotal, custom.discount_bps)?;
    let net = subtotal - discount;
    let upfront_tax = tax.on(net)?;
    let upfront =
        Upfront { subtotal, discount, net, tax: upfront_tax, total: sum([net, upfront_tax])? };
    let monthly_net = of(true)?;
    let monthly_tax = tax.on(monthly_net)?;
    let monthly =
        Monthly { net: monthly_net, tax: monthly_tax, total: sum([monthly_net, monthly_tax])? };
    let minimum_term_months = package.map_or(0, |package| package.minimum_term_months);
    let over_the_term = scale(monthly.total, i64::from(minimum_term_months), 1)?;
    Ok(Price {
        currency: currency.to_owned(),
        pricing_model: package.map_or(PricingModel::LumpSum, |package| package.pricing_model),
        package: package.map(priced_package),
        lines,
        upfront,
        monthly,
        discount_bps: custom.discount_bps,
        discount_note: custom.discount_note.clone(),
        tax: tax.clone(),
        minimum_term_months,
        minimum_contract_value: sum([upfront.total, over_the_term])?,
        cancellation: cancellation(package),
    })
}

fn check_currency(
    currency: &str,
    package: Option<&package::Model>,
    addons: &[(addon::Model, Quantity)],
) -> Result<()> {
    let wrong = |pointer: &str, other: &str| {
        Err(Error::invalid(
            pointer,
            "currency_mismatch",
            format!("is priced in {other}, the proposal in {currency}; use one currency"),
        ))
    };
    match package {
        Some(package) if package.currency != currency => {
            return wrong("/package_id", &package.currency);
        }
        _ => {}
    }
    for (position, (addon, _)) in addons.iter().enumerate() {
        if addon.currency != currency {
            return wrong(&format!("/addons/{position}"), &addon.currency);
        }
    }
    Ok(())
}

fn addon_line(addon: &addon::Model, quantity: Quantity) -> Result<PriceLine> {
    use entity::addon::AddonPricing;

    let (recurring, quantity) = match addon.pricing_type {
        AddonPricing::OneTime => (false, Quantity::ONE),
        AddonPricing::Monthly => (true, Quantity::ONE),
        AddonPricing::PerUnit => (false, quantity),
    };
    let description = match &addon.unit_label {
        Some(unit) if addon.pricing_type == AddonPricing::PerUnit => {
            format!("{} (per {unit})", addon.name)
        }
        _ => addon.name.clone(),
    };
    Ok(PriceLine {
        kind: PriceLineKind::Addon,
        description,
        recurring,
        quantity,
        unit_price: addon.price,
        amount: quantity.times(addon.price)?,
        package_id: None,
        addon_id: Some(addon.id),
    })
}

fn priced_package(package: &package::Model) -> PricedPackage {
    PricedPackage {
        id: package.id,
        name: package.name.clone(),
        description: package.description.clone(),
        included_features: serde_json::from_value(package.included_features.clone())
            .unwrap_or_default(),
    }
}

fn cancellation(package: Option<&package::Model>) -> Cancellation {
    match package {
        Some(package) => Cancellation {
            kind: package.cancellation_fee_type,
            amount: match package.cancellation_fee_type {
                CancellationFee::Fixed => package.cancellation_fee_amount,
                CancellationFee::None | CancellationFee::RemainingBalance => 0,
            },
        },
        None => Cancellation { kind: CancellationFee::None, amount: 0 },
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use entity::AgencyId;
    use entity::addon::AddonPricing;
    use proptest::prelude::*;

    use super::*;

    fn gst() -> TaxRules {
        TaxRules { registered: true, label: "GST".to_owned(), rate_bps: 1000 }
    }

    fn package() -> package::Model {
        package::Model {
            agency_id: AgencyId(uuid::Uuid::nil()),
            id: PackageId(uuid::Uuid::nil()),
            name: "Studio".to_owned(),
            slug: "studio".to_owned(),
            description: String::new(),
            pricing_model: PricingModel::Hybrid,
            currency: "AUD".to_owned(),
            setup_fee: 100_000,
            monthly_price: 9_900,
            one_time_price: 300_000,
            hosting_fee: 0,
            minimum_term_months: 12,
            cancellation_fee_type: CancellationFee::None,
            cancellation_fee_amount: 0,
            included_features: serde_json::json!([]),
            max_pages: None,
            display_order: 0,
            is_featured: false,
            is_active: true,
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    fn addon(price: i64, pricing_type: AddonPricing) -> addon::Model {
        addon::Model {
            agency_id: AgencyId(uuid::Uuid::nil()),
            id: AddonId(uuid::Uuid::nil()),
            name: "Copywriting".to_owned(),
            slug: "copywriting".to_owned(),
            description: String::new(),
            currency: "AUD".to_owned(),
            price,
            pricing_type,
            unit_label: Some("page".to_owned()),
            available_packages: serde_json::json!([]),
            display_order: 0,
            is_active: true,
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_worked_example_of_the_specification() {
        let addons = [(addon(50_000, AddonPricing::OneTime), Quantity::ONE)];
        let custom = CustomPricing { discount_bps: 1000, ..CustomPricing::default() };

        let price = price("AUD", Some(&package()), &addons, Some(&custom), &gst()).unwrap();

        assert_eq!(
            price.upfront,
            Upfront {
                subtotal: 450_000,
                discount: 45_000,
                net: 405_000,
                tax: 40_500,
                total: 445_500
            }
        );
        assert_eq!(price.monthly, Monthly { net: 9_900, tax: 990, total: 10_890 });
        assert_eq!(price.minimum_contract_value, 445_500 + 12 * 10_890);
    }

    #[test]
    fn quantity_counts_only_for_extras_priced_per_unit() {
        let three: Quantity = "3".parse().unwrap();
        let addons = [
            (addon(1_000, AddonPricing::PerUnit), three),
            (addon(1_000, AddonPricing::OneTime), three),
            (addon(1_000, AddonPricing::Monthly), three),
        ];

        let price = price("AUD", None, &addons, None, &gst()).unwrap();

        assert_eq!((price.upfront.subtotal, price.monthly.net), (4_000, 1_000));
    }

    #[test]
    fn another_currency_is_refused() {
        assert!(price("EUR", Some(&package()), &[], None, &gst()).is_err());
    }

    proptest! {
        #[test]
        fn lines_discount_and_tax_always_add_up(
            prices in prop::collection::vec(0..50_000_000_i64, 4),
            extras in prop::collection::vec((0..5_000_000_i64, 1..5_000_i64), 0..8),
            discount_bps in 0..=10_000_i32,
            rate_bps in 0..=10_000_i32,
        ) {
            let custom = CustomPricing {
                setup_fee: Some(prices[0]),
                one_time_price: Some(prices[1]),
                monthly_price: Some(prices[2]),
                hosting_fee: Some(prices[3]),
                discount_bps,
                ..CustomPricing::default()
            };
            let addons: Vec<_> = extras
                .iter()
                .map(|(price, milli)| {
                    (addon(*price, AddonPricing::PerUnit), Quantity::from_milli(*milli))
                })
                .collect();
            let rules = TaxRules { rate_bps, ..gst() };

            let price = price("AUD", None, &addons, Some(&custom), &rules).unwrap();

            let lines = |recurring: bool| {
                price.lines.iter().filter(|l| l.recurring == recurring).map(|l| l.amount).sum::<i64>()
            };
            prop_assert_eq!(lines(false), price.upfront.subtotal);
            prop_assert_eq!(lines(true), price.monthly.net);
            prop_assert_eq!(price.upfront.net, price.upfront.subtotal - price.upfront.discount);
            prop_assert_eq!(price.upfront.total, price.upfront.net + price.upfront.tax);
            prop_assert_eq!(price.monthly.total, price.monthly.net + price.monthly.tax);
        }
    }
}
