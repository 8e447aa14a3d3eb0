use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::{S3Uri, Sha256Digest};

/// An object in S3, as far as the request that found it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredObject {
    /// Where it is.
    pub uri: S3Uri,
    /// Its version. `None` in a listing, and in a bucket without versioning.
    pub version_id: Option<String>,
    /// The digest of its bytes: recorded in its metadata, or computed where the bytes were read. A listing has none.
    pub sha256: Option<Sha256Digest>,
    /// Its size in bytes.
    pub size: u64,
    /// S3's own tag of the bytes, with its quotes. It is no digest: see `sha256`.
    pub etag: Option<String>,
    /// When it was written.
    pub last_modified: Option<DateTime<Utc>>,
    /// Its metadata, without the digest. A listing has none.
    pub metadata: BTreeMap<String, String>,
}

impl StoredObject {
    /// An object of which nothing is known yet but its place and size. The fields are public: fill in what is known.
    pub fn new(uri: S3Uri, size: u64) -> Self {
        Self { uri, version_id: None, sha256: None, size, etag: None, last_modified: None, metadata: BTreeMap::new() }
    }
}
