//! What comes in and goes out.

use chrono::{DateTime, Utc};
use entity::payment::{self, PaymentKind, PaymentMethod};
use entity::{InvoiceId, PaymentId, UserId};
use garde::Validate;
use kernel::money::MAX_AMOUNT;
use sales::invoices::status::InvoiceStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Money that was received.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"method": "bank_transfer", "reference": "Transfer 4711"}))]
pub struct NewPayment {
    /// How it came.
    #[garde(skip)]
    pub method: PaymentMethod,
    /// Minor units; the whole amount due by default, and nothing else for now: an invoice is paid
    /// at once.
    #[garde(range(min = 1, max = MAX_AMOUNT))]
    #[serde(default)]
    pub amount: Option<i64>,
    /// When it came; now by default, and never later than now.
    #[garde(skip)]
    #[serde(default)]
    pub paid_at: Option<DateTime<Utc>>,
    /// Of the bank or till; up to 255 characters.
    #[garde(length(chars, max = 255))]
    #[serde(default)]
    pub reference: Option<String>,
    /// Internal; up to 2000 characters.
    #[garde(length(chars, max = 2000))]
    #[serde(default)]
    pub notes: Option<String>,
}

/// A recorded payment.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "pay_01jd3k9v5xe8rt2m4n6p8q0s2v", "invoice_id": "inv_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "invoice_status": "paid", "kind": "payment", "amount": 33000, "currency": "AUD",
    "method": "bank_transfer", "reference": "Transfer 4711", "notes": null,
    "received_at": "2026-11-22T02:00:00Z", "recorded_by": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "created_at": "2026-11-22T02:00:00Z"
}))]
pub struct PaymentView {
    /// Which.
    pub id: PaymentId,
    /// For which invoice.
    pub invoice_id: InvoiceId,
    /// The state of the invoice since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice_status: Option<InvoiceStatus>,
    /// Money in or money back.
    pub kind: PaymentKind,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// How it came.
    pub method: PaymentMethod,
    /// Of the bank or till.
    pub reference: Option<String>,
    /// Internal.
    pub notes: Option<String>,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Option<UserId>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
}

impl From<payment::Model> for PaymentView {
    fn from(payment: payment::Model) -> Self {
        Self {
            id: payment.id,
            invoice_id: payment.invoice_id.into(),
            invoice_status: None,
            kind: payment.kind,
            amount: payment.amount,
            currency: payment.currency,
            method: payment.method,
            reference: payment.reference,
            notes: payment.notes,
            received_at: payment.received_at,
            recorded_by: payment.recorded_by,
            created_at: payment.created_at,
        }
    }
}
