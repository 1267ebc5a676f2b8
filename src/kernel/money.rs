//! Money: whole minor units and a currency, never a fraction in memory or in the database.
//!
//! Rounding is half away from zero, in one function. Quantities are thousandths, rates are basis
//! points (design ruling 2).

use std::fmt::Write as _;

use crate::error::{Error, Result};

/// Largest amount of one price or total, in minor units: ten thousand million, so that the sum of
/// any document stays far inside 64 bits.
pub const MAX_AMOUNT: i64 = 1_000_000_000_000;

/// A currency by its ISO 4217 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency {
    code: &'static str,
    symbol: &'static str,
    decimals: u32,
}

/// The currencies that are known, with their symbol in English text and their decimals
/// (ISO 4217, amendment 177).
const CURRENCIES: &[Currency] = &[
    Currency { code: "AUD", symbol: "$", decimals: 2 },
    Currency { code: "NZD", symbol: "NZ$", decimals: 2 },
    Currency { code: "USD", symbol: "US$", decimals: 2 },
    Currency { code: "CAD", symbol: "CA$", decimals: 2 },
    Currency { code: "SGD", symbol: "S$", decimals: 2 },
    Currency { code: "HKD", symbol: "HK$", decimals: 2 },
    Currency { code: "EUR", symbol: "€", decimals: 2 },
    Currency { code: "GBP", symbol: "£", decimals: 2 },
    Currency { code: "CHF", symbol: "CHF ", decimals: 2 },
    Currency { code: "SEK", symbol: "SEK ", decimals: 2 },
    Currency { code: "NOK", symbol: "NOK ", decimals: 2 },
    Currency { code: "DKK", symbol: "DKK ", decimals: 2 },
    Currency { code: "PLN", symbol: "PLN ", decimals: 2 },
    Currency { code: "CZK", symbol: "CZK ", decimals: 2 },
    Currency { code: "ZAR", symbol: "R ", decimals: 2 },
    Currency { code: "INR", symbol: "₹", decimals: 2 },
    Currency { code: "BRL", symbol: "R$", decimals: 2 },
    Currency { code: "MXN", symbol: "MX$", decimals: 2 },
    Currency { code: "AED", symbol: "AED ", decimals: 2 },
    Currency { code: "JPY", symbol: "¥", decimals: 0 },
    Currency { code: "KRW", symbol: "₩", decimals: 0 },
    Currency { code: "KWD", symbol: "KWD ", decimals: 3 },
];

impl Currency {
    /// The currency of a code, upper-case.
    pub fn parse(code: &str) -> Option<Self> {
        CURRENCIES.iter().copied().find(|currency| currency.code == code)
    }

    /// The ISO 4217 code.
    pub fn code(self) -> &'static str {
        self.code
    }

    /// An amount for people: `$1,234.50`, `-€3.00`, `¥1,200`.
    pub fn format(self, minor: i64) -> String {
        let unit = 10_u64.pow(self.decimals);
        let (whole, fraction) = (minor.unsigned_abs() / unit, minor.unsigned_abs() % unit);
        let mut text = String::new();
        if minor < 0 {
            text.push('-');
        }
        text.push_str(self.symbol);
        let digits = whole.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        if self.decimals > 0 {
            let width = usize::try_from(self.decimals).unwrap_or(2);
            // Writing to a String cannot fail.
            let _ = write!(text, ".{fraction:0width$}");
        }
        text
    }
}

/// `amount × numerator ÷ denominator`, rounded half away from zero.
///
/// # Errors
/// [`Error::Validation`] when the result does not fit; [`Error::Internal`] for a denominator of 0.
pub fn scale(amount: i64, numerator: i64, denominator: i64) -> Result<i64> {
    if denominator == 0 {
        return Err(Error::internal("scaling by a fraction with denominator 0"));
    }
    let product = i128::from(amount) * i128::from(numerator);
    let denominator = i128::from(denominator);
    let (product, denominator) =
        if denominator < 0 { (-product, -denominator) } else { (product, denominator) };
    let doubled = product.abs() * 2 + denominator;
    let magnitude = doubled / (denominator * 2);
    let signed = if product < 0 { -magnitude } else { magnitude };
    i64::try_from(signed).map_err(|_| too_large())
}

/// `rate_bps` basis points of an amount, rounded half away from zero.
///
/// # Errors
/// [`Error::Validation`] when the result does not fit.
pub fn basis_points(amount: i64, rate_bps: i32) -> Result<i64> {
    scale(amount, i64::from(rate_bps), 10_000)
}

/// The part of a tax-inclusive amount that is without tax, rounded half away from zero.
///
/// # Errors
/// [`Error::Validation`] when the result does not fit.
pub fn without_tax(amount: i64, rate_bps: i32) -> Result<i64> {
    scale(amount, 10_000, 10_000 + i64::from(rate_bps))
}

/// Adds amounts, refusing what leaves the range of a document.
///
/// # Errors
/// [`Error::Validation`] when the sum is beyond [`MAX_AMOUNT`] either way.
pub fn sum(amounts: impl IntoIterator<Item = i64>) -> Result<i64> {
    let mut total: i64 = 0;
    for amount in amounts {
        total = total.checked_add(amount).ok_or_else(too_large)?;
    }
    if total.abs() > MAX_AMOUNT { Err(too_large()) } else { Ok(total) }
}

fn too_large() -> Error {
    Error::invalid(
        "",
        "amount_too_large",
        format!("an amount goes beyond {MAX_AMOUNT} minor units"),
    )
}

/// A quantity: thousandths inside, a decimal text with at most three places on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(i64);

impl Quantity {
    /// One.
    pub const ONE: Self = Self(1000);

    /// Largest quantity: a million.
    pub const MAX_MILLI: i64 = 1_000_000_000;

    /// From thousandths.
    pub fn from_milli(milli: i64) -> Self {
        Self(milli)
    }

    /// In thousandths.
    pub fn milli(self) -> i64 {
        self.0
    }

    /// Quantity × unit price, rounded half away from zero.
    ///
    /// # Errors
    /// [`Error::Validation`] when the result does not fit.
    pub fn times(self, unit_price: i64) -> Result<i64> {
        scale(unit_price, self.0, 1000)
    }
}

impl std::str::FromStr for Quantity {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "must be a decimal text like \"1\" or \"2.5\": more than 0, at most 1000000, at most three places";
        let (whole, places) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let well_formed = !whole.is_empty()
            && whole.len() <= 7
            && places.len() <= 3
            && digits(whole)
            && digits(places)
            && (text.contains('.') != places.is_empty());
        if !well_formed {
            return Err(EXPECTED);
        }
        let milli: i64 = format!("{whole}{places:0<3}").parse().map_err(|_| EXPECTED)?;
        if (1..=Self::MAX_MILLI).contains(&milli) { Ok(Self(milli)) } else { Err(EXPECTED) }
    }
}

impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, places) = (self.0 / 1000, (self.0 % 1000).abs());
        if places == 0 {
            write!(f, "{whole}")
        } else {
            f.write_str(format!("{whole}.{places:03}").trim_end_matches('0'))
        }
    }
}

impl serde::Serialize for Quantity {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Quantity {
    fn deserialize<D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Quantity {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^[0-9]{1,7}(\\.[0-9]{1,3})?$"))
            .description(Some("A quantity as decimal text with at most three places."))
            .examples(["2.5"])
            .into()
    }
}

impl utoipa::ToSchema for Quantity {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn halves_go_away_from_zero() {
        assert_eq!(scale(1, 1, 2).unwrap(), 1);
        assert_eq!(scale(-1, 1, 2).unwrap(), -1);
        assert_eq!(scale(3, 1, 2).unwrap(), 2);
        assert_eq!(scale(1, 1, 3).unwrap(), 0);
        assert_eq!(scale(-5, 1, 3).unwrap(), -2);
    }

    #[test]
    fn amounts_are_written_for_people() {
        let aud = Currency::parse("AUD").unwrap();

        assert_eq!(aud.format(123_450), "$1,234.50");
        assert_eq!(aud.format(-300), "-$3.00");
        assert_eq!(aud.format(5), "$0.05");
        assert_eq!(Currency::parse("JPY").unwrap().format(1_200_000), "¥1,200,000");
    }

    #[test]
    fn quantities_are_strict() {
        for good in ["1", "2.5", "0.001", "1000000"] {
            assert_eq!(good.parse::<Quantity>().unwrap().to_string(), good);
        }
        for bad in ["", "0", "-1", "1.", ".5", "1.2345", "1e3", "1000001", " 1", "１"] {
            assert!(bad.parse::<Quantity>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn tax_taken_out_and_put_back_is_within_one_unit(
            amount in 0..MAX_AMOUNT, rate in 0..=10_000_i32,
        ) {
            let net = without_tax(amount, rate).unwrap();
            let gross = net + basis_points(net, rate).unwrap();

            prop_assert!((gross - amount).abs() <= 1);
        }

        #[test]
        fn rounding_is_never_off_by_more_than_half(
            amount in -MAX_AMOUNT..MAX_AMOUNT, numerator in 0..10_000_i64, denominator in 1..10_000_i64,
        ) {
            let exact = i128::from(amount) * i128::from(numerator);
            let rounded = i128::from(scale(amount, numerator, denominator).unwrap());

            prop_assert!((rounded * i128::from(denominator) - exact).abs() * 2 <= i128::from(denominator));
        }

        #[test]
        fn quantities_survive_the_wire(milli in 1..=Quantity::MAX_MILLI) {
            let quantity = Quantity::from_milli(milli);

            prop_assert_eq!(quantity.to_string().parse::<Quantity>().unwrap(), quantity);
        }
    }
}
