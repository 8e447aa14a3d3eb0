//! New versions.

use rusqlite::{Connection, Transaction};
use uuid::Uuid;

use super::buckets::{Bucket, Versioning, authorized};
use super::read::find;
use super::{Access, Attributes, Blob, Checksums, ObjectError, ObjectStore, now};

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

/// A version about to be added. Without a blob it is a delete marker.
pub(super) struct NewVersion<'a> {
    pub(super) key: &'a str,
    pub(super) blob: Option<&'a str>,
    pub(super) size: u64,
    pub(super) etag: String,
    pub(super) attributes: Attributes,
}

impl ObjectStore {
    /// Makes received bytes the current version of `key`. Checksums in `attributes` that are not the content's are
    /// replaced by the blob's.
    pub(crate) fn put(
        &self,
        access: &Access,
        bucket: &str,
        key: &str,
        mut attributes: Attributes,
        condition: &Condition,
        blob: Blob,
    ) -> Result<Written, ObjectError> {
        if key.is_empty() || key.len() > 1024 {
            return Err(ObjectError::KeyLength);
        }
        attributes.md5 = blob.etag();
        if attributes.checksums == Checksums::default() {
            attributes.checksums = blob.checksums.clone();
        }
        let (written, unnamed) = self.database.transaction(|transaction| {
            let bucket = authorized(transaction, access, bucket)?;
            condition.check(transaction, &bucket, key)?;
            let version = NewVersion { key, blob: Some(&blob.id), size: blob.size, etag: blob.etag(), attributes };
            insert(transaction, &bucket, version)
        })?;
        blob.keep();
        self.blobs.remove_unnamed(unnamed);
        Ok(written)
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

/// Adds a version as the current one. Also returns the replaced version's blob if no version names it
/// any more.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    bucket: &Bucket,
    version: NewVersion<'_>,
) -> Result<(Written, Option<String>), ObjectError> {
    let mut unnamed = None;
    let version_id = if bucket.versioning == Versioning::Enabled {
        Uuid::new_v4().simple().to_string()
    } else {
        // A copy of the object onto itself names the same blob again.
        unnamed = remove(transaction, bucket, version.key, NULL_VERSION)?.filter(|blob| version.blob != Some(blob));
        NULL_VERSION.to_owned()
    };
    let last_modified = now();
    transaction
        .prepare_cached("UPDATE versions SET is_latest = 0 WHERE bucket = ?1 AND key = ?2 AND is_latest = 1")?
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
            version.blob.is_none(),
            version.blob,
            version.size.cast_signed(),
            &version.etag,
            last_modified,
            &version.attributes,
        ))?;
    let written = Written {
        version_id: (bucket.versioning != Versioning::Never).then_some(version_id),
        etag: version.etag,
        size: version.size,
        checksums: version.attributes.checksums,
        last_modified,
    };
    Ok((written, unnamed))
}

/// Removes a version for good, and makes the newest one left the current one. Returns its blob if no version names
/// it any more.
pub(super) fn remove(
    transaction: &Transaction<'_>,
    bucket: &Bucket,
    key: &str,
    version_id: &str,
) -> Result<Option<String>, ObjectError> {
    let Some(removed) = find(transaction, bucket, key, Some(version_id))? else {
        return Ok(None);
    };
    transaction.prepare_cached("DELETE FROM versions WHERE seq = ?1")?.execute([removed.seq])?;
    if removed.is_latest {
        transaction
            .prepare_cached(
                "UPDATE versions SET is_latest = 1
                 WHERE seq = (SELECT max(seq) FROM versions WHERE bucket = ?1 AND key = ?2)",
            )?
            .execute((&bucket.name, key))?;
    }
    let Some(blob) = removed.blob else { return Ok(None) };
    let still_named: bool = transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM versions WHERE blob = ?1)")?
        .query_row([&blob], |row| row.get(0))?;
    Ok((!still_named).then_some(blob))
}
