//! What an invoice says when it is issued, and how it is laid out.

use chrono::NaiveDate;
use comms::branding::Branding;
use entity::profile::PaymentTerms;
use kernel::calendar::long_date;
use kernel::error::Result;
use kernel::money::Currency;
use kernel::ports::print::{Align, Block, Column, Fact, TotalLine};
use serde::{Deserialize, Serialize};

use super::model::{Invoice, LineView};
use crate::documents::Issued;
use crate::documents::snapshot::{agency_party, client_party, document_tax_rules};
use crate::print::money;

/// What an invoice adds to the shared content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceBody {
    /// The day of issue.
    pub issue_date: NaiveDate,
    /// How the due day follows.
    pub payment_terms: PaymentTerms,
    /// Words for custom terms.
    pub payment_terms_custom: String,
    /// In order.
    pub lines: Vec<LineView>,
    /// Why something is taken off.
    pub discount_description: String,
    /// Shown to the client.
    pub public_notes: String,
    /// Small print.
    pub footer: String,
}

/// An invoice's content.
pub type InvoiceContent = Issued<InvoiceBody>;

/// What was issued, or (for a draft) what would be.
///
/// # Errors
/// [`kernel::Error::Internal`] when the stored content cannot be read.
pub fn of(invoice: &Invoice, branding: &Branding) -> Result<InvoiceContent> {
    match &invoice.document.issued_content {
        Some(canonical) => Issued::parse(canonical),
        None => Ok(draft(invoice, branding)),
    }
}

/// The content as it stands now.
pub fn draft(invoice: &Invoice, branding: &Branding) -> InvoiceContent {
    let Invoice { document, own, lines } = invoice;
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
        body: InvoiceBody {
            issue_date: own.issue_date,
            payment_terms: own.payment_terms,
            payment_terms_custom: own.payment_terms_custom.clone(),
            lines: lines.iter().cloned().map(LineView::from).collect(),
            discount_description: own.discount_description.clone(),
            public_notes: own.public_notes.clone(),
            footer: branding.profile.invoice_footer.clone(),
        },
    }
}

/// Days and terms.
pub fn facts(content: &InvoiceContent) -> Vec<Fact> {
    let body = &content.body;
    let mut facts = vec![Fact::new("Issued", long_date(body.issue_date))];
    facts.extend(content.valid_until.map(|day| Fact::new("Due", long_date(day))));
    let terms = match body.payment_terms {
        PaymentTerms::DueOnReceipt => "Due on receipt",
        PaymentTerms::Net7 => "7 days",
        PaymentTerms::Net14 => "14 days",
        PaymentTerms::Net30 => "30 days",
        PaymentTerms::Custom => &body.payment_terms_custom,
    };
    if !terms.is_empty() {
        facts.push(Fact::new("Terms", terms));
    }
    facts
}

/// The body, laid out; `bank` are the agency's bank details, for an unpaid one.
pub fn blocks(content: &InvoiceContent, bank: &[Fact]) -> Vec<Block> {
    let body = &content.body;
    let currency = Currency::parse(&content.currency);
    let amount = |minor| money(currency, &content.currency, minor);
    let column = |title: &str, align| Column { title: title.to_owned(), align };
    let charges_tax = content.tax_rules.registered;
    let row = |line: &LineView| {
        let untaxed = charges_tax && !line.is_taxable;
        let note =
            if untaxed { format!("\nNo {}", content.tax_rules.label) } else { String::new() };
        vec![
            format!("{}{note}", line.description),
            line.quantity.to_string(),
            amount(line.unit_price),
            amount(line.amount),
        ]
    };
    let mut blocks = vec![Block::Table {
        columns: vec![
            column("Description", Align::Start),
            column("Quantity", Align::End),
            column("Unit price", Align::End),
            column("Amount", Align::End),
        ],
        rows: body.lines.iter().map(row).collect(),
    }];
    let total = |label: String, minor, strong| TotalLine { label, amount: amount(minor), strong };
    let mut lines = vec![total("Subtotal".to_owned(), content.subtotal, false)];
    if content.discount > 0 {
        let why = &body.discount_description;
        let label = if why.is_empty() { "Discount".to_owned() } else { format!("Discount: {why}") };
        lines.push(total(label, -content.discount, false));
    }
    if charges_tax {
        lines.push(total(content.tax_rules.describe(), content.tax, false));
    }
    lines.push(total(format!("Total {}", content.currency), content.total, true));
    blocks.push(Block::Totals { lines });
    if !bank.is_empty() {
        blocks.push(Block::Heading { text: "How to pay".to_owned() });
        blocks.push(Block::Facts { items: bank.to_vec() });
    }
    if !body.public_notes.trim().is_empty() {
        blocks.push(Block::Text { text: body.public_notes.clone() });
    }
    blocks
}
