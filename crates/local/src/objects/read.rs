//! Finding and opening versions.

use std::io;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row};

use super::blobs::held;
use super::buckets::{Bucket, Versioning};
use super::{Access, Attributes, Content, ObjectError, ObjectStore};

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
    /// A version's description and its bytes; the current version's without a `version_id`.
    pub(crate) fn get(
        &self,
        access: &Access,
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
    ) -> Result<(Stored, Content), ObjectError> {
        self.open_found(|connection| allowed(connection, access, bucket, key, version_id))
    }

    /// A version's description; the current version's without a `version_id`.
    pub(crate) fn describe(
        &self,
        access: &Access,
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
    ) -> Result<Stored, ObjectError> {
        self.database.with(|connection| allowed(connection, access, bucket, key, version_id))
    }

    /// Finds a version and opens its bytes, so that a later delete does not disturb the reader.
    pub(super) fn open_found(
        &self,
        find: impl Fn(&Connection) -> Result<Stored, ObjectError>,
    ) -> Result<(Stored, Content), ObjectError> {
        let mut missing = None;
        loop {
            let (stored, held) = self.database.with(|connection| {
                let stored = find(connection)?;
                let held = held(connection, stored.blob())?;
                Ok::<_, ObjectError>((stored, held))
            })?;
            match self.blobs.content(stored.blob(), held, stored.size) {
                Ok(content) => return Ok((stored, content)),
                // Deleted since it was found: whoever asks now is told what is there now.
                Err(error) if error.kind() == io::ErrorKind::NotFound && missing.as_deref() != Some(stored.blob()) => {
                    missing = stored.blob;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Stored {
    fn blob(&self) -> &str {
        self.blob.as_deref().unwrap_or_default()
    }
}

/// The version asked for, if the caller may read it.
pub(super) fn allowed(
    connection: &Connection,
    access: &Access,
    bucket: &str,
    key: &str,
    version_id: Option<&str>,
) -> Result<Stored, ObjectError> {
    let action = if version_id.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" };
    let bucket = access.object(connection, action, bucket, key)?;
    let found = readable(connection, &bucket, key, version_id);
    if let Err(ObjectError::NoSuchKey { .. } | ObjectError::Deleted { .. }) = found {
        // Who may not list the bucket is not told what is not in it.
        access.check(&bucket, "s3:ListBucket", None)?;
    }
    found
}

/// The version asked for, if it has content.
fn readable(
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
            .prepare_cached("SELECT * FROM versions WHERE bucket = ?1 AND key = ?2 ORDER BY seq DESC LIMIT 1")?
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
