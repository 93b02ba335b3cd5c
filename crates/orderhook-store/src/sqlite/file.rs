//! Which file a path names.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use crate::StoreError;

/// Device and inode; `None` where the system has no such thing.
type Identity = Option<(u64, u64)>;

/// The file that a path named when it was opened.
#[derive(Debug, Clone)]
pub(super) struct OpenFile {
    path: PathBuf,
    identity: Identity,
}

impl OpenFile {
    pub(super) fn of(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            path: path.to_owned(),
            identity: identity_of(path)?,
        })
    }

    /// Fails if the file was deleted, moved or replaced: what is written to it from then on is found
    /// by nobody.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if identity_of(&self.path)? == self.identity {
            return Ok(());
        }
        let error = format!("{} is not the file that was opened", self.path.display());
        Err(StoreError::Unavailable(error.into()))
    }
}

fn identity_of(path: &Path) -> Result<Identity, StoreError> {
    let metadata = fs::metadata(path);
    let metadata = metadata.map_err(|error| StoreError::Unavailable(error.into()))?;
    Ok(identity(&metadata))
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {
    None
}
