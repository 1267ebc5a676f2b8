//! What comes in and goes out.

use chrono::{DateTime, NaiveDate, Utc};
use entity::profile::PaymentTerms;
use entity::{
    AddonId, ClientId, ContractId, InvoiceId, LineId, PackageId, document, document_line, invoice,
};
use garde::Validate;
use kernel::error::Result;
use kernel::http::{Patch, not_null, patch};
use kernel::money::{MAX_AMOUNT, Quantity};
use kernel::text::check_not_blank;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::status::InvoiceStatus;
use crate::documents::Lifecycle;
use crate::documents::delivery::MESSAGE_MAX;
use crate::documents::view::DocumentFacts;

/// Most lines of one invoice.
pub const LINES_MAX: usize = 500;

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineCategory {
    /// Setting up.
    Setup,
    /// The work.
    Development,
    /// Hosting.
    Hosting,
    /// An extra.
    Addon,
    /// Anything else.
    Other,
}

impl LineCategory {
    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Development => "development",
            Self::Hosting => "hosting",
            Self::Addon => "addon",
            Self::Other => "other",
        }
    }
}

/// A line of a new invoice.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"description": "Workshop", "quantity": "2.5", "unit_price": 12000}))]
pub struct NewLine {
    /// 1–2000 characters.
    #[garde(length(chars, min = 1, max = 2000), custom(check_not_blank))]
    pub description: String,
    /// How many.
    #[garde(skip)]
    #[serde(default = "one")]
    pub quantity: Quantity,
    /// Minor units, without tax.
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    pub unit_price: i64,
    /// Whether tax applies.
    #[garde(skip)]
    #[serde(default = "yes")]
    pub is_taxable: bool,
    /// What it is for.
    #[garde(skip)]
    #[serde(default)]
    pub category: Option<LineCategory>,
}

fn one() -> Quantity {
    Quantity::ONE
}

fn yes() -> bool {
    true
}

/// A new invoice.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[schema(example = json!({
    "client_id": "cli_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "lines": [{"description": "Workshop", "quantity": "2.5", "unit_price": 12000}],
    "payment_terms": "NET_14", "public_notes": "Thank you!"
}))]
pub struct NewInvoice {
    /// For whom; an active client.
    #[garde(skip)]
    pub client_id: ClientId,
    /// At least one.
    #[garde(length(min = 1, max = LINES_MAX), dive)]
    pub lines: Vec<NewLine>,
    /// The day of issue; today by default.
    #[garde(skip)]
    #[serde(default)]
    pub issue_date: Option<NaiveDate>,
    /// The agency's usual terms by default.
    #[garde(skip)]
    #[serde(default)]
    pub payment_terms: Option<PaymentTerms>,
    /// Words for custom terms.
    #[garde(length(chars, max = 500))]
    #[serde(default)]
    pub payment_terms_custom: String,
    /// The day it is due; required for custom terms, else it follows from them.
    #[garde(skip)]
    #[serde(default)]
    pub due_date: Option<NaiveDate>,
    /// Taken off, minor units; at most the sum of the lines.
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    #[serde(default)]
    pub discount: i64,
    /// Why.
    #[garde(length(chars, max = 255))]
    #[serde(default)]
    pub discount_description: String,
    /// Internal.
    #[garde(length(chars, max = 10_000))]
    #[serde(default)]
    pub notes: String,
    /// Shown to the client.
    #[garde(length(chars, max = 10_000))]
    #[serde(default)]
    pub public_notes: String,
    /// ISO 4217; the agency's by default.
    #[garde(inner(custom(kernel::text::check_currency)))]
    #[serde(default)]
    pub currency: Option<String>,
}

/// An invoice from a contract.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"contract_id": "con_01jd3k9v5xe8rt2m4n6p8q0s2v"}))]
pub struct FromContract {
    /// A signed contract.
    #[garde(skip)]
    pub contract_id: ContractId,
    /// Invoices it even though it has been invoiced already.
    #[garde(skip)]
    #[serde(default)]
    pub force: bool,
}

/// A changed draft: absent members stay as they are.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"public_notes": "Thank you!", "discount": 5000, "discount_description": "Loyalty"}))]
pub struct InvoicePatch {
    /// Replaces the set.
    #[garde(length(min = 1, max = LINES_MAX), dive)]
    #[serde(default, deserialize_with = "not_null")]
    pub lines: Option<Vec<NewLine>>,
    /// The day of issue.
    #[garde(skip)]
    #[serde(default, deserialize_with = "not_null")]
    pub issue_date: Option<NaiveDate>,
    /// When it is due.
    #[garde(skip)]
    #[serde(default, deserialize_with = "not_null")]
    pub payment_terms: Option<PaymentTerms>,
    /// Words for custom terms.
    #[garde(length(chars, max = 500))]
    #[serde(default, deserialize_with = "not_null")]
    pub payment_terms_custom: Option<String>,
    /// The day it is due; null lets it follow from the terms.
    #[garde(skip)]
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<NaiveDate>)]
    pub due_date: Patch<NaiveDate>,
    /// Taken off, minor units.
    #[garde(range(min = 0, max = MAX_AMOUNT))]
    #[serde(default, deserialize_with = "not_null")]
    pub discount: Option<i64>,
    /// Why.
    #[garde(length(chars, max = 255))]
    #[serde(default, deserialize_with = "not_null")]
    pub discount_description: Option<String>,
    /// Internal.
    #[garde(length(chars, max = 10_000))]
    #[serde(default, deserialize_with = "not_null")]
    pub notes: Option<String>,
    /// Shown to the client.
    #[garde(length(chars, max = 10_000))]
    #[serde(default, deserialize_with = "not_null")]
    pub public_notes: Option<String>,
}

/// How to send.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"custom_message": "Thank you for your business."}))]
pub struct SendInvoice {
    /// Replaces the usual first paragraph of the mail; plain text.
    #[garde(length(chars, max = MESSAGE_MAX))]
    #[serde(default)]
    pub custom_message: Option<String>,
    /// Whether to send a mail; without it the link is shared by hand. True by default.
    #[garde(skip)]
    #[serde(default)]
    pub deliver: Option<bool>,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InvoiceQuery {
    /// Only those in this state (adjusted for the time).
    #[garde(skip)]
    pub status: Option<String>,
    /// Only those for this client.
    #[garde(skip)]
    pub client_id: Option<ClientId>,
    /// Only those made from this contract.
    #[garde(skip)]
    pub contract_id: Option<ContractId>,
    /// A part of number, title, client name or address.
    #[garde(length(chars, max = 200))]
    pub search: Option<String>,
    /// Entries of a page, 1–100; 50 by default.
    #[garde(skip)]
    pub limit: Option<u64>,
    /// Where the previous page ended.
    #[garde(skip)]
    pub cursor: Option<String>,
    /// `total` counts all entries too.
    #[garde(skip)]
    pub include: Option<String>,
}

/// An invoice in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "inv_01jd3k9v5xe8rt2m4n6p8q0s2v", "number": "INV-2026-0001", "status": "paid",
    "contract_id": null, "client_id": "cli_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "client_business_name": "Riverbend Plumbing", "client_email": "ada@riverbend.example",
    "currency": "AUD", "total": 33000, "due_date": "2026-12-05", "view_count": 1,
    "sent_at": "2026-11-21T02:00:00Z", "paid_at": "2026-11-22T02:00:00Z",
    "created_by": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v", "created_at": "2026-11-21T01:00:00Z",
    "updated_at": "2026-11-22T02:00:00Z"
}))]
pub struct InvoiceSummary {
    /// Which.
    pub id: InvoiceId,
    /// The state, adjusted for the time.
    pub status: InvoiceStatus,
    /// The contract it was made from.
    pub contract_id: Option<ContractId>,
    /// The day it is due.
    pub due_date: Option<NaiveDate>,
    /// When it was paid.
    pub paid_at: Option<DateTime<Utc>>,
    /// What all kinds have.
    #[serde(flatten)]
    pub facts: DocumentFacts,
}

/// A line of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "lin_01jd3k9v5xe8rt2m4n6p8q0s2v", "description": "Workshop", "quantity": "2.5",
    "unit_price": 12000, "amount": 30000, "is_taxable": true, "category": null
}))]
pub struct LineView {
    /// Which.
    pub id: LineId,
    /// For people.
    pub description: String,
    /// How many.
    pub quantity: Quantity,
    /// Minor units, without tax.
    pub unit_price: i64,
    /// Minor units, without tax.
    pub amount: i64,
    /// Whether tax applies.
    pub is_taxable: bool,
    /// What it is for.
    pub category: Option<String>,
    /// The package it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package_id: Option<PackageId>,
    /// The extra it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addon_id: Option<AddonId>,
}

impl From<document_line::Model> for LineView {
    fn from(line: document_line::Model) -> Self {
        Self {
            id: line.id,
            description: line.description,
            quantity: Quantity::from_milli(line.quantity_milli),
            unit_price: line.unit_price,
            amount: line.amount,
            is_taxable: line.is_taxable,
            category: line.category,
            package_id: line.package_id,
            addon_id: line.addon_id,
        }
    }
}

/// An invoice.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "inv_01jd3k9v5xe8rt2m4n6p8q0s2v", "number": "INV-2026-0001", "status": "sent",
    "contract_id": null, "client_id": "cli_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "client_business_name": "Riverbend Plumbing", "client_email": "ada@riverbend.example",
    "currency": "AUD", "total": 33000, "due_date": "2026-12-05", "view_count": 0,
    "sent_at": "2026-11-21T02:00:00Z", "paid_at": null,
    "created_by": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v", "created_at": "2026-11-21T01:00:00Z",
    "updated_at": "2026-11-21T02:00:00Z",
    "content_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "public_url": "http://127.0.0.1:8080/i/7NpWbYqS2xKfDh4mRtVa3e", "last_viewed_at": null,
    "issue_date": "2026-11-21", "payment_terms": "NET_14", "payment_terms_custom": "",
    "lines": [{"id": "lin_01jd3k9v5xe8rt2m4n6p8q0s2v", "description": "Workshop", "quantity": "2.5",
               "unit_price": 12000, "amount": 30000, "is_taxable": true, "category": null}],
    "subtotal": 30000, "discount": 0, "discount_description": "", "tax": 3000, "tax_label": "GST",
    "tax_rate_bps": 1000, "amount_paid": 0, "amount_due": 33000, "notes": "", "public_notes": "Thank you!"
}))]
pub struct InvoiceView {
    /// What lists show too.
    #[serde(flatten)]
    pub summary: InvoiceSummary,
    /// SHA-256 of the canonical content that was sent, hexadecimal.
    pub content_hash: Option<String>,
    /// The public page, once sent.
    pub public_url: Option<String>,
    /// The last counted view.
    pub last_viewed_at: Option<DateTime<Utc>>,
    /// The day of issue.
    pub issue_date: NaiveDate,
    /// How the due day follows.
    pub payment_terms: PaymentTerms,
    /// Words for custom terms.
    pub payment_terms_custom: String,
    /// In order.
    pub lines: Vec<LineView>,
    /// Sum of the lines, minor units.
    pub subtotal: i64,
    /// Minor units.
    pub discount: i64,
    /// Why.
    pub discount_description: String,
    /// Minor units.
    pub tax: i64,
    /// `GST`, `VAT`.
    pub tax_label: String,
    /// Basis points.
    pub tax_rate_bps: i32,
    /// Minor units received.
    pub amount_paid: i64,
    /// Minor units still to be paid.
    pub amount_due: i64,
    /// Internal.
    pub notes: String,
    /// Shown to the client.
    pub public_notes: String,
}

/// An invoice as read from its rows.
#[derive(Clone, Debug)]
pub struct Invoice {
    /// What all kinds share.
    pub document: document::Model,
    /// What only invoices have.
    pub own: invoice::Model,
    /// Its lines, in order.
    pub lines: Vec<document_line::Model>,
}

impl InvoiceSummary {
    /// Shows a row.
    ///
    /// # Errors
    /// [`kernel::Error::Internal`] for a row of an unknown state.
    pub fn new(document: document::Model, now: DateTime<Utc>) -> Result<Self> {
        let status = InvoiceStatus::effective(&document, now)?;
        Ok(Self {
            facts: (&document).into(),
            status,
            id: document.id.into(),
            contract_id: document.source_id.map(Into::into),
            due_date: document.valid_until,
            paid_at: document.responded_at.filter(|_| status == InvoiceStatus::Paid),
        })
    }
}

impl Invoice {
    /// Minor units still to be paid.
    pub fn amount_due(&self) -> i64 {
        self.document.total - self.own.amount_paid
    }

    /// Shows it; `public_url` makes an address of the public token.
    ///
    /// # Errors
    /// [`kernel::Error::Internal`] for a row of an unknown state.
    pub fn view(
        self,
        now: DateTime<Utc>,
        public_url: impl FnOnce(&str) -> String,
    ) -> Result<InvoiceView> {
        let document = &self.document;
        Ok(InvoiceView {
            amount_due: self.amount_due(),
            content_hash: document.content_hash.clone(),
            public_url: document.public_token.as_deref().map(public_url),
            last_viewed_at: document.last_viewed_at,
            subtotal: document.subtotal,
            discount: document.discount,
            tax: document.tax,
            tax_label: document.tax_label.clone(),
            tax_rate_bps: document.tax_rate_bps,
            issue_date: self.own.issue_date,
            payment_terms: self.own.payment_terms,
            payment_terms_custom: self.own.payment_terms_custom,
            lines: self.lines.into_iter().map(Into::into).collect(),
            discount_description: self.own.discount_description,
            amount_paid: self.own.amount_paid,
            notes: self.own.notes,
            public_notes: self.own.public_notes,
            summary: InvoiceSummary::new(self.document, now)?,
        })
    }
}
