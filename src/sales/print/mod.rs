//! From content to the print model: what page and PDF have in common.

pub mod public;

use comms::branding::Branding;
use entity::document;
use kernel::TenantContext;
use kernel::calendar::{date_time, long_date};
use kernel::error::Result;
use kernel::money::Currency;
use kernel::ports::print::{Block, Brand, Fact, Mark, Party, PrintDocument, Tone};

use crate::contracts::content::ContractContent;
use crate::contracts::model::Contract;
use crate::contracts::status::ContractStatus;
use crate::documents::{Issued, Lifecycle, PartyContent};
use crate::invoices::content::InvoiceContent;
use crate::invoices::model::Invoice;
use crate::invoices::status::InvoiceStatus;
use crate::proposals::content::ProposalContent;
use crate::proposals::model::Proposal;
use crate::proposals::status::ProposalStatus;

/// The language of the fixed words.
const LANGUAGE: &str = "en-AU";

/// An amount for people; where the currency is not known, with its code.
pub fn money(currency: Option<Currency>, code: &str, amount: i64) -> String {
    match currency {
        Some(currency) => currency.format(amount),
        None => format!("{amount} {code} (minor units)"),
    }
}

/// Lays a document out as PDF; returns the name of the file without its ending, and the bytes.
///
/// # Errors
/// Those of the layout and of the PDF engine.
pub async fn pdf(
    context: &TenantContext,
    layout: impl FnOnce(&Branding) -> Result<PrintDocument>,
) -> Result<(String, Vec<u8>)> {
    let branding = Branding::load(context).await?.with_logo_bytes(context).await?;
    let document = layout(&branding)?;
    let name = document.number.clone().unwrap_or_else(|| format!("{}-draft", document.kind_label));
    let bytes = context.app().pdf().render(document).await?;
    Ok((name, bytes))
}

/// A proposal, laid out.
///
/// # Errors
/// [`kernel::Error::Internal`] for a row of an unknown state.
pub fn proposal(
    context: &TenantContext,
    proposal: &Proposal,
    content: &ProposalContent,
    branding: &Branding,
) -> Result<PrintDocument> {
    use ProposalStatus::{Accepted, Declined, Draft, Expired, Ready};

    let document = &proposal.document;
    let mark = match ProposalStatus::effective(document, context.now())? {
        Draft | Ready => Some(mark("DRAFT", Tone::Neutral)),
        Accepted => Some(mark(&dated("ACCEPTED", document, context), Tone::Positive)),
        Declined => Some(mark("DECLINED", Tone::Negative)),
        Expired => Some(mark("EXPIRED", Tone::Negative)),
        _ => None,
    };
    let mut facts = issued_on("Date", content);
    facts.extend(content.valid_until.map(|day| Fact::new("Valid until", long_date(day))));
    let blocks = crate::proposals::content::blocks(content);
    Ok(lay_out(
        content,
        &branding.brand,
        "Proposal",
        "Prepared for",
        mark,
        facts,
        blocks,
        String::new(),
    ))
}

/// A contract, laid out.
///
/// # Errors
/// [`kernel::Error::Internal`] for a row of an unknown state.
pub fn contract(
    context: &TenantContext,
    contract: &Contract,
    content: &ContractContent,
    branding: &Branding,
) -> Result<PrintDocument> {
    use ContractStatus::{Completed, Draft, Expired, Signed, Terminated};

    let document = &contract.document;
    let mark = match ContractStatus::effective(document, context.now())? {
        Draft => Some(mark("DRAFT", Tone::Neutral)),
        Signed | Completed => Some(mark("SIGNED", Tone::Positive)),
        Expired => Some(mark("EXPIRED", Tone::Negative)),
        Terminated => Some(mark("TERMINATED", Tone::Negative)),
        _ => None,
    };
    let mut facts = issued_on("Date", content);
    let body = &content.body;
    facts.extend(body.commencement_date.map(|day| Fact::new("Begins", long_date(day))));
    facts.extend(body.completion_date.map(|day| Fact::new("Ends", long_date(day))));
    if content.revision > 1 {
        facts.push(Fact::new("Version", content.revision.to_string()));
    }
    let blocks = crate::contracts::content::blocks(context, contract, content);
    let footer = body.footer.clone();
    Ok(lay_out(content, &branding.brand, "Contract", "Client", mark, facts, blocks, footer))
}

/// An invoice, laid out; `bank` are the agency's bank details, for an unpaid one.
///
/// # Errors
/// [`kernel::Error::Internal`] for a row of an unknown state.
pub fn invoice(
    context: &TenantContext,
    invoice: &Invoice,
    content: &InvoiceContent,
    branding: &Branding,
    bank: &[Fact],
) -> Result<PrintDocument> {
    use InvoiceStatus::{Cancelled, Draft, Overdue, Paid, Refunded};

    let document = &invoice.document;
    let mark = match InvoiceStatus::effective(document, context.now())? {
        Draft => Some(mark("DRAFT", Tone::Neutral)),
        Paid => Some(mark(&dated("PAID", document, context), Tone::Positive)),
        Overdue => Some(mark("OVERDUE", Tone::Negative)),
        Cancelled => Some(mark("CANCELLED", Tone::Negative)),
        Refunded => Some(mark("REFUNDED", Tone::Neutral)),
        _ => None,
    };
    let facts = crate::invoices::content::facts(content);
    let blocks = crate::invoices::content::blocks(content, bank);
    let kind = if content.tax_rules.registered { "Tax Invoice" } else { "Invoice" };
    let footer = content.body.footer.clone();
    Ok(lay_out(content, &branding.brand, kind, "Bill to", mark, facts, blocks, footer))
}

#[expect(
    clippy::too_many_arguments,
    reason = "the parts of a page, each named at its only callers above"
)]
fn lay_out<B>(
    content: &Issued<B>,
    brand: &Brand,
    kind_label: &str,
    to_label: &str,
    mark: Option<Mark>,
    facts: Vec<Fact>,
    blocks: Vec<Block>,
    footer: String,
) -> PrintDocument {
    let title = if content.title.is_empty() { kind_label } else { &content.title };
    PrintDocument {
        language: LANGUAGE.to_owned(),
        kind_label: kind_label.to_owned(),
        title: title.to_owned(),
        number: content.number.clone(),
        mark,
        brand: brand.clone(),
        from: party("From", &content.agency, &content.currency),
        to: party(to_label, &content.client, &content.currency),
        facts,
        blocks,
        footer,
    }
}

fn mark(text: &str, tone: Tone) -> Mark {
    Mark { text: text.to_owned(), tone }
}

/// `PAID 3 February 2026`, on the day it was answered.
fn dated(word: &str, document: &document::Model, context: &TenantContext) -> String {
    let zone = context.agency().timezone;
    match document.responded_at {
        Some(instant) => format!("{word} {}", long_date(instant.with_timezone(&zone).date_naive())),
        None => word.to_owned(),
    }
}

fn issued_on<B>(label: &str, content: &Issued<B>) -> Vec<Fact> {
    content.issued_on.map(|day| Fact::new(label, long_date(day))).into_iter().collect()
}

fn party(label: &str, content: &PartyContent, currency: &str) -> Party {
    let mut lines = Vec::new();
    if content.contact_name != content.name {
        lines.push(content.contact_name.clone());
    }
    lines.extend(content.address.lines().map(ToOwned::to_owned));
    lines.extend([content.email.clone(), content.phone.clone()]);
    if !content.business_number.is_empty() {
        // The name by which an Australian invoice must call it.
        let name = if currency == "AUD" { "ABN" } else { "Business number" };
        lines.push(format!("{name} {}", content.business_number));
    }
    lines.retain(|line| !line.trim().is_empty());
    Party { label: label.to_owned(), name: content.name.clone(), lines }
}

/// An instant for people, in the agency's time zone.
pub fn moment(context: &TenantContext, instant: chrono::DateTime<chrono::Utc>) -> String {
    date_time(instant, context.agency().timezone)
}
