//! The one price engine: every surface (page, contract, invoice, PDF, mail) shows its numbers.
//!
//! Whole minor units throughout; each amount is rounded half away from zero on its own, then
//! summed (design ruling 2, spec §6).

mod lines;
mod proposal;

pub use lines::{LineAmount, Totals, totals};
pub use proposal::{
    Cancellation, ChosenAddon, CustomPricing, Monthly, Price, PriceLine, PriceLineKind,
    PricedPackage, Upfront, price,
};

use kernel::error::Result;
use kernel::money::basis_points;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The tax rules of a document, as they were when it was made (spec §6.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaxRules {
    /// Whether tax is charged.
    pub registered: bool,
    /// `GST`, `VAT`.
    pub label: String,
    /// Basis points: 1000 is 10 %.
    pub rate_bps: i32,
}

impl TaxRules {
    /// The tax on an amount.
    ///
    /// # Errors
    /// [`kernel::Error::Validation`] when the result does not fit.
    pub fn on(&self, amount: i64) -> Result<i64> {
        if self.registered { basis_points(amount, self.rate_bps) } else { Ok(0) }
    }

    /// `GST 10%`, for people.
    pub fn describe(&self) -> String {
        let (whole, part) = (self.rate_bps / 100, self.rate_bps % 100);
        let rate = if part == 0 { whole.to_string() } else { format!("{whole}.{part:02}") };
        format!("{} {}%", self.label, rate.trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_reads_naturally() {
        let rules = |rate_bps| TaxRules { registered: true, label: "GST".to_owned(), rate_bps };

        assert_eq!(rules(1000).describe(), "GST 10%");
        assert_eq!(rules(1750).describe(), "GST 17.50%");
    }
}
