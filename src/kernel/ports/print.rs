//! The print model: one description of a document for every surface.
//!
//! A sales document is laid out **once** as a [`PrintDocument`]; the public page renders it to
//! HTML and the PDF engine to PDF, so that the two can never disagree on a word or an amount.
//! Every string is plain text (already formatted for its reader: dates, money); renderers escape
//! it and never interpret it as markup.

use serde::Serialize;

use crate::gradient::Gradient;

/// A document ready for layout, in reading order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PrintDocument {
    /// BCP 47 language tag of the fixed words, for hyphenation and screen readers (`en-AU`).
    pub language: String,
    /// What it is, for a person: `Proposal`, `Contract`, `Tax Invoice`.
    pub kind_label: String,
    /// The document's own title (`Website redesign`); may equal the kind label.
    pub title: String,
    /// The drawn number (`INV-2026-0001`); `None` while it is a draft.
    pub number: Option<String>,
    /// A large mark across the first page: `DRAFT`, `SIGNED`, `PAID 3 February 2026`.
    pub mark: Option<Mark>,
    /// The agency's look.
    pub brand: Brand,
    /// Who sends it.
    pub from: Party,
    /// Who receives it (`Prepared for`, `Bill to`).
    pub to: Party,
    /// Short label/value pairs beside the parties: dates, terms, reference.
    pub facts: Vec<Fact>,
    /// The body.
    pub blocks: Vec<Block>,
    /// Small print at the foot of the last page; may be empty.
    pub footer: String,
}

/// A mark laid over the first page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// The words.
    pub text: String,
    /// Its meaning, for the colour.
    pub tone: Tone,
}

/// What a [`Mark`] or badge says, so that renderers choose a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Nothing to worry about: draft, information.
    Neutral,
    /// Good: accepted, signed, paid.
    Positive,
    /// Needs attention: overdue, expired, declined.
    Negative,
}

/// The agency's look, resolved (overrides, agency values, platform defaults).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Brand {
    /// The name shown when there is no logo, and in the page header.
    pub name: String,
    /// `#rrggbb`, headings and rules.
    pub primary_color: String,
    /// `#rrggbb`, table heads and buttons in their second state.
    pub secondary_color: String,
    /// `#rrggbb`, highlights.
    pub accent_color: String,
    /// Behind the head of pages and mails, when the agency has one and its plan shows it. Print
    /// keeps to the plain colours.
    pub accent_gradient: Option<Gradient>,
    /// The logo, when the agency has one that could be read.
    pub logo: Option<Logo>,
    /// Whether to print "Powered by Retainer".
    pub show_powered_by: bool,
}

/// A raster or vector logo.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Logo {
    /// `image/png`, `image/jpeg`, `image/gif`, `image/webp` or `image/svg+xml`.
    pub media_type: String,
    /// Address for HTML.
    pub url: String,
    /// The bytes, for engines that cannot fetch.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Logo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Logo")
            .field("media_type", &self.media_type)
            .field("url", &self.url)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// One side of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Party {
    /// `From`, `Prepared for`, `Bill to`.
    pub label: String,
    /// First line, emphasised.
    pub name: String,
    /// Further lines: contact, address, e-mail, business number. No empty lines.
    pub lines: Vec<String>,
}

/// A label and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// `Issue date`.
    pub label: String,
    /// `3 February 2026`.
    pub value: String,
}

impl Fact {
    /// Makes a pair.
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into() }
    }
}

/// A piece of the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// A section heading.
    Heading {
        /// The words.
        text: String,
    },
    /// Plain text. A blank line separates paragraphs, a single line break is kept, lines that
    /// start with `- ` form a bullet list.
    Text {
        /// The words.
        text: String,
    },
    /// A bullet list.
    Bullets {
        /// One entry each.
        items: Vec<String>,
    },
    /// A table that may break over pages; its head repeats.
    Table {
        /// Heads and alignment, one per column.
        columns: Vec<Column>,
        /// Cells as text, each row as long as `columns`.
        rows: Vec<Vec<String>>,
    },
    /// A column of amounts at the right: subtotal, discount, tax, total.
    Totals {
        /// From top to bottom.
        lines: Vec<TotalLine>,
    },
    /// Label/value pairs in the body (bank details).
    Facts {
        /// From top to bottom.
        items: Vec<Fact>,
    },
    /// Signature blocks, kept together on one page.
    Signatures {
        /// Left to right.
        blocks: Vec<SignatureBlock>,
    },
    /// The body continues on a new page (PDF only).
    PageBreak,
}

/// A table column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    /// The head.
    pub title: String,
    /// Which side the cells lean to.
    pub align: Align,
}

/// Horizontal alignment of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// Text.
    Start,
    /// Numbers and money.
    End,
}

/// A line of a [`Block::Totals`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TotalLine {
    /// `GST 10%`.
    pub label: String,
    /// `$1,234.50`.
    pub amount: String,
    /// The line that matters most: emphasised.
    pub strong: bool,
}

/// A signature, given or awaited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignatureBlock {
    /// `For Acme Pty Ltd`.
    pub role: String,
    /// The signatory's name; `None` leaves a line to sign on.
    pub name: Option<String>,
    /// Position in the business; may be empty.
    pub title: String,
    /// When it was signed, formatted; `None` leaves a line.
    pub signed_at: Option<String>,
    /// Evidence under the name: address, content hash. May be empty.
    pub evidence: Vec<String>,
}
