//! The storage of one instance: artifacts that were downloaded once stay as they were, whatever becomes of them in S3.

use std::fs;
use std::io;
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// A folder that goes with the instance.
pub(super) struct Volume(TempDir);

impl Volume {
    pub(super) fn new(folder: TempDir) -> Self {
        Self(folder)
    }

    /// The artifact under this name, if it has been downloaded.
    pub(super) fn read(&self, name: &str) -> Option<Vec<u8>> {
        match fs::read(self.path(name)) {
            Ok(artifact) => Some(artifact),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(%error, model = name, "a downloaded artifact could not be read, so it is downloaded again");
                }
                None
            }
        }
    }

    /// Keeps an artifact. One that cannot be kept is downloaded again when it is needed again.
    pub(super) fn write(&self, name: &str, artifact: &[u8]) {
        if let Err(error) = fs::write(self.path(name), artifact) {
            tracing::warn!(%error, model = name, "a downloaded artifact could not be kept");
            self.remove(name);
        }
    }

    pub(super) fn remove(&self, name: &str) {
        // It may not be there.
        let _ = fs::remove_file(self.path(name));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(hex::encode(Sha256::digest(name)))
    }
}
