//! New versions.

use rusqlite::Connection;
use uuid::Uuid;

use super::blobs::{name, release, share};
use super::buckets::{Bucket, Versioning};
use super::read::find;
use super::underway::ConditionalWrite;
use super::{Access, Attributes, Blob, Checksums, ObjectError, ObjectStore};
use crate::db::Transaction;

/// The id of versions written while a bucket keeps none.
pub(super) const NULL_VERSION: &str = "null";

/// What must hold of the current version before it is replaced or deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) if_match: Option<ETagMatch>,
    pub(crate) if_none_match: Option<ETagMatch>,
}

/// An ETag without quotes, or `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ETagMatch {
    Any,
    ETag(String),
}

/// A write that has begun: allowed, and its condition watched from here on.
#[derive(Debug)]
pub(crate) struct Write {
    pub(super) access: Access,
    pub(super) bucket: String,
    pub(super) key: String,
    condition: Condition,
    /// There when there is a condition.
    conditional: Option<ConditionalWrite>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    /// None when the bucket never kept versions.
    pub(crate) version_id: Option<String>,
    /// Without quotes.
    pub(crate) etag: String,
    pub(crate) size: u64,
    pub(crate) checksums: Checksums,
    /// In milliseconds since 1970.
    pub(crate) last_modified: i64,
}

/// A version about to be added.
pub(super) struct NewVersion<'a> {
    pub(super) key: &'a str,
    pub(super) content: NewContent<'a>,
    pub(super) size: u64,
    pub(super) etag: String,
    pub(super) attributes: Attributes,
    /// In milliseconds since 1970.
    pub(super) last_modified: i64,
}

/// Where a new version's bytes are.
pub(super) enum NewContent<'a> {
    Received(&'a Blob),
    /// In the file of another version.
    Shared(&'a str),
    /// It is a delete marker.
    None,
}

impl ObjectStore {
    /// Begins a write of `key`: refused here, it is refused before its bytes have been received.
    pub(crate) fn begin_put(
        &self,
        access: Access,
        bucket: &str,
        key: &str,
        condition: Condition,
    ) -> Result<Write, ObjectError> {
        if key.is_empty() || key.len() > 1024 {
            return Err(ObjectError::KeyLength);
        }
        // Watched before anything is looked at, so that no deletion falls in between.
        let conditional = (condition != Condition::default()).then(|| self.underway.begin(bucket, key));
        self.database.with(|connection| access.object(connection, "s3:PutObject", bucket, key))?;
        Ok(Write { access, bucket: bucket.to_owned(), key: key.to_owned(), condition, conditional })
    }

    /// Makes received bytes the current version of the object. Without checksums in `attributes`, the blob's are kept.
    pub(crate) fn put(&self, write: &Write, mut attributes: Attributes, blob: Blob) -> Result<Written, ObjectError> {
        attributes.md5 = blob.etag();
        if attributes.checksums == Checksums::default() {
            attributes.checksums = blob.checksums.clone();
        }
        let written = self.change(|transaction, unnamed| {
            let bucket = write.check(transaction)?;
            let version = NewVersion {
                key: &write.key,
                content: NewContent::Received(&blob),
                size: blob.size,
                etag: blob.etag(),
                attributes,
                last_modified: self.clock.milliseconds(),
            };
            insert(transaction, &bucket, version, unnamed)
        });
        blob.settle(&written);
        written
    }
}

impl Write {
    /// Checks in the transaction that writes that it is still allowed, and that its condition holds.
    pub(super) fn check(&self, transaction: &Transaction<'_>) -> Result<Bucket, ObjectError> {
        let bucket = self.access.object(transaction, "s3:PutObject", &self.bucket, &self.key)?;
        if self.conditional.as_ref().is_some_and(ConditionalWrite::is_overtaken) {
            return Err(ObjectError::Overtaken { key: self.key.clone() });
        }
        self.condition.check(transaction, &bucket, &self.key)?;
        Ok(bucket)
    }
}

impl Condition {
    /// Checks the condition against the current version of `key`.
    pub(super) fn check(&self, connection: &Connection, bucket: &Bucket, key: &str) -> Result<(), ObjectError> {
        if *self == Self::default() {
            return Ok(());
        }
        let current = find(connection, bucket, key, None)?.filter(|current| !current.delete_marker);
        let current = current.as_ref().map(|current| current.etag.as_str());
        match (&self.if_match, current) {
            (Some(_), None) => return Err(ObjectError::NoSuchKey { key: key.to_owned() }),
            (Some(wanted), Some(etag)) if !wanted.is(etag) => {
                return Err(ObjectError::ConditionFailed { condition: "If-Match" });
            }
            _ => {}
        }
        match (&self.if_none_match, current) {
            (Some(unwanted), Some(etag)) if unwanted.is(etag) => {
                Err(ObjectError::ConditionFailed { condition: "If-None-Match" })
            }
            _ => Ok(()),
        }
    }
}

impl ETagMatch {
    /// Whether an object's ETag is the one meant.
    pub(crate) fn is(&self, etag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::ETag(wanted) => wanted == etag,
        }
    }
}

impl NewContent<'_> {
    /// Refers to the file, and says which it is.
    fn refer(&self, transaction: &Transaction<'_>) -> rusqlite::Result<Option<&str>> {
        match self {
            Self::Received(blob) => name(transaction, blob).map(|()| Some(blob.id.as_str())),
            Self::Shared(id) => share(transaction, id).map(|()| Some(*id)),
            Self::None => Ok(None),
        }
    }
}

/// Adds a version as the current one. `unnamed` gets the replaced version's file if nothing refers to it any more.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    bucket: &Bucket,
    version: NewVersion<'_>,
    unnamed: &mut Vec<String>,
) -> Result<Written, ObjectError> {
    // Before the replaced version lets go of it: a copy of an object onto itself names the same file again.
    let blob = version.content.refer(transaction)?;
    let version_id = if bucket.versioning == Versioning::Enabled {
        Uuid::new_v4().simple().to_string()
    } else {
        remove(transaction, bucket, version.key, NULL_VERSION, unnamed)?;
        NULL_VERSION.to_owned()
    };
    transaction
        .prepare_cached(
            "UPDATE versions SET is_latest = 0 WHERE seq =
             (SELECT seq FROM versions WHERE bucket = ?1 AND key = ?2 ORDER BY seq DESC LIMIT 1)",
        )?
        .execute((&bucket.name, version.key))?;
    transaction
        .prepare_cached(
            "INSERT INTO versions
             (bucket, key, version_id, is_latest, delete_marker, blob, size, etag, last_modified, attributes)
             VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute((
            &bucket.name,
            version.key,
            &version_id,
            blob.is_none(),
            blob,
            version.size.cast_signed(),
            &version.etag,
            version.last_modified,
            &version.attributes,
        ))?;
    Ok(Written {
        version_id: (bucket.versioning != Versioning::Never).then_some(version_id),
        etag: version.etag,
        size: version.size,
        checksums: version.attributes.checksums,
        last_modified: version.last_modified,
    })
}

/// Removes a version for good, and makes the newest one left the current one. `unnamed` gets its file if nothing refers
/// to it any more. Says whether there was such a version, and whether it was a delete marker.
pub(super) fn remove(
    transaction: &Transaction<'_>,
    bucket: &Bucket,
    key: &str,
    version_id: &str,
    unnamed: &mut Vec<String>,
) -> Result<Option<bool>, ObjectError> {
    let Some(removed) = find(transaction, bucket, key, Some(version_id))? else {
        return Ok(None);
    };
    transaction.prepare_cached("DELETE FROM versions WHERE seq = ?1")?.execute([removed.seq])?;
    if removed.is_latest {
        transaction
            .prepare_cached(
                "UPDATE versions SET is_latest = 1 WHERE seq =
                 (SELECT seq FROM versions WHERE bucket = ?1 AND key = ?2 ORDER BY seq DESC LIMIT 1)",
            )?
            .execute((&bucket.name, key))?;
    }
    if let Some(blob) = removed.blob {
        unnamed.extend(release(transaction, blob)?);
    }
    Ok(Some(removed.delete_marker))
}
