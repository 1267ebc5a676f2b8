//! The port to whatever turns a [`PrintDocument`] into a PDF.

use async_trait::async_trait;

use super::print::PrintDocument;
use crate::error::Result;

/// Makes PDF files.
#[async_trait]
pub trait PdfEngine: Send + Sync {
    /// Lays the document out and returns the bytes of a PDF file.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] when too many documents wait already;
    /// [`crate::error::Error::Internal`] when the document cannot be laid out.
    async fn render(&self, document: PrintDocument) -> Result<Vec<u8>>;
}
