//! What comes in and goes out.

use chrono::{DateTime, NaiveDate, Utc};
use entity::{AddonId, ClientId, ContractId, PackageId, ProposalId, document, proposal};
use garde::Validate;
use kernel::error::{Context, Result};
use kernel::http::{Patch, not_null, patch};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::status::ProposalStatus;
use crate::documents::Lifecycle;
use crate::documents::delivery::MESSAGE_MAX;
use crate::documents::view::DocumentFacts;
use crate::pricing::{ChosenAddon, CustomPricing, Price};

/// Most extras of one proposal.
const ADDONS_MAX: usize = 50;

/// A step of the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"week": "1–2", "title": "Discovery", "description": "Workshops and site map"}))]
pub struct TimelineStep {
    /// When: `1–2`.
    #[garde(length(chars, min = 1, max = 50))]
    pub week: String,
    /// What.
    #[garde(length(chars, min = 1, max = 255))]
    pub title: String,
    /// More about it.
    #[garde(length(chars, max = 2000))]
    #[serde(default)]
    pub description: String,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"text": "Accept this proposal online"}))]
pub struct NextStep {
    /// The words.
    #[garde(length(chars, min = 1, max = 500))]
    pub text: String,
}

/// A new proposal.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[schema(example = json!({
    "client_id": "cli_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "package_id": "pkg_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "title": "Website redesign",
    "executive_summary": "A faster site that brings more enquiries.",
    "custom_pricing": {"discount_bps": 1000, "discount_note": "Launch offer"}
}))]
pub struct NewProposal {
    /// For whom; an active client.
    #[garde(skip)]
    pub client_id: ClientId,
    /// 1–255 characters.
    #[garde(length(chars, min = 1, max = 255))]
    #[serde(default = "default_title")]
    pub title: String,
    /// An active package.
    #[garde(skip)]
    #[serde(default)]
    pub package_id: Option<PackageId>,
    /// Active extras, each once.
    #[garde(length(max = ADDONS_MAX))]
    #[serde(default)]
    pub addons: Vec<ChosenAddon>,
    /// Prices that replace the package's, and the discount.
    #[garde(dive)]
    #[serde(default)]
    pub custom_pricing: Option<CustomPricing>,
    /// Plain text.
    #[garde(length(chars, max = 20_000))]
    #[serde(default)]
    pub executive_summary: String,
    /// Plain text.
    #[garde(length(chars, max = 20_000))]
    #[serde(default)]
    pub opportunity_content: String,
    /// Plain text.
    #[garde(length(chars, max = 20_000))]
    #[serde(default)]
    pub closing_content: String,
    /// In order.
    #[garde(length(max = 50), dive)]
    #[serde(default)]
    pub timeline: Vec<TimelineStep>,
    /// In order.
    #[garde(length(max = 50), dive)]
    #[serde(default)]
    pub next_steps: Vec<NextStep>,
    /// The last day it can be accepted; by default set when it is first sent.
    #[garde(skip)]
    #[serde(default)]
    pub valid_until: Option<NaiveDate>,
}

fn default_title() -> String {
    "Website Proposal".to_owned()
}

/// A changed proposal: absent members stay as they are.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"title": "Website redesign, phase 1", "addons": []}))]
pub struct ProposalPatch {
    /// 1–255 characters.
    #[garde(length(chars, min = 1, max = 255))]
    #[serde(default, deserialize_with = "not_null")]
    pub title: Option<String>,
    /// An active package; null for none.
    #[garde(skip)]
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<PackageId>)]
    pub package_id: Patch<PackageId>,
    /// Active extras, each once; replaces the set.
    #[garde(length(max = ADDONS_MAX))]
    #[serde(default, deserialize_with = "not_null")]
    pub addons: Option<Vec<ChosenAddon>>,
    /// Prices that replace the package's, and the discount; null for none.
    #[garde(dive)]
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<CustomPricing>)]
    pub custom_pricing: Patch<CustomPricing>,
    /// Plain text.
    #[garde(length(chars, max = 20_000))]
    #[serde(default, deserialize_with = "not_null")]
    pub executive_summary: Option<String>,
    /// Plain text.
    #[garde(length(chars, max = 20_000))]
    #[serde(default, deserialize_with = "not_null")]
    pub opportunity_content: Option<String>,
    /// Plain text.
    #[garde(length(chars, max = 20_000))]
    #[serde(default, deserialize_with = "not_null")]
    pub closing_content: Option<String>,
    /// Replaces the timeline.
    #[garde(length(max = 50), dive)]
    #[serde(default, deserialize_with = "not_null")]
    pub timeline: Option<Vec<TimelineStep>>,
    /// Replaces the steps.
    #[garde(length(max = 50), dive)]
    #[serde(default, deserialize_with = "not_null")]
    pub next_steps: Option<Vec<NextStep>>,
    /// The last day it can be accepted; null to have it set when sent.
    #[garde(skip)]
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_until: Patch<NaiveDate>,
}

/// How to send.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"custom_message": "Good to meet you today. Here is what we discussed."}))]
pub struct SendProposal {
    /// Replaces the usual first paragraph of the mail; plain text.
    #[garde(length(chars, max = MESSAGE_MAX))]
    #[serde(default)]
    pub custom_message: Option<String>,
    /// Whether to send a mail; without it the link is shared by hand.
    #[garde(skip)]
    #[serde(default = "yes")]
    pub deliver: Option<bool>,
    /// A new last day.
    #[garde(skip)]
    #[serde(default)]
    pub valid_until: Option<NaiveDate>,
}

fn yes() -> Option<bool> {
    Some(true)
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProposalQuery {
    /// Only those in this state (adjusted for the time).
    #[garde(skip)]
    pub status: Option<String>,
    /// Only those for this client.
    #[garde(skip)]
    pub client_id: Option<ClientId>,
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

/// A proposal in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "prop_01jd3k9v5xe8rt2m4n6p8q0s2v", "number": "PROP-2026-0001", "status": "viewed",
    "title": "Website redesign", "client_id": "cli_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "client_business_name": "Riverbend Plumbing", "client_email": "ada@riverbend.example",
    "currency": "AUD", "total": 445500, "valid_until": "2026-12-21", "view_count": 1,
    "sent_at": "2026-11-21T02:00:00Z", "created_by": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "created_at": "2026-11-21T01:00:00Z", "updated_at": "2026-11-21T02:00:00Z"
}))]
pub struct ProposalSummary {
    /// Which.
    pub id: ProposalId,
    /// The state, adjusted for the time.
    pub status: ProposalStatus,
    /// Its title.
    pub title: String,
    /// The last day it can be accepted.
    pub valid_until: Option<NaiveDate>,
    /// What all kinds have.
    #[serde(flatten)]
    pub facts: DocumentFacts,
}

/// A proposal.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "prop_01jd3k9v5xe8rt2m4n6p8q0s2v", "number": "PROP-2026-0001", "status": "sent",
    "title": "Website redesign", "client_id": "cli_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "client_business_name": "Riverbend Plumbing", "client_email": "ada@riverbend.example",
    "currency": "AUD", "total": 330000, "valid_until": "2026-12-21", "view_count": 0,
    "sent_at": "2026-11-21T02:00:00Z", "created_by": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "created_at": "2026-11-21T01:00:00Z", "updated_at": "2026-11-21T02:00:00Z",
    "revision": 1, "content_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "public_url": "http://127.0.0.1:8080/p/7NpWbYqS2xKfDh4mRtVa3e", "last_viewed_at": null,
    "responded_at": null, "contract_id": null, "package_id": null, "addons": [], "custom_pricing": null,
    "executive_summary": "A faster site that brings more enquiries.", "opportunity_content": "",
    "closing_content": "", "timeline": [], "next_steps": [], "client_comments": "",
    "decline_reason": "", "revision_request_notes": "",
    "price": {
        "currency": "AUD", "pricing_model": "lump_sum",
        "lines": [{"kind": "development", "description": "Development", "recurring": false,
                   "quantity": "1", "unit_price": 300000, "amount": 300000}],
        "upfront": {"subtotal": 300000, "discount": 0, "net": 300000, "tax": 30000, "total": 330000},
        "monthly": {"net": 0, "tax": 0, "total": 0}, "discount_bps": 0, "discount_note": "",
        "tax": {"registered": true, "label": "GST", "rate_bps": 1000}, "minimum_term_months": 0,
        "minimum_contract_value": 330000, "cancellation": {"kind": "none", "amount": 0}
    }
}))]
pub struct ProposalView {
    /// What lists show too.
    #[serde(flatten)]
    pub summary: ProposalSummary,
    /// Grows with each new content that is sent.
    pub revision: i32,
    /// SHA-256 of the canonical content that was sent, hexadecimal.
    pub content_hash: Option<String>,
    /// The public page, once sent.
    pub public_url: Option<String>,
    /// The last counted view.
    pub last_viewed_at: Option<DateTime<Utc>>,
    /// When the client answered.
    pub responded_at: Option<DateTime<Utc>>,
    /// The contract that followed.
    pub contract_id: Option<ContractId>,
    /// The chosen package.
    pub package_id: Option<PackageId>,
    /// The chosen extras.
    pub addons: Vec<ChosenAddon>,
    /// Prices that replace the package's, and the discount.
    pub custom_pricing: Option<CustomPricing>,
    /// The price, computed by the server.
    pub price: Price,
    /// Plain text.
    pub executive_summary: String,
    /// Plain text.
    pub opportunity_content: String,
    /// Plain text.
    pub closing_content: String,
    /// In order.
    pub timeline: Vec<TimelineStep>,
    /// In order.
    pub next_steps: Vec<NextStep>,
    /// Said when accepting.
    pub client_comments: String,
    /// Said when declining.
    pub decline_reason: String,
    /// Said when asking for changes.
    pub revision_request_notes: String,
}

impl ProposalSummary {
    /// Shows a shared row.
    ///
    /// # Errors
    /// [`kernel::Error::Internal`] for a row of an unknown state.
    pub fn new(document: document::Model, now: DateTime<Utc>) -> Result<Self> {
        Ok(Self {
            facts: (&document).into(),
            status: ProposalStatus::effective(&document, now)?,
            id: document.id.into(),
            title: document.title,
            valid_until: document.valid_until,
        })
    }
}

/// A proposal as read from its two rows.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// What all kinds share.
    pub document: document::Model,
    /// What only proposals have.
    pub own: proposal::Model,
    /// The contract that followed.
    pub contract_id: Option<ContractId>,
}

impl Proposal {
    /// The stored price.
    ///
    /// # Errors
    /// [`kernel::Error::Internal`] when it cannot be read.
    pub fn price(&self) -> Result<Price> {
        serde_json::from_value(self.own.price.clone()).context("the price of a proposal")
    }

    /// The chosen extras.
    ///
    /// # Errors
    /// [`kernel::Error::Internal`] when they cannot be read.
    pub fn addons(&self) -> Result<Vec<ChosenAddon>> {
        serde_json::from_value(self.own.addons.clone()).context("the extras of a proposal")
    }

    /// The prices that replace the package's.
    ///
    /// # Errors
    /// [`kernel::Error::Internal`] when they cannot be read.
    pub fn custom_pricing(&self) -> Result<Option<CustomPricing>> {
        let stored = self.own.custom_pricing.clone();
        stored.map(serde_json::from_value).transpose().context("the pricing of a proposal")
    }

    /// Shows it; `public_url` makes an address of the public token.
    ///
    /// # Errors
    /// [`kernel::Error::Internal`] when a stored value cannot be read.
    pub fn view(
        self,
        now: DateTime<Utc>,
        public_url: impl FnOnce(&str) -> String,
    ) -> Result<ProposalView> {
        Ok(ProposalView {
            price: self.price()?,
            addons: self.addons()?,
            custom_pricing: self.custom_pricing()?,
            timeline: serde_json::from_value(self.own.timeline).context("a timeline")?,
            next_steps: serde_json::from_value(self.own.next_steps).context("next steps")?,
            revision: self.document.revision,
            content_hash: self.document.content_hash.clone(),
            public_url: self.document.public_token.as_deref().map(public_url),
            last_viewed_at: self.document.last_viewed_at,
            responded_at: self.document.responded_at,
            contract_id: self.contract_id,
            package_id: self.own.package_id,
            executive_summary: self.own.executive_summary,
            opportunity_content: self.own.opportunity_content,
            closing_content: self.own.closing_content,
            client_comments: self.own.client_comments,
            decline_reason: self.own.decline_reason,
            revision_request_notes: self.own.revision_request_notes,
            summary: ProposalSummary::new(self.document, now)?,
        })
    }
}

/// The ids of chosen extras.
pub fn addon_ids(addons: &[ChosenAddon]) -> Vec<AddonId> {
    addons.iter().map(|addon| addon.addon_id).collect()
}
