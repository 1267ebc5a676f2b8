//! What a proposal says when it is issued, and how it is laid out.

use comms::branding::Branding;
use kernel::error::{Context, Result};
use kernel::money::Currency;
use kernel::ports::print::{Align, Block, Column, TotalLine};
use serde::{Deserialize, Serialize};

use super::model::{NextStep, Proposal, TimelineStep};
use crate::documents::snapshot::{agency_party, client_party, document_tax_rules};
use crate::documents::{Issued, content};
use crate::pricing::Price;
use crate::print::money;

/// What a proposal adds to the shared content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalBody {
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
    /// The price.
    pub price: Price,
}

/// A proposal's content.
pub type ProposalContent = Issued<ProposalBody>;

/// What was issued, or (for a draft) what would be.
///
/// # Errors
/// [`kernel::Error::Internal`] when a stored value cannot be read.
pub fn of(proposal: &Proposal, branding: &Branding) -> Result<ProposalContent> {
    match &proposal.document.issued_content {
        Some(canonical) => content::Issued::parse(canonical),
        None => draft(proposal, branding),
    }
}

/// The content as it stands now.
///
/// # Errors
/// [`kernel::Error::Internal`] when a stored value cannot be read.
pub fn draft(proposal: &Proposal, branding: &Branding) -> Result<ProposalContent> {
    let Proposal { document, own, .. } = proposal;
    Ok(Issued {
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
        body: ProposalBody {
            executive_summary: own.executive_summary.clone(),
            opportunity_content: own.opportunity_content.clone(),
            closing_content: own.closing_content.clone(),
            timeline: serde_json::from_value(own.timeline.clone()).context("a timeline")?,
            next_steps: serde_json::from_value(own.next_steps.clone()).context("next steps")?,
            price: proposal.price()?,
        },
    })
}

/// The body, laid out; empty sections are left out.
pub fn blocks(content: &ProposalContent) -> Vec<Block> {
    let body = &content.body;
    let mut blocks = Vec::new();
    let mut section = |title: &str, text: &str| {
        if !text.trim().is_empty() {
            blocks.push(Block::Heading { text: title.to_owned() });
            blocks.push(Block::Text { text: text.to_owned() });
        }
    };
    section("Summary", &body.executive_summary);
    section("The opportunity", &body.opportunity_content);
    blocks.extend(price_blocks(&body.price));
    if !body.timeline.is_empty() {
        blocks.push(Block::Heading { text: "Timeline".to_owned() });
        blocks.push(Block::Table {
            columns: vec![
                Column { title: "Week".to_owned(), align: Align::Start },
                Column { title: "What happens".to_owned(), align: Align::Start },
            ],
            rows: body.timeline.iter().map(timeline_row).collect(),
        });
    }
    if !body.next_steps.is_empty() {
        blocks.push(Block::Heading { text: "Next steps".to_owned() });
        blocks.push(Block::Bullets {
            items: body.next_steps.iter().map(|step| step.text.clone()).collect(),
        });
    }
    if !body.closing_content.trim().is_empty() {
        blocks.push(Block::Text { text: body.closing_content.clone() });
    }
    blocks
}

fn timeline_row(step: &TimelineStep) -> Vec<String> {
    let what = if step.description.is_empty() {
        step.title.clone()
    } else {
        format!("{}\n{}", step.title, step.description)
    };
    vec![step.week.clone(), what]
}

/// The package, the lines, and what they add up to.
fn price_blocks(price: &Price) -> Vec<Block> {
    let currency = Currency::parse(&price.currency);
    let money = |amount: i64| money(currency, &price.currency, amount);
    let mut blocks = Vec::new();
    if let Some(package) = &price.package {
        blocks.push(Block::Heading { text: package.name.clone() });
        if !package.description.is_empty() {
            blocks.push(Block::Text { text: package.description.clone() });
        }
        if !package.included_features.is_empty() {
            blocks.push(Block::Bullets { items: package.included_features.clone() });
        }
    }
    if price.lines.is_empty() {
        return blocks;
    }
    blocks.push(Block::Heading { text: "Your investment".to_owned() });
    let columns = |amount: &str| {
        vec![
            Column { title: "Item".to_owned(), align: Align::Start },
            Column { title: "Quantity".to_owned(), align: Align::End },
            Column { title: amount.to_owned(), align: Align::End },
        ]
    };
    let rows = |recurring: bool| -> Vec<Vec<String>> {
        let lines = price.lines.iter().filter(|line| line.recurring == recurring);
        lines
            .map(|line| {
                vec![line.description.clone(), line.quantity.to_string(), money(line.amount)]
            })
            .collect()
    };
    let total =
        |label: String, amount: i64, strong| TotalLine { label, amount: money(amount), strong };
    let (once, monthly) = (rows(false), rows(true));
    if !once.is_empty() {
        blocks.push(Block::Table { columns: columns("Price"), rows: once });
        let upfront = price.upfront;
        let mut lines = vec![total("Subtotal".to_owned(), upfront.subtotal, false)];
        if upfront.discount > 0 {
            let note = &price.discount_note;
            let label =
                if note.is_empty() { "Discount".to_owned() } else { format!("Discount: {note}") };
            lines.push(total(label, -upfront.discount, false));
        }
        if price.tax.registered {
            lines.push(total(price.tax.describe(), upfront.tax, false));
        }
        lines.push(total("Total".to_owned(), upfront.total, true));
        blocks.push(Block::Totals { lines });
    }
    if !monthly.is_empty() {
        blocks.push(Block::Table { columns: columns("Per month"), rows: monthly });
        let mut lines = vec![total("Per month".to_owned(), price.monthly.net, false)];
        if price.tax.registered {
            lines.push(total(price.tax.describe(), price.monthly.tax, false));
        }
        lines.push(total("Total per month".to_owned(), price.monthly.total, true));
        blocks.push(Block::Totals { lines });
        if price.minimum_term_months > 0 {
            blocks.push(Block::Text {
                text: format!("Minimum term: {} months.", price.minimum_term_months),
            });
        }
    }
    blocks
}
