//! Lays documents out on paper: [`PrintDocument`] in, PDF out, in process.
//!
//! The layout is a Typst template compiled into the server. It promises that
//!
//! - text stays text: a document reaches the template as data, never as source, so nothing a
//!   person typed is read as markup, and no file, package or network can be reached;
//! - any document that can be described can be printed: a broken logo becomes the name, a colour
//!   that is none becomes the default, a word without end is broken;
//! - the same document gives the same bytes: no clock, no randomness;
//! - memory is bounded: fonts are parsed once per process and on first use, and what the compiler
//!   cached for a document is dropped with it.

mod color;
mod data;
mod logo;
mod service;
mod table;
mod text;
mod words;
mod world;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use service::PdfService;

use kernel::ports::print::PrintDocument;
use typst::comemo;
use typst::diag::SourceDiagnostic;
use typst::foundations::{Dict, Smart};
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

use crate::logo::Picture;
use crate::world::Paper;

/// Why a document could not become a PDF. Each of these is a bug in the template or the engine:
/// no content of a document should lead here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PdfError {
    /// The template refused the document.
    #[error("the document could not be laid out: {0}")]
    Layout(String),
    /// The finished pages could not be written as PDF.
    #[error("the laid out pages could not be written as PDF: {0}")]
    Export(String),
}

/// Makes PDFs with the embedded Typst compiler.
///
/// Costs nothing to construct or to clone: fonts and template are shared by the whole process
/// and loaded on first use.
#[derive(Clone, Copy, Debug, Default)]
pub struct TypstEngine {
    _private: (),
}

impl TypstEngine {
    /// Makes an engine; loads nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Loads fonts and template now, so that the first document does not wait for them.
    /// Blocking; a second call does nothing.
    pub fn warm(&self) {
        world::assets();
    }

    /// Renders a document as a PDF 1.7 file with tags for screen readers.
    ///
    /// Blocking and busy: tens of milliseconds for a few pages. Call it off the async executor.
    /// Any number of threads may render at once.
    ///
    /// # Errors
    /// [`PdfError::Layout`] and [`PdfError::Export`] if the template does not fit the document,
    /// which is a bug.
    pub fn render(&self, document: &PrintDocument) -> Result<Vec<u8>, PdfError> {
        let picture = document.brand.logo.as_ref().and_then(Picture::read);
        let has_picture = picture.is_some();
        let mut result = typeset(data::inputs(document, picture));
        if has_picture && result.is_err() {
            // A logo can be well-formed and still not be drawable, such as an SVG that links to
            // a file. The document matters more.
            result = typeset(data::inputs(document, None));
        }
        // What the compiler remembers of a document is of no use to the next one: keeping it
        // makes no render faster (measured) and only costs memory.
        comemo::evict(0);
        result
    }
}

/// Lays the inputs out and writes the pages.
fn typeset(inputs: Dict) -> Result<Vec<u8>, PdfError> {
    let options = PdfOptions {
        ident: Smart::Custom(format!("{:032x}", typst::utils::hash128(&inputs))),
        creator: Smart::Custom(Some("Retainer".to_owned())),
        ..PdfOptions::default()
    };
    let pages = lay_out(inputs)?;
    typst_pdf::pdf(&pages, &options).map_err(|all| PdfError::Export(explain(&all)))
}

/// Compiles the template over the inputs.
fn lay_out(inputs: Dict) -> Result<PagedDocument, PdfError> {
    typst::compile(&Paper::new(inputs)).output.map_err(|all| PdfError::Layout(explain(&all)))
}

/// Joins the compiler's messages into one line for the log.
fn explain(diagnostics: &[SourceDiagnostic]) -> String {
    diagnostics.iter().map(|one| one.message.as_str()).collect::<Vec<_>>().join("; ")
}
