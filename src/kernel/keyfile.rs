//! Secrets that the server makes for itself at first start, in files only it can read.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::error::{Context, Result};

/// Reads a secret file, or makes it with what `make` returns (mode 0600). When two processes
/// start at once, both get the text of the one that came first.
///
/// # Errors
/// [`crate::error::Error::Internal`] when the file cannot be read or made.
pub fn read_or_make(path: &Path, make: impl FnOnce() -> Result<String>) -> Result<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => return Ok(text),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).context("reading a key file"),
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).context("making the folder of keys")?;
    }
    // Written whole under another name, then linked: whoever sees the file sees all of it.
    let text = make()?;
    let temporary = write_aside(path, &text)?;
    let linked = std::fs::hard_link(&temporary, path);
    std::fs::remove_file(&temporary).context("tidying a key file")?;
    match linked {
        Ok(()) => Ok(text),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            std::fs::read_to_string(path).context("reading a key file")
        }
        Err(error) => Err(error).context("making a key file"),
    }
}

/// Puts another text in the place of a secret file (mode 0600): whoever reads it sees the old one or
/// the new one, whole.
///
/// # Errors
/// [`crate::error::Error::Internal`] when the file cannot be written.
pub fn replace(path: &Path, text: &str) -> Result<()> {
    let temporary = write_aside(path, text)?;
    std::fs::rename(&temporary, path).context("putting a key file in its place")
}

/// Writes a secret to a file beside the one that it is for.
fn write_aside(path: &Path, text: &str) -> Result<PathBuf> {
    let temporary = path.with_extension(format!("{}.part", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary).context("making a key file")?;
    file.write_all(text.as_bytes()).context("writing a key file")?;
    file.sync_all().context("writing a key file")?;
    Ok(temporary)
}
