//! Copies: a new version that shares the source's bytes.

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::incoming::{computed, hasher};
use super::put::{NewContent, NewVersion, insert};
use super::read::allowed;
use super::{Access, Algorithm, Attributes, Checksums, ETagMatch, ObjectError, ObjectStore, Stored, Write, Written};

/// S3's limit on a copy by one request.
const MOST_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// The version to copy, and what must hold of it.
#[derive(Debug, Clone)]
pub(crate) struct CopySource {
    pub(crate) access: Access,
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) version_id: Option<String>,
    pub(crate) if_match: Option<ETagMatch>,
    pub(crate) if_none_match: Option<ETagMatch>,
    pub(crate) if_modified_since: Option<DateTime<Utc>>,
    pub(crate) if_unmodified_since: Option<DateTime<Utc>>,
}

/// A copy within the store.
#[derive(Debug, Clone)]
pub(crate) struct ObjectCopy {
    pub(crate) source: CopySource,
    /// New headers and metadata in place of the source's.
    pub(crate) replace: Option<Attributes>,
    /// Another checksum than the source has.
    pub(crate) algorithm: Option<Algorithm>,
}

impl ObjectStore {
    /// Copies one version to where `write` writes. Returns it and what was written.
    pub(crate) fn copy(&self, write: &Write, copy: ObjectCopy) -> Result<(Stored, Written), ObjectError> {
        let source = &copy.source;
        let to_itself = source.bucket == write.bucket && source.key == write.key;
        if to_itself && source.version_id.is_none() && copy.replace.is_none() {
            return Err(ObjectError::CopyToItself);
        }
        // Reading the bytes for a new checksum takes time, so it is done before the transaction.
        let checksums = copy.algorithm.map(|algorithm| self.checksums_of(source, algorithm)).transpose()?.flatten();
        self.change(|transaction, unnamed| {
            let bucket = write.check(transaction)?;
            let source = source.find(transaction)?;
            if source.size > MOST_BYTES {
                return Err(ObjectError::CopyTooLarge { most: MOST_BYTES });
            }
            let version = NewVersion {
                key: &write.key,
                content: source.blob.as_deref().map_or(NewContent::None, NewContent::Shared),
                size: source.size,
                etag: source.attributes.md5.clone(),
                attributes: attributes(copy.replace, &source.attributes, checksums),
                last_modified: self.clock.milliseconds(),
            };
            let written = insert(transaction, &bucket, version, unnamed)?;
            Ok((source, written))
        })
    }

    /// The checksum by `algorithm` of a whole source that does not have it yet.
    fn checksums_of(&self, source: &CopySource, algorithm: Algorithm) -> Result<Option<Checksums>, ObjectError> {
        let (stored, mut content) = self.open_found(|connection| source.find(connection))?;
        let has = &stored.attributes.checksums;
        if !has.composite && has.of(algorithm).is_some() {
            return Ok(None);
        }
        let mut hasher = hasher(Some(algorithm));
        content.each(0, stored.size, |bytes| {
            hasher.update(bytes);
            Ok::<_, ObjectError>(())
        })?;
        Ok(Some(computed(hasher).only(algorithm)))
    }
}

impl CopySource {
    /// The version, if its conditions hold.
    pub(super) fn find(&self, connection: &Connection) -> Result<Stored, ObjectError> {
        let stored = allowed(connection, &self.access, &self.bucket, &self.key, self.version_id.as_deref())?;
        let failed = |condition| Err(ObjectError::ConditionFailed { condition });
        // HTTP dates have whole seconds.
        let modified = stored.last_modified.timestamp();
        if self.if_match.as_ref().is_some_and(|wanted| !wanted.is(&stored.etag)) {
            return failed("x-amz-copy-source-if-match");
        }
        if self.if_none_match.as_ref().is_some_and(|unwanted| unwanted.is(&stored.etag)) {
            return failed("x-amz-copy-source-if-none-match");
        }
        if self.if_match.is_none() && self.if_unmodified_since.is_some_and(|since| modified > since.timestamp()) {
            return failed("x-amz-copy-source-if-unmodified-since");
        }
        if self.if_none_match.is_none() && self.if_modified_since.is_some_and(|since| modified <= since.timestamp()) {
            return failed("x-amz-copy-source-if-modified-since");
        }
        Ok(stored)
    }
}

/// The copy's attributes: one part, so a checksum made of parts' checksums does not carry over.
fn attributes(replace: Option<Attributes>, source: &Attributes, checksums: Option<Checksums>) -> Attributes {
    let kept = || match &source.checksums {
        sums if sums.composite => Checksums { crc64nvme: sums.crc64nvme.clone(), ..Checksums::default() },
        sums => sums.clone(),
    };
    Attributes {
        checksums: checksums.unwrap_or_else(kept),
        md5: source.md5.clone(),
        part_sizes: Vec::new(),
        ..replace.unwrap_or_else(|| source.clone())
    }
}
