use std::fmt;

use refit_aws::{ArtifactStore, AwsError, Sha256Digest, Upload};
use refit_warehouse::{Destination, Draft, Manifest, Source};
use tokio::runtime::Handle;
use tracing::warn;

/// A prefix of the bucket that takes a dataset while it is being written.
///
/// The warehouse writes on a thread that may block: what S3 is asked, that thread waits for. A part is on its way while the rows
/// of the next one come.
pub(crate) struct S3Place {
    store: ArtifactStore,
    prefix: String,
    runtime: Handle,
}

impl S3Place {
    /// The place at a prefix. Its requests run on the caller's runtime, so it is made there.
    pub(crate) fn new(store: ArtifactStore, prefix: String) -> Self {
        Self { store, prefix, runtime: Handle::current() }
    }

    fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }
}

impl Destination for S3Place {
    fn begin(&self, name: &str) -> Result<Box<dyn Draft>, Source> {
        let key = self.key(name);
        let place = self.store.uri(&key)?.to_string();
        Ok(Box::new(S3Draft { place, upload: Some(self.store.upload(&key)?), runtime: self.runtime.clone() }))
    }

    /// An object has its own manifest until another takes the key, so one that is the same stays, and makes no new version.
    fn withdraw(&self, manifest: &[u8]) -> Result<(), Source> {
        let key = self.key(Manifest::FILE_NAME);
        let ours = Sha256Digest::of(manifest);
        let work = async {
            match self.store.head(&key).await? {
                Some(theirs) if theirs.sha256 != Some(ours) => self.store.delete(&key).await,
                _ => Ok(()),
            }
        };
        Ok(self.runtime.block_on(work)?)
    }

    fn complete(&self, manifest: &[u8]) -> Result<(), Source> {
        let key = self.key(Manifest::FILE_NAME);
        self.runtime.block_on(self.store.put(&key, manifest.to_vec()))?;
        Ok(())
    }
}

impl fmt::Display for S3Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.store.bucket(), self.prefix)
    }
}

struct S3Draft {
    place: String,
    /// None once it is published.
    upload: Option<Upload>,
    runtime: Handle,
}

impl Draft for S3Draft {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Source> {
        self.with(async |upload| upload.write(bytes).await)
    }

    fn seal(&mut self) -> Result<(), Source> {
        self.with(async |upload| upload.seal().await)
    }

    fn publish(mut self: Box<Self>, sha256: [u8; 32]) -> Result<(), Source> {
        if let Some(upload) = self.upload.take() {
            self.runtime.block_on(upload.publish(sha256.into()))?;
        }
        Ok(())
    }
}

impl S3Draft {
    fn with(&mut self, work: impl AsyncFnOnce(&mut Upload) -> Result<(), AwsError>) -> Result<(), Source> {
        match &mut self.upload {
            Some(upload) => Ok(self.runtime.block_on(work(upload))?),
            None => Ok(()),
        }
    }
}

impl fmt::Display for S3Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

impl Drop for S3Draft {
    /// Waits until S3 has forgotten the parts: the program may end next.
    fn drop(&mut self) {
        if let Some(upload) = self.upload.take()
            && let Err(error) = self.runtime.block_on(upload.abort())
        {
            warn!(place = self.place, error = &error as &dyn std::error::Error, "parts of an upload stay behind");
        }
    }
}
