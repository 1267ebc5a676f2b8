//! `retainer openapi`: the committed OpenAPI document.

use std::path::Path;

use kernel::error::Context;

use super::{Failure, say};
use crate::reference::openapi_text;

/// Writes the document, or compares it with the file.
pub(super) fn run(check: bool, file: &Path) -> Result<(), Failure> {
    let text = openapi_text()?;
    if check {
        let committed = std::fs::read_to_string(file).unwrap_or_default();
        if committed != text {
            return Err(Failure::No(format!(
                "{} is not what this build says. Write it anew with: cargo run -- openapi",
                file.display()
            )));
        }
        say(&format!("{} is current", file.display()));
        return Ok(());
    }
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).context("making the folder of the document")?;
    }
    std::fs::write(file, text).context("writing the document")?;
    say(&format!("wrote {}", file.display()));
    Ok(())
}
