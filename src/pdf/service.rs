//! The engine behind the server's port: off the request threads, and never more at once than the
//! machine can carry.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use kernel::error::{Context, Error, Result};
use kernel::ports::pdf::PdfEngine;
use kernel::ports::print::PrintDocument;
use tokio::sync::Semaphore;

use crate::TypstEngine;

/// Documents that may wait for their turn; more are refused at once.
const QUEUE: usize = 50;

/// Lays documents out in this process.
pub struct PdfService {
    engine: TypstEngine,
    permits: Semaphore,
    waiting: AtomicUsize,
}

impl PdfService {
    /// At most `concurrency` documents at once.
    pub fn new(concurrency: usize) -> Self {
        Self {
            engine: TypstEngine::new(),
            permits: Semaphore::new(concurrency),
            waiting: AtomicUsize::new(0),
        }
    }
}

/// Counts a waiting caller for as long as it waits, even when it gives up.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl PdfEngine for PdfService {
    async fn render(&self, document: PrintDocument) -> Result<Vec<u8>> {
        let waiting = self.waiting.fetch_add(1, Ordering::SeqCst);
        let place = Waiting(&self.waiting);
        if waiting >= QUEUE {
            let cause = "too many documents wait to be laid out".into();
            return Err(Error::Unavailable { retry_after_s: 5, cause });
        }
        let permit = self.permits.acquire().await.context("waiting to lay out a document")?;
        drop(place);
        let engine = self.engine;
        let bytes = tokio::task::spawn_blocking(move || engine.render(&document))
            .await
            .context("laying out a document")?;
        drop(permit);
        bytes.context("laying out a document")
    }
}
