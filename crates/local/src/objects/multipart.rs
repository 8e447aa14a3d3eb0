//! Multipart uploads: their beginning, their parts, and their end without an object.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use super::blobs::{held, name, release};
use super::buckets::Bucket;
use super::{Access, Algorithm, Attributes, Blob, Checksums, Content, CopySource, ObjectError, ObjectStore};
use crate::db::Transaction;

/// What an upload is begun with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewUpload {
    pub(crate) key: String,
    pub(crate) attributes: Attributes,
    pub(crate) algorithm: Option<Algorithm>,
    /// Whether the object's checksum is to be one of the parts' checksums.
    pub(crate) composite: bool,
}

/// An upload that was begun and neither completed nor aborted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upload {
    pub(crate) upload_id: String,
    pub(crate) key: String,
    pub(crate) initiated_at: DateTime<Utc>,
    pub(crate) attributes: Attributes,
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) composite: bool,
}

/// An uploaded part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) number: i32,
    pub(crate) size: u64,
    pub(crate) etag: String,
    pub(crate) last_modified: DateTime<Utc>,
    pub(crate) checksums: Checksums,
    pub(super) blob: String,
}

impl ObjectStore {
    /// Begins an upload and returns its id.
    pub(crate) fn begin_upload(&self, access: &Access, bucket: &str, new: &NewUpload) -> Result<String, ObjectError> {
        if new.key.is_empty() || new.key.len() > 1024 {
            return Err(ObjectError::KeyLength);
        }
        let initiated_at = self.clock.milliseconds();
        // S3 lists the uploads of a key by age, and goes on after an id: these sort by age.
        let upload_id = format!("{initiated_at:012x}{}", Uuid::new_v4().simple());
        self.database.transaction(|transaction| {
            access.object(transaction, "s3:PutObject", bucket, &new.key)?;
            transaction.execute(
                "INSERT INTO uploads (upload_id, bucket, key, initiated_at, attributes, algorithm, composite)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                (
                    &upload_id,
                    bucket,
                    &new.key,
                    initiated_at,
                    &new.attributes,
                    new.algorithm.map(Algorithm::as_str),
                    new.composite,
                ),
            )?;
            Ok::<_, ObjectError>(())
        })?;
        Ok(upload_id)
    }

    /// The upload, for who is about to add a part to it.
    pub(crate) fn upload(
        &self,
        access: &Access,
        bucket: &str,
        key: &str,
        upload_id: &str,
    ) -> Result<Upload, ObjectError> {
        self.database.with(|connection| {
            let bucket = access.object(connection, "s3:PutObject", bucket, key)?;
            find(connection, &bucket, key, upload_id)
        })
    }

    /// The upload with its parts in order, and the account that owns the bucket.
    pub(crate) fn parts(
        &self,
        access: &Access,
        bucket: &str,
        key: &str,
        upload_id: &str,
    ) -> Result<(Upload, Vec<Part>, String), ObjectError> {
        self.database.with(|connection| {
            let bucket = access.object(connection, "s3:ListMultipartUploadParts", bucket, key)?;
            Ok((find(connection, &bucket, key, upload_id)?, parts(connection, upload_id)?, bucket.account))
        })
    }

    /// Keeps received bytes as a part, in place of an earlier one of that number.
    pub(crate) fn put_part(
        &self,
        access: &Access,
        bucket: &str,
        key: &str,
        upload_id: &str,
        number: i32,
        blob: Blob,
    ) -> Result<Part, ObjectError> {
        let part = Part {
            number,
            size: blob.size,
            etag: blob.etag(),
            last_modified: self.clock.now(),
            checksums: blob.checksums.clone(),
            blob: blob.id.clone(),
        };
        let written = self.change(|transaction, unnamed| {
            let bucket = access.object(transaction, "s3:PutObject", bucket, key)?;
            find(transaction, &bucket, key, upload_id)?;
            name(transaction, &blob)?;
            unnamed.extend(replace(transaction, upload_id, &part)?);
            Ok(())
        });
        blob.settle(&written);
        written.map(|()| part)
    }

    /// Copies an object, or the bytes `range` of it (first and last), to be kept as a part.
    pub(crate) fn copy_part(
        &self,
        source: &CopySource,
        range: Option<(u64, u64)>,
        algorithm: Option<Algorithm>,
    ) -> Result<Blob, ObjectError> {
        let (stored, mut content) = self.open_found(|connection| source.find(connection))?;
        let (first, end) = match range {
            Some((first, last)) if first <= last && last < stored.size => (first, last + 1),
            Some((first, last)) => return Err(ObjectError::CopyRange { first, last }),
            None => (0, stored.size),
        };
        let mut incoming = self.incoming(algorithm);
        content.each(first, end, |bytes| incoming.write(bytes))?;
        Ok(incoming.finish()?)
    }

    /// Forgets an upload and its parts.
    pub(crate) fn abort_upload(
        &self,
        access: &Access,
        bucket: &str,
        key: &str,
        upload_id: &str,
    ) -> Result<(), ObjectError> {
        self.change(|transaction, unnamed| {
            let bucket = access.object(transaction, "s3:AbortMultipartUpload", bucket, key)?;
            find(transaction, &bucket, key, upload_id)?;
            end(transaction, upload_id, unnamed)
        })
    }

    /// A part's bytes.
    pub(super) fn open_part(&self, part: &Part) -> Result<Content, ObjectError> {
        let held = self.database.with(|connection| held(connection, &part.blob))?;
        Ok(self.blobs.content(&part.blob, held, part.size)?)
    }
}

/// Removes an upload's rows, and adds the files of its parts to `unnamed`.
pub(super) fn end(
    transaction: &Transaction<'_>,
    upload_id: &str,
    unnamed: &mut Vec<String>,
) -> Result<(), ObjectError> {
    for part in parts(transaction, upload_id)? {
        unnamed.extend(release(transaction, part.blob)?);
    }
    transaction.prepare_cached("DELETE FROM uploads WHERE upload_id = ?1")?.execute([upload_id])?;
    Ok(())
}

pub(super) fn find(
    connection: &Connection,
    bucket: &Bucket,
    key: &str,
    upload_id: &str,
) -> Result<Upload, ObjectError> {
    connection
        .prepare_cached("SELECT * FROM uploads WHERE upload_id = ?1 AND bucket = ?2 AND key = ?3")?
        .query_row((upload_id, &bucket.name, key), upload)
        .optional()?
        .ok_or_else(|| ObjectError::NoSuchUpload { upload_id: upload_id.to_owned() })
}

pub(super) fn parts(connection: &Connection, upload_id: &str) -> rusqlite::Result<Vec<Part>> {
    connection
        .prepare_cached("SELECT * FROM parts WHERE upload_id = ?1 ORDER BY number")?
        .query_map([upload_id], |row| {
            Ok(Part {
                number: row.get("number")?,
                size: row.get::<_, i64>("size")?.unsigned_abs(),
                etag: row.get("etag")?,
                last_modified: DateTime::from_timestamp_millis(row.get("last_modified")?).unwrap_or_default(),
                checksums: row.get("checksums")?,
                blob: row.get("blob")?,
            })
        })?
        .collect()
}

pub(super) fn upload(row: &Row<'_>) -> rusqlite::Result<Upload> {
    let algorithm: Option<String> = row.get("algorithm")?;
    Ok(Upload {
        upload_id: row.get("upload_id")?,
        key: row.get("key")?,
        initiated_at: DateTime::from_timestamp_millis(row.get("initiated_at")?).unwrap_or_default(),
        attributes: row.get("attributes")?,
        algorithm: algorithm.as_deref().and_then(Algorithm::parse),
        composite: row.get("composite")?,
    })
}

/// Writes a part's row. Returns the file of the part it replaces.
fn replace(transaction: &Transaction<'_>, upload_id: &str, part: &Part) -> rusqlite::Result<Option<String>> {
    let replaced: Option<String> = transaction
        .prepare_cached("SELECT blob FROM parts WHERE upload_id = ?1 AND number = ?2")?
        .query_row((upload_id, part.number), |row| row.get(0))
        .optional()?;
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO parts (upload_id, number, blob, size, etag, last_modified, checksums)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((
            upload_id,
            part.number,
            &part.blob,
            part.size.cast_signed(),
            &part.etag,
            part.last_modified.timestamp_millis(),
            &part.checksums,
        ))?;
    replaced.map_or(Ok(None), |blob| release(transaction, blob))
}
