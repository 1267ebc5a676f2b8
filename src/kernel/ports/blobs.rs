//! The port to the file store.

use std::path::{Path, PathBuf};

use async_trait::async_trait;

use crate::error::{Context, Error, Result};

/// Keeps files by key. A key is made by the server (`<agency>/<file>`), never by a caller.
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// Stores the bytes; an existing file of the same key is replaced whole.
    ///
    /// # Errors
    /// [`Error::Internal`] when they cannot be stored.
    async fn put(&self, key: &str, bytes: &[u8]) -> Result<()>;

    /// Reads the bytes; `None` when there is no such file.
    ///
    /// # Errors
    /// [`Error::Internal`] when they cannot be read.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>>;
}

/// Files in a folder of this machine.
#[derive(Clone, Debug)]
pub struct FolderBlobs {
    root: PathBuf,
}

impl FolderBlobs {
    /// Keeps files below `root`, which is made when first needed.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn path(&self, key: &str) -> Result<PathBuf> {
        let safe = !key.is_empty()
            && key.split('/').all(|part| {
                !part.is_empty()
                    && part != "."
                    && part != ".."
                    && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
            });
        if safe { Ok(self.root.join(key)) } else { Err(Error::internal("a file key is malformed")) }
    }
}

#[async_trait]
impl BlobStore for FolderBlobs {
    async fn put(&self, key: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path(key)?;
        write_whole(&path, bytes).await.context("storing a file")
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        match tokio::fs::read(self.path(key)?).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context("reading a file"),
        }
    }
}

/// Writes a file so that a reader, or a crash, never sees half of it: to a temporary name beside
/// it, flushed to disk, then renamed.
pub(crate) async fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use tokio::io::AsyncWriteExt;

    let folder = path.parent().unwrap_or(Path::new("."));
    tokio::fs::create_dir_all(folder).await?;
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".part");
    let mut file = tokio::fs::File::create(&temporary).await?;
    file.write_all(bytes).await?;
    file.sync_all().await?;
    drop(file);
    tokio::fs::rename(&temporary, path).await?;
    // The new name is an entry of the folder: it too must survive the loss of power.
    #[cfg(unix)]
    tokio::fs::File::open(folder).await?.sync_all().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_cannot_leave_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = FolderBlobs::new(folder.path());

        for key in ["../x", "a/../../x", "/etc/passwd", "", "a//b", "a\\b"] {
            assert!(blobs.put(key, b"x").await.is_err(), "{key}");
        }
    }

    #[tokio::test]
    async fn what_is_put_is_read_back_and_the_absent_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = FolderBlobs::new(folder.path());

        blobs.put("a/b", b"bytes").await.unwrap();

        assert_eq!(blobs.get("a/b").await.unwrap().as_deref(), Some(&b"bytes"[..]));
        assert_eq!(blobs.get("a/c").await.unwrap(), None);
    }
}
