//! What comes in and goes out.

use chrono::{DateTime, NaiveDate, Utc};
use entity::{ClientId, ContractId, ProposalId, contract, document};
use garde::Validate;
use kernel::error::Result;
use kernel::http::{Patch, not_null, patch};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::status::ContractStatus;
use crate::documents::Lifecycle;
use crate::documents::delivery::MESSAGE_MAX;
use crate::documents::view::DocumentFacts;

/// A new contract.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"proposal_id": "prop_01jd3k9v5xe8rt2m4n6p8q0s2v"}))]
pub struct NewContract {
    /// The proposal it is made from.
    #[garde(skip)]
    pub proposal_id: ProposalId,
}

/// A changed contract: absent members stay as they are. Once sent, a change makes it a draft again
/// that must be sent anew.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({
    "terms": "1. The agency delivers the services described above.\n\n2. The client pays as agreed.",
    "agency_signatory_name": "Grace Hopper", "agency_signatory_title": "Director"
}))]
pub struct ContractPatch {
    /// 1–255 characters.
    #[garde(length(chars, min = 1, max = 255))]
    #[serde(default, deserialize_with = "not_null")]
    pub title: Option<String>,
    /// Plain text.
    #[garde(length(chars, max = 20_000))]
    #[serde(default, deserialize_with = "not_null")]
    pub services_description: Option<String>,
    /// Plain text.
    #[garde(length(chars, max = 20_000))]
    #[serde(default, deserialize_with = "not_null")]
    pub special_conditions: Option<String>,
    /// Plain text.
    #[garde(length(chars, max = 20_000))]
    #[serde(default, deserialize_with = "not_null")]
    pub payment_terms: Option<String>,
    /// Plain text.
    #[garde(length(chars, max = 100_000))]
    #[serde(default, deserialize_with = "not_null")]
    pub terms: Option<String>,
    /// First day.
    #[garde(skip)]
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<NaiveDate>)]
    pub commencement_date: Patch<NaiveDate>,
    /// Last day; not before the first.
    #[garde(skip)]
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<NaiveDate>)]
    pub completion_date: Patch<NaiveDate>,
    /// The last day it can be signed.
    #[garde(skip)]
    #[serde(default, deserialize_with = "not_null")]
    pub valid_until: Option<NaiveDate>,
    /// Who signs for the agency.
    #[garde(length(chars, max = 255))]
    #[serde(default, deserialize_with = "not_null")]
    pub agency_signatory_name: Option<String>,
    /// Position of who signs for the agency.
    #[garde(length(chars, max = 100))]
    #[serde(default, deserialize_with = "not_null")]
    pub agency_signatory_title: Option<String>,
    /// Whether who signs for the client must give a position.
    #[garde(skip)]
    #[serde(default, deserialize_with = "not_null")]
    pub require_client_title: Option<bool>,
}

/// How to send.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"custom_message": "Please sign by Friday."}))]
pub struct SendContract {
    /// Replaces the usual first paragraph of the mail; plain text.
    #[garde(length(chars, max = MESSAGE_MAX))]
    #[serde(default)]
    pub custom_message: Option<String>,
    /// Whether to send a mail; without it the link is shared by hand. True by default.
    #[garde(skip)]
    #[serde(default)]
    pub deliver: Option<bool>,
    /// A new last day.
    #[garde(skip)]
    #[serde(default)]
    pub valid_until: Option<NaiveDate>,
    /// Confirms that a contract without terms is meant.
    #[garde(skip)]
    #[serde(default)]
    pub without_terms: bool,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ContractQuery {
    /// Only those in this state (adjusted for the time).
    #[garde(skip)]
    pub status: Option<String>,
    /// Only those for this client.
    #[garde(skip)]
    pub client_id: Option<ClientId>,
    /// Only those made from this proposal.
    #[garde(skip)]
    pub proposal_id: Option<ProposalId>,
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

/// A contract in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "con_01jd3k9v5xe8rt2m4n6p8q0s2v", "number": "CON-2026-0001", "status": "signed",
    "title": "Website redesign", "proposal_id": "prop_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "client_id": "cli_01jd3k9v5xe8rt2m4n6p8q0s2v", "client_business_name": "Riverbend Plumbing",
    "client_email": "ada@riverbend.example", "currency": "AUD", "total": 445500,
    "valid_until": "2026-12-21", "view_count": 1, "sent_at": "2026-11-21T02:00:00Z",
    "created_by": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v", "created_at": "2026-11-21T01:00:00Z",
    "updated_at": "2026-11-21T02:00:00Z"
}))]
pub struct ContractSummary {
    /// Which.
    pub id: ContractId,
    /// The state, adjusted for the time.
    pub status: ContractStatus,
    /// Its title.
    pub title: String,
    /// The proposal it was made from.
    pub proposal_id: Option<ProposalId>,
    /// The last day it can be signed.
    pub valid_until: Option<NaiveDate>,
    /// What all kinds have.
    #[serde(flatten)]
    pub facts: DocumentFacts,
}

/// A contract.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "con_01jd3k9v5xe8rt2m4n6p8q0s2v", "number": null, "status": "draft",
    "title": "Website redesign", "proposal_id": "prop_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "client_id": "cli_01jd3k9v5xe8rt2m4n6p8q0s2v", "client_business_name": "Riverbend Plumbing",
    "client_email": "ada@riverbend.example", "currency": "AUD", "total": 445500,
    "valid_until": "2026-12-21", "view_count": 0, "sent_at": null,
    "created_by": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v", "created_at": "2026-11-21T01:00:00Z",
    "updated_at": "2026-11-21T01:00:00Z", "revision": 1, "content_hash": null, "public_url": null,
    "last_viewed_at": null, "subtotal": 405000, "tax": 40500, "price_includes_tax": true,
    "services_description": "Studio package", "special_conditions": "", "payment_terms": "$4,455.00 including GST is due on signing.",
    "terms": "", "commencement_date": null, "completion_date": null, "agency_signatory_name": "",
    "agency_signatory_title": "", "agency_signed_at": null, "require_client_title": false, "signature": null
}))]
pub struct ContractView {
    /// What lists show too.
    #[serde(flatten)]
    pub summary: ContractSummary,
    /// Grows with each new content that is sent; a signature names it.
    pub revision: i32,
    /// SHA-256 of the canonical content that was sent, hexadecimal.
    pub content_hash: Option<String>,
    /// The public page, once sent.
    pub public_url: Option<String>,
    /// The last counted view.
    pub last_viewed_at: Option<DateTime<Utc>>,
    /// Minor units, without tax.
    pub subtotal: i64,
    /// Minor units.
    pub tax: i64,
    /// Whether the total holds the tax.
    pub price_includes_tax: bool,
    /// Plain text.
    pub services_description: String,
    /// Plain text.
    pub special_conditions: String,
    /// Plain text.
    pub payment_terms: String,
    /// Plain text.
    pub terms: String,
    /// First day.
    pub commencement_date: Option<NaiveDate>,
    /// Last day.
    pub completion_date: Option<NaiveDate>,
    /// Who signs for the agency.
    pub agency_signatory_name: String,
    /// Position of who signs for the agency.
    pub agency_signatory_title: String,
    /// When it was (last) sent.
    pub agency_signed_at: Option<DateTime<Utc>>,
    /// Whether who signs for the client must give a position.
    pub require_client_title: bool,
    /// The client's signature.
    pub signature: Option<SignatureView>,
}

/// A client's signature, with its evidence.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "Ada Lovelace", "title": "Director", "signed_at": "2026-11-21T03:00:00Z",
    "ip": "203.0.113.7", "user_agent": "Mozilla/5.0", "consent_text": "I have read this contract…",
    "content_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
}))]
pub struct SignatureView {
    /// Who signed.
    pub name: String,
    /// In which position; may be empty.
    pub title: String,
    /// When.
    pub signed_at: DateTime<Utc>,
    /// From which address.
    pub ip: Option<String>,
    /// With which program.
    pub user_agent: Option<String>,
    /// The words agreed to.
    pub consent_text: String,
    /// SHA-256 of the exact content signed, hexadecimal.
    pub content_hash: String,
}

impl ContractSummary {
    /// Shows a shared row.
    ///
    /// # Errors
    /// [`kernel::Error::Internal`] for a row of an unknown state.
    pub fn new(document: document::Model, now: DateTime<Utc>) -> Result<Self> {
        Ok(Self {
            facts: (&document).into(),
            status: ContractStatus::effective(&document, now)?,
            id: document.id.into(),
            title: document.title,
            proposal_id: document.source_id.map(Into::into),
            valid_until: document.valid_until,
        })
    }
}

/// A contract as read from its two rows.
#[derive(Clone, Debug)]
pub struct Contract {
    /// What all kinds share.
    pub document: document::Model,
    /// What only contracts have.
    pub own: contract::Model,
}

impl Contract {
    /// The client's signature, once given.
    pub fn signature(&self) -> Option<SignatureView> {
        let own = &self.own;
        Some(SignatureView {
            name: own.client_signatory_name.clone()?,
            title: own.client_signatory_title.clone().unwrap_or_default(),
            signed_at: own.client_signed_at?,
            ip: own.client_signature_ip.clone(),
            user_agent: own.client_signature_user_agent.clone(),
            consent_text: own.consent_text.clone().unwrap_or_default(),
            content_hash: own.signed_content_hash.clone()?,
        })
    }

    /// Shows it; `public_url` makes an address of the public token.
    ///
    /// # Errors
    /// [`kernel::Error::Internal`] for a row of an unknown state.
    pub fn view(
        self,
        now: DateTime<Utc>,
        public_url: impl FnOnce(&str) -> String,
    ) -> Result<ContractView> {
        Ok(ContractView {
            signature: self.signature(),
            revision: self.document.revision,
            content_hash: self.document.content_hash.clone(),
            public_url: self.document.public_token.as_deref().map(public_url),
            last_viewed_at: self.document.last_viewed_at,
            subtotal: self.document.subtotal,
            tax: self.document.tax,
            price_includes_tax: self.own.price_includes_tax,
            services_description: self.own.services_description,
            special_conditions: self.own.special_conditions,
            payment_terms: self.own.payment_terms,
            terms: self.own.terms,
            commencement_date: self.own.commencement_date,
            completion_date: self.own.completion_date,
            agency_signatory_name: self.own.agency_signatory_name,
            agency_signatory_title: self.own.agency_signatory_title,
            agency_signed_at: self.own.agency_signed_at,
            require_client_title: self.own.require_client_title,
            summary: ContractSummary::new(self.document, now)?,
        })
    }
}
