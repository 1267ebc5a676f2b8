//! Totals of priced lines (spec §6.7).

use kernel::error::{Error, Result};
use kernel::money::{scale, sum};

use super::TaxRules;

/// What a line adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineAmount {
    /// Without tax.
    pub amount: i64,
    /// Whether tax applies.
    pub is_taxable: bool,
}

/// The totals of a document; `total = subtotal − discount + tax`, always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Sum of the lines.
    pub subtotal: i64,
    /// What is taken off.
    pub discount: i64,
    /// Tax on what is left of the taxable lines.
    pub tax: i64,
    /// What is to be paid.
    pub total: i64,
}

/// Adds lines up. The discount lowers the taxable part in proportion (DEC-24).
///
/// # Errors
/// [`Error::Validation`] when the discount is negative or more than the subtotal, the total is
/// negative, or an amount does not fit.
pub fn totals(lines: &[LineAmount], discount: i64, tax: &TaxRules) -> Result<Totals> {
    let subtotal = sum(lines.iter().map(|line| line.amount))?;
    if subtotal < 0 {
        return Err(Error::invalid("/lines", "negative_total", "the lines add up to less than 0"));
    }
    if !(0..=subtotal).contains(&discount) {
        return Err(Error::invalid(
            "/discount",
            "out_of_range",
            "must be from 0 to the sum of the lines",
        ));
    }
    let taxable = sum(lines.iter().filter(|line| line.is_taxable).map(|line| line.amount))?;
    let share = if subtotal == 0 { 0 } else { scale(discount, taxable, subtotal)? };
    let tax = tax.on(taxable - share)?;
    Ok(Totals { subtotal, discount, tax, total: sum([subtotal, -discount, tax])? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gst() -> TaxRules {
        TaxRules { registered: true, label: "GST".to_owned(), rate_bps: 1000 }
    }

    fn taxable(amount: i64) -> LineAmount {
        LineAmount { amount, is_taxable: true }
    }

    #[test]
    fn the_discount_lowers_the_taxable_part_in_proportion() {
        let lines = [taxable(60_000), LineAmount { amount: 40_000, is_taxable: false }];

        let totals = totals(&lines, 10_000, &gst()).unwrap();

        assert_eq!((totals.tax, totals.total), (5_400, 95_400));
    }

    #[test]
    fn a_discount_beyond_the_subtotal_is_refused() {
        assert!(totals(&[taxable(100)], 101, &gst()).is_err());
        assert!(totals(&[taxable(100)], -1, &gst()).is_err());
    }

    proptest! {
        #[test]
        fn parts_always_add_up(
            amounts in prop::collection::vec((0..100_000_000_i64, any::<bool>()), 1..30),
            discount_share in 0..=10_000_i64,
            rate_bps in 0..=10_000_i32,
        ) {
            let lines: Vec<LineAmount> = amounts
                .iter()
                .map(|(amount, is_taxable)| LineAmount { amount: *amount, is_taxable: *is_taxable })
                .collect();
            let subtotal: i64 = lines.iter().map(|line| line.amount).sum();
            let discount = subtotal * discount_share / 10_000;
            let rules = TaxRules { rate_bps, ..gst() };

            let totals = totals(&lines, discount, &rules).unwrap();

            prop_assert_eq!(totals.total, totals.subtotal - totals.discount + totals.tax);
            prop_assert!(totals.tax >= 0 && totals.total >= 0);
        }
    }
}
