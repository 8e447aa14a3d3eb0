//! Finding and opening versions.

use std::fs::File;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row};

use super::buckets::{Bucket, Versioning, authorized};
use super::{Access, Attributes, ObjectError, ObjectStore};

/// One version of an object, as the index keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) key: String,
    /// `null` for what was written while the bucket kept no versions; none when it never did.
    pub(crate) version_id: Option<String>,
    pub(crate) size: u64,
    /// Without quotes.
    pub(crate) etag: String,
    pub(crate) last_modified: DateTime<Utc>,
    pub(crate) is_latest: bool,
    pub(crate) delete_marker: bool,
    pub(crate) attributes: Attributes,
    pub(super) seq: i64,
    pub(super) blob: Option<String>,
}

impl ObjectStore {
    /// A version's description and its bytes, opened so that a later delete does not disturb the reader.
    pub(crate) fn get(
        &self,
        access: &Access,
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
    ) -> Result<(Stored, File), ObjectError> {
        self.database.with(|connection| {
            let bucket = authorized(connection, access, bucket)?;
            let stored = readable(connection, &bucket, key, version_id)?;
            let file = self.blobs.open_file(stored.blob.as_deref().unwrap_or_default())?;
            Ok((stored, file))
        })
    }

    /// A version's description; the current version's without a `version_id`.
    pub(crate) fn describe(
        &self,
        access: &Access,
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
    ) -> Result<Stored, ObjectError> {
        self.database.with(|connection| {
            let bucket = authorized(connection, access, bucket)?;
            readable(connection, &bucket, key, version_id)
        })
    }
}

/// The version asked for, if it has content.
pub(super) fn readable(
    connection: &Connection,
    bucket: &Bucket,
    key: &str,
    version_id: Option<&str>,
) -> Result<Stored, ObjectError> {
    let key_owned = || key.to_owned();
    match (find(connection, bucket, key, version_id)?, version_id) {
        (Some(stored), _) if !stored.delete_marker => Ok(stored),
        (Some(marker), None) => {
            Err(ObjectError::Deleted { key: key_owned(), version_id: marker.version_id.unwrap_or_default() })
        }
        (Some(_), Some(id)) => Err(ObjectError::IsDeleteMarker { key: key_owned(), version_id: id.to_owned() }),
        (None, Some(id)) => Err(ObjectError::NoSuchVersion { key: key_owned(), version_id: id.to_owned() }),
        (None, None) => Err(ObjectError::NoSuchKey { key: key_owned() }),
    }
}

/// The version asked for, a delete marker too.
pub(super) fn find(
    connection: &Connection,
    bucket: &Bucket,
    key: &str,
    version_id: Option<&str>,
) -> rusqlite::Result<Option<Stored>> {
    let row = |row: &Row<'_>| stored(bucket, row);
    match version_id {
        Some(id) => connection
            .prepare_cached("SELECT * FROM versions WHERE bucket = ?1 AND key = ?2 AND version_id = ?3")?
            .query_row((&bucket.name, key, id), row)
            .optional(),
        None => connection
            .prepare_cached("SELECT * FROM versions WHERE bucket = ?1 AND key = ?2 AND is_latest = 1")?
            .query_row((&bucket.name, key), row)
            .optional(),
    }
}

pub(super) fn stored(bucket: &Bucket, row: &Row<'_>) -> rusqlite::Result<Stored> {
    let version_id: String = row.get("version_id")?;
    Ok(Stored {
        key: row.get("key")?,
        version_id: (bucket.versioning != Versioning::Never).then_some(version_id),
        size: row.get::<_, i64>("size")?.unsigned_abs(),
        etag: row.get("etag")?,
        last_modified: DateTime::from_timestamp_millis(row.get("last_modified")?).unwrap_or_default(),
        is_latest: row.get("is_latest")?,
        delete_marker: row.get("delete_marker")?,
        attributes: row.get("attributes")?,
        seq: row.get("seq")?,
        blob: row.get("blob")?,
    })
}
