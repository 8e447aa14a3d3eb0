use std::collections::{BTreeMap, HashMap};

use aws_sdk_s3::types::CompletedPart;
use bytes::{Bytes, BytesMut};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tracing::{debug, warn};

use crate::{AwsError, RequestError, S3Uri, Sha256Digest, StoredObject};

use super::parts::Parts;
use super::{ArtifactStore, SHA256};

const MIB: usize = 1024 * 1024;

/// The sizes of the parts: the first 2,000 are small, so that small objects need little memory; the later ones larger, since
/// there may be 10,000 of them at most. In all they hold 328 GiB.
const SIZES: [(usize, usize); 3] = [(2_000, 8 * MIB), (6_000, 16 * MIB), (10_000, 64 * MIB)];

/// The prefix below which parts become an object before it has its own key.
const INCOMING: &str = "incoming";

/// An object that is written while its bytes come.
///
/// A part is on its way to S3 while the next one is gathered, so an upload needs two parts of memory: 16 MiB for an object of up
/// to 15 GiB. What is smaller than a part is put at once.
///
/// Nothing is under the object's key before [`publish`](Self::publish), and then the whole object is, with its SHA-256: S3 takes
/// metadata only before the first part, when the digest is not known, so the parts become an object below the prefix `incoming/`,
/// which S3 itself then copies. An upload that is dropped is aborted in the background; [`abort`](Self::abort) waits for that. A
/// program that is killed leaves its parts to the bucket's lifecycle rules: let them abort incomplete uploads, and expire what is
/// below `incoming/`, after some days.
#[derive(Debug)]
pub struct Upload {
    store: ArtifactStore,
    key: String,
    staged: S3Uri,
    gathered: BytesMut,
    parts: Option<Parts>,
    done: Vec<CompletedPart>,
    under_way: Option<JoinHandle<Result<CompletedPart, AwsError>>>,
    /// The staged object's version, where the parts have become one.
    sealed: Option<Option<String>>,
    size: u64,
}

impl ArtifactStore {
    /// An object to write while its bytes come. Nothing is requested until they fill a part.
    ///
    /// Errors: [`AwsError::Invalid`] for the key.
    pub fn upload(&self, key: &str) -> Result<Upload, AwsError> {
        self.uri(key)?;
        Ok(Upload {
            staged: self.uri(&format!("{INCOMING}/{key}"))?,
            store: self.clone(),
            key: key.to_owned(),
            gathered: BytesMut::new(),
            parts: None,
            done: Vec::new(),
            under_way: None,
            sealed: None,
            size: 0,
        })
    }
}

impl Upload {
    /// Takes the next bytes. Waits where two parts are full.
    ///
    /// Errors: those of the bucket, [`AwsError::TooLarge`] above 328 GiB.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), AwsError> {
        self.size += bytes.len() as u64;
        while !bytes.is_empty() {
            let size = self.part_size()?;
            let (now, later) = bytes.split_at(bytes.len().min(size - self.gathered.len()));
            self.gathered.extend_from_slice(now);
            bytes = later;
            if self.gathered.len() == size {
                self.send().await?;
            }
        }
        Ok(())
    }

    /// How many bytes were written.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Waits until S3 has every byte, so that publishing only gives them their key. What is smaller than a part stays in memory.
    ///
    /// Errors: those of the bucket.
    pub async fn seal(&mut self) -> Result<(), AwsError> {
        if self.parts.is_none() || self.sealed.is_some() {
            return Ok(());
        }
        if !self.gathered.is_empty() {
            self.send().await?;
        }
        self.arrived().await?;
        if let Some(parts) = &self.parts {
            let (version_id, _) = parts.complete(std::mem::take(&mut self.done)).await?;
            self.sealed = Some(version_id);
        }
        Ok(())
    }

    /// Gives the object its key. If the newest version under it holds the same bytes already, nothing is written.
    ///
    /// `digest` is that of all the bytes, which their writer knows.
    ///
    /// Errors: those of the bucket.
    pub async fn publish(mut self, digest: Sha256Digest) -> Result<StoredObject, AwsError> {
        self.seal().await?;
        if self.sealed.is_none() {
            let bytes = std::mem::take(&mut self.gathered).freeze();
            return self.store.put(&self.key, bytes).await;
        }
        let metadata = BTreeMap::from([(SHA256.to_owned(), digest.to_string())]);
        let there = self.store.head(&self.key).await?.filter(|there| there.sha256 == Some(digest));
        let published = match there {
            Some(there) => there,
            None => {
                let version = self.sealed.clone().flatten();
                self.store.copy(&self.staged, version.as_deref(), &self.key, &metadata).await?
            }
        };
        self.abort().await?;
        Ok(published)
    }

    /// Has S3 forget what it was given. After publishing that is the staged object only.
    ///
    /// Errors: those of the bucket; the parts may be there then.
    pub async fn abort(mut self) -> Result<(), AwsError> {
        self.leavings().remove().await
    }

    fn part_size(&self) -> Result<usize, AwsError> {
        let begun = self.done.len() + usize::from(self.under_way.is_some());
        let size = SIZES.iter().find(|(last, _)| begun < *last).map(|(_, size)| *size);
        size.ok_or_else(|| AwsError::TooLarge { what: self.key.clone(), size: self.size, limit: limit() })
    }

    /// Sends what is gathered on its way, when the part before it has arrived.
    async fn send(&mut self) -> Result<(), AwsError> {
        self.arrived().await?;
        let parts = match &self.parts {
            Some(parts) => parts.clone(),
            None => {
                let parts = Parts::begin(&self.store, &self.staged, HashMap::new()).await?;
                self.parts.insert(parts).clone()
            }
        };
        let bytes: Bytes = self.gathered.split().freeze();
        // No more than 10,000 parts.
        let number = self.done.len() as i32 + 1;
        self.under_way = Some(tokio::spawn(async move { parts.put(number, bytes).await }));
        Ok(())
    }

    async fn arrived(&mut self) -> Result<(), AwsError> {
        if let Some(part) = self.under_way.take() {
            let part = part.await.map_err(|error| RequestError::from_body("UploadPart", error))??;
            debug!(key = self.key, part = part.part_number(), "part stored");
            self.done.push(part);
        }
        Ok(())
    }

    fn leavings(&mut self) -> Leavings {
        Leavings {
            store: self.store.clone(),
            staged: self.staged.clone(),
            parts: self.parts.take(),
            under_way: self.under_way.take(),
            sealed: self.sealed.take(),
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let leavings = self.leavings();
        if let (Some(_), Ok(runtime)) = (&leavings.parts, Handle::try_current()) {
            runtime.spawn(async move {
                if let Err(error) = leavings.remove().await {
                    warn!(error = &error as &dyn std::error::Error, "parts of an upload stay behind");
                }
            });
        }
    }
}

/// What an upload has in S3 that is not the object.
struct Leavings {
    store: ArtifactStore,
    staged: S3Uri,
    parts: Option<Parts>,
    under_way: Option<JoinHandle<Result<CompletedPart, AwsError>>>,
    sealed: Option<Option<String>>,
}

impl Leavings {
    async fn remove(self) -> Result<(), AwsError> {
        if let Some(part) = self.under_way {
            // A part that arrives after the abort would stay.
            part.abort();
            let _ = part.await;
        }
        match (self.sealed, self.parts) {
            (Some(version), _) => self.store.delete_version(&self.staged, version.as_deref()).await,
            (None, Some(parts)) => parts.abort().await,
            (None, None) => Ok(()),
        }
    }
}

fn limit() -> u64 {
    let mut before = 0;
    SIZES.iter().fold(0, |limit, (last, size)| {
        let parts = last - std::mem::replace(&mut before, *last);
        limit + (parts * size) as u64
    })
}

#[cfg(test)]
mod tests {
    use super::{MIB, limit};

    #[test]
    fn ten_thousand_parts_hold_what_is_promised() {
        assert_eq!(limit(), (2_000 * 8 + 4_000 * 16 + 4_000 * 64) * MIB as u64);
        assert_eq!(limit() / (1024 * MIB as u64), 328);
    }
}
