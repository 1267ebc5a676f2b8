//! A PDF engine that lays nothing out.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use kernel::error::Result;
use kernel::ports::pdf::PdfEngine;
use kernel::ports::print::PrintDocument;

/// Remembers what it was given, and answers with one empty page.
#[derive(Clone, Default)]
pub struct FakePdf {
    printed: Arc<Mutex<Vec<PrintDocument>>>,
}

impl FakePdf {
    /// What has been printed, oldest first.
    pub fn printed(&self) -> Vec<PrintDocument> {
        self.printed.lock().unwrap().clone()
    }
}

#[async_trait]
impl PdfEngine for FakePdf {
    async fn render(&self, document: PrintDocument) -> Result<Vec<u8>> {
        self.printed.lock().unwrap().push(document);
        Ok(EMPTY_PAGE.to_vec())
    }
}

/// The smallest file that is a PDF with one page.
const EMPTY_PAGE: &[u8] = b"%PDF-1.4\n\
    1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
    2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
    3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n\
    trailer<</Root 1 0 R>>\n\
    %%EOF\n";
