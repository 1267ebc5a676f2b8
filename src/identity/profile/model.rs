//! What the profile takes and answers.

use chrono::{DateTime, Utc};
use entity::profile::PaymentTerms;
use entity::{ProfileId, profile};
use garde::Validate;
use kernel::http::not_null;
use kernel::text::check_currency;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::rules;

/// Longest footer.
const FOOTER_MAX: usize = 2000;

/// Changes of an agency's business details. A text is cleared by sending it empty.
#[derive(Deserialize, Validate, ToSchema)]
#[schema(example = json!({"legal_entity_name": "Riverbend Studio Pty Ltd", "business_number": "51 824 753 556", "bank_bsb": "062-000", "tax_rate_bps": 1000}))]
pub struct ProfilePatch {
    /// As registered.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::line(0, 255))))]
    pub legal_entity_name: Option<String>,
    /// The name on documents, when not the agency's.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::line(0, 255))))]
    pub trading_name: Option<String>,
    /// ABN or the like.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::line(0, 20))))]
    pub business_number: Option<String>,
    /// Street and number.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::line(0, 255))))]
    pub address_line_1: Option<String>,
    /// Unit, floor, building.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::line(0, 255))))]
    pub address_line_2: Option<String>,
    /// Town.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::line(0, 100))))]
    pub city: Option<String>,
    /// State or province.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::line(0, 50))))]
    pub state: Option<String>,
    /// Postcode.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::line(0, 20))))]
    pub postcode: Option<String>,
    /// Name of the country.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::line(1, 100))))]
    pub country: Option<String>,
    /// The bank.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::line(0, 100))))]
    pub bank_name: Option<String>,
    /// The bank's branch: six digits, with or without a hyphen in the middle.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::bsb_or_empty)))]
    pub bank_bsb: Option<String>,
    /// At most 30 letters and digits.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::account_or_empty)))]
    pub bank_account_number: Option<String>,
    /// Whose account it is.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::line(0, 255))))]
    pub bank_account_name: Option<String>,
    /// ISO 4217 code of new prices and documents; those that exist keep theirs.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(check_currency)))]
    pub currency: Option<String>,
    /// Whether tax is charged.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(skip)]
    pub tax_registered: Option<bool>,
    /// `GST`, `VAT`: 1–20 characters.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::line(1, 20))))]
    pub tax_label: Option<String>,
    /// Basis points, 0–10000: 1000 is 10 %.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(range(min = 0, max = 10_000)))]
    pub tax_rate_bps: Option<i32>,
    /// For new invoices; all but `CUSTOM`.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(check_default_terms)))]
    pub default_payment_terms: Option<PaymentTerms>,
    /// Days, 1–3650.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(range(min = 1, max = 3650)))]
    pub default_proposal_validity_days: Option<i32>,
    /// Days, 1–3650.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(range(min = 1, max = 3650)))]
    pub default_contract_validity_days: Option<i32>,
    /// Small print of invoices, at most 2000 characters.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::text(FOOTER_MAX))))]
    pub invoice_footer: Option<String>,
    /// Small print of contracts, at most 2000 characters.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::text(FOOTER_MAX))))]
    pub contract_footer: Option<String>,
    /// IANA name; days begin and end in it.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(rules::timezone)))]
    pub timezone: Option<String>,
}

impl ProfilePatch {
    /// Whether it names where clients are to send their money.
    pub(super) fn names_bank_account(&self) -> bool {
        let account =
            [&self.bank_name, &self.bank_bsb, &self.bank_account_number, &self.bank_account_name];
        account.into_iter().any(Option::is_some)
    }
}

fn check_default_terms(terms: &PaymentTerms, _: &()) -> garde::Result {
    match terms.days() {
        Some(_) => Ok(()),
        None => Err(garde::Error::new("must be a fixed term; CUSTOM is chosen on each invoice")),
    }
}

/// How much is shown.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProfileQuery {
    /// Shows branch and account number in full. This is logged.
    #[serde(default)]
    #[garde(skip)]
    pub reveal: bool,
}

/// The number of a bank account and its branch, as they are.
#[derive(Clone, PartialEq, Eq)]
pub struct BankAccount {
    /// The bank's branch; may be empty.
    pub bsb: String,
    /// The account number; may be empty.
    pub account_number: String,
}

impl BankAccount {
    /// For whoever must know them again but not read them.
    pub(super) fn masked(&self) -> Self {
        Self { bsb: mask(&self.bsb), account_number: mask(&self.account_number) }
    }
}

/// The last three characters of a long text; nothing of a short one.
fn mask(text: &str) -> String {
    let length = text.chars().count();
    match length {
        0 => String::new(),
        1..=5 => "***".to_owned(),
        _ => format!("***{}", text.chars().skip(length - 3).collect::<String>()),
    }
}

/// An agency's business details.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "prf_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "legal_entity_name": "Riverbend Studio Pty Ltd",
    "trading_name": "",
    "business_number": "51 824 753 556",
    "address_line_1": "12 Wharf Street",
    "address_line_2": "",
    "city": "Brisbane",
    "state": "QLD",
    "postcode": "4000",
    "country": "Australia",
    "bank_name": "Example Bank",
    "bank_bsb": "***000",
    "bank_account_number": "***678",
    "bank_account_name": "Riverbend Studio Pty Ltd",
    "currency": "AUD",
    "tax_registered": true,
    "tax_label": "GST",
    "tax_rate_bps": 1000,
    "default_payment_terms": "NET_14",
    "default_proposal_validity_days": 30,
    "default_contract_validity_days": 30,
    "invoice_footer": "",
    "contract_footer": "",
    "timezone": "Australia/Brisbane",
    "created_at": "2026-11-21T09:00:00Z",
    "updated_at": "2026-11-21T09:00:00Z",
}))]
pub struct ProfileView {
    /// Which.
    pub id: ProfileId,
    /// As registered; may be empty, as every text here but the country, the currency, the tax
    /// label and the time zone.
    pub legal_entity_name: String,
    /// The name on documents, when not the agency's.
    pub trading_name: String,
    /// ABN or the like.
    pub business_number: String,
    /// Street and number.
    pub address_line_1: String,
    /// Unit, floor, building.
    pub address_line_2: String,
    /// Town.
    pub city: String,
    /// State or province.
    pub state: String,
    /// Postcode.
    pub postcode: String,
    /// Name of the country.
    pub country: String,
    /// The bank.
    pub bank_name: String,
    /// The bank's branch; masked unless `reveal=true`.
    pub bank_bsb: String,
    /// The account number; masked unless `reveal=true`.
    pub bank_account_number: String,
    /// Whose account it is.
    pub bank_account_name: String,
    /// ISO 4217 code of new prices and documents.
    pub currency: String,
    /// Whether tax is charged.
    pub tax_registered: bool,
    /// What the tax is called.
    pub tax_label: String,
    /// Basis points: 1000 is 10 %.
    pub tax_rate_bps: i32,
    /// For new invoices.
    pub default_payment_terms: PaymentTerms,
    /// Days that a sent proposal is open.
    pub default_proposal_validity_days: i32,
    /// Days that a sent contract is open.
    pub default_contract_validity_days: i32,
    /// Small print of invoices.
    pub invoice_footer: String,
    /// Small print of contracts.
    pub contract_footer: String,
    /// IANA name.
    pub timezone: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl ProfileView {
    /// The details with the given account, masked or not.
    pub(super) fn new(row: profile::Model, account: BankAccount) -> Self {
        Self {
            id: row.id,
            legal_entity_name: row.legal_entity_name,
            trading_name: row.trading_name,
            business_number: row.business_number,
            address_line_1: row.address_line_1,
            address_line_2: row.address_line_2,
            city: row.city,
            state: row.state,
            postcode: row.postcode,
            country: row.country,
            bank_name: row.bank_name,
            bank_bsb: account.bsb,
            bank_account_number: account.account_number,
            bank_account_name: row.bank_account_name,
            currency: row.currency,
            tax_registered: row.tax_registered,
            tax_label: row.tax_label,
            tax_rate_bps: row.tax_rate_bps,
            default_payment_terms: row.default_payment_terms,
            default_proposal_validity_days: row.default_proposal_validity_days,
            default_contract_validity_days: row.default_contract_validity_days,
            invoice_footer: row.invoice_footer,
            contract_footer: row.contract_footer,
            timezone: row.timezone,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_shows_the_end_of_long_texts_only() {
        assert_eq!(mask(""), "");
        assert_eq!(mask("1234"), "***");
        assert_eq!(mask("12345678"), "***678");
    }
}
