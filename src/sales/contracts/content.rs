//! What a contract says when it is sent, and how it is laid out.

use chrono::NaiveDate;
use comms::branding::Branding;
use kernel::TenantContext;
use kernel::error::Result;
use kernel::money::Currency;
use kernel::ports::print::{Block, SignatureBlock, TotalLine};
use serde::{Deserialize, Serialize};

use super::model::Contract;
use super::status::ContractStatus;
use crate::documents::snapshot::{agency_party, client_party, document_tax_rules};
use crate::documents::{Issued, Lifecycle};
use crate::print::{moment, money};

/// What a contract adds to the shared content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractBody {
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
    /// Whether the total holds the tax.
    pub price_includes_tax: bool,
    /// Who signs for the agency.
    pub agency_signatory_name: String,
    /// Position of who signs for the agency.
    pub agency_signatory_title: String,
    /// Whether who signs for the client must give a position.
    pub require_client_title: bool,
    /// Small print.
    pub footer: String,
}

/// A contract's content.
pub type ContractContent = Issued<ContractBody>;

/// What is with the client, or (for a draft) what would be.
///
/// # Errors
/// [`kernel::Error::Internal`] when the stored content cannot be read.
pub fn of(contract: &Contract, branding: &Branding) -> Result<ContractContent> {
    let is_draft = contract.document.status == ContractStatus::Draft.name();
    match &contract.document.issued_content {
        // A contract that is changed after it was sent is a draft again.
        Some(canonical) if !is_draft => Issued::parse(canonical),
        _ => Ok(draft(contract, branding)),
    }
}

/// The content as it stands now.
pub fn draft(contract: &Contract, branding: &Branding) -> ContractContent {
    let Contract { document, own } = contract;
    Issued {
        kind: document.kind,
        number: document.number.clone(),
        revision: document.revision,
        issued_on: None,
        title: document.title.clone(),
        agency: agency_party(branding),
        client: client_party(document),
        currency: document.currency.clone(),
        subtotal: document.subtotal,
        discount: document.discount,
        tax: document.tax,
        total: document.total,
        tax_rules: document_tax_rules(document),
        valid_until: document.valid_until,
        body: ContractBody {
            services_description: own.services_description.clone(),
            special_conditions: own.special_conditions.clone(),
            payment_terms: own.payment_terms.clone(),
            terms: own.terms.clone(),
            commencement_date: own.commencement_date,
            completion_date: own.completion_date,
            price_includes_tax: own.price_includes_tax,
            agency_signatory_name: own.agency_signatory_name.clone(),
            agency_signatory_title: own.agency_signatory_title.clone(),
            require_client_title: own.require_client_title,
            footer: branding.profile.contract_footer.clone(),
        },
    }
}

/// The body, laid out; empty sections are left out.
pub fn blocks(
    context: &TenantContext,
    contract: &Contract,
    content: &ContractContent,
) -> Vec<Block> {
    let body = &content.body;
    let currency = Currency::parse(&content.currency);
    let amount = |minor| money(currency, &content.currency, minor);
    let mut blocks = Vec::new();
    section(&mut blocks, "Services", &body.services_description);
    blocks.push(Block::Heading { text: "Price".to_owned() });
    let mut lines = Vec::new();
    if content.tax_rules.registered {
        lines.push(TotalLine {
            label: "Price".to_owned(),
            amount: amount(content.subtotal),
            strong: false,
        });
        lines.push(TotalLine {
            label: content.tax_rules.describe(),
            amount: amount(content.tax),
            strong: false,
        });
    }
    lines.push(TotalLine {
        label: "Total".to_owned(),
        amount: amount(content.total),
        strong: true,
    });
    blocks.push(Block::Totals { lines });
    section(&mut blocks, "Payment", &body.payment_terms);
    section(&mut blocks, "Terms", &body.terms);
    section(&mut blocks, "Special conditions", &body.special_conditions);
    blocks.push(Block::Heading { text: "Signatures".to_owned() });
    blocks.push(Block::Signatures {
        blocks: vec![agency(context, contract, content), client(context, contract, content)],
    });
    blocks
}

fn section(blocks: &mut Vec<Block>, title: &str, text: &str) {
    if !text.trim().is_empty() {
        blocks.push(Block::Heading { text: title.to_owned() });
        blocks.push(Block::Text { text: text.to_owned() });
    }
}

fn agency(
    context: &TenantContext,
    contract: &Contract,
    content: &ContractContent,
) -> SignatureBlock {
    let signed = contract.own.agency_signed_at.filter(|_| content.number.is_some());
    SignatureBlock {
        role: format!("For {}", content.agency.name),
        name: Some(content.body.agency_signatory_name.clone()).filter(|name| !name.is_empty()),
        title: content.body.agency_signatory_title.clone(),
        signed_at: signed.map(|instant| moment(context, instant)),
        evidence: Vec::new(),
    }
}

fn client(
    context: &TenantContext,
    contract: &Contract,
    content: &ContractContent,
) -> SignatureBlock {
    let role = format!("For {}", content.client.name);
    match contract.signature() {
        None => SignatureBlock {
            role,
            name: None,
            title: String::new(),
            signed_at: None,
            evidence: Vec::new(),
        },
        Some(signature) => {
            let mut evidence = vec!["Signed electronically".to_owned()];
            evidence.extend(signature.ip.map(|ip| format!("From {ip}")));
            evidence.push(format!("SHA-256 {}", signature.content_hash));
            SignatureBlock {
                role,
                name: Some(signature.name),
                title: signature.title,
                signed_at: Some(moment(context, signature.signed_at)),
                evidence,
            }
        }
    }
}
