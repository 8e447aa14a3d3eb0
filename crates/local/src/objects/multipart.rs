//! Multipart uploads.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use super::blobs::{composite, multipart_etag};
use super::buckets::{Bucket, authorized};
use super::put::{NewVersion, insert};
use super::{
    Access, Algorithm, Attributes, Blob, Checksums, Condition, CopySource, ObjectError, ObjectStore, Written, now,
};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// S3's least size of a part that is not the last.
const LEAST_PART: u64 = 5 * 1024 * 1024;

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
    blob: String,
}

/// A part as the request that completes an upload names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CompletedPart {
    pub(crate) number: i32,
    pub(crate) etag: Option<String>,
    pub(crate) checksums: Checksums,
}

impl ObjectStore {
    /// Begins an upload and returns its id.
    pub(crate) fn begin_upload(&self, access: &Access, bucket: &str, new: &NewUpload) -> Result<String, ObjectError> {
        let upload_id = Uuid::new_v4().simple().to_string();
        self.database.transaction(|transaction| {
            authorized(transaction, access, bucket)?;
            transaction.execute(
                "INSERT INTO uploads (upload_id, bucket, key, initiated_at, attributes, algorithm, composite)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                (
                    &upload_id,
                    bucket,
                    &new.key,
                    now(),
                    &new.attributes,
                    new.algorithm.map(Algorithm::as_str),
                    new.composite,
                ),
            )?;
            Ok::<_, ObjectError>(())
        })?;
        Ok(upload_id)
    }

    /// The upload, with its parts in order.
    pub(crate) fn upload(
        &self,
        access: &Access,
        bucket: &str,
        key: &str,
        upload_id: &str,
    ) -> Result<(Upload, Vec<Part>), ObjectError> {
        self.database.with(|connection| {
            let bucket = authorized(connection, access, bucket)?;
            Ok((find(connection, &bucket, key, upload_id)?, parts(connection, upload_id)?))
        })
    }

    /// The bucket's open uploads, by key and then by age.
    pub(crate) fn uploads(&self, access: &Access, bucket: &str, prefix: &str) -> Result<Vec<Upload>, ObjectError> {
        self.database.with(|connection| {
            let bucket = authorized(connection, access, bucket)?;
            let mut statement =
                connection.prepare_cached("SELECT * FROM uploads WHERE bucket = ?1 ORDER BY key, initiated_at")?;
            let mut uploads: Vec<Upload> =
                statement.query_map([&bucket.name], upload)?.collect::<rusqlite::Result<_>>()?;
            uploads.retain(|upload| upload.key.starts_with(prefix));
            Ok(uploads)
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
            last_modified: Utc::now(),
            checksums: blob.checksums.clone(),
            blob: blob.id.clone(),
        };
        let replaced = self.database.transaction(|transaction| {
            let bucket = authorized(transaction, access, bucket)?;
            find(transaction, &bucket, key, upload_id)?;
            let replaced: Option<String> = transaction
                .query_row("SELECT blob FROM parts WHERE upload_id = ?1 AND number = ?2", (upload_id, number), |row| {
                    row.get(0)
                })
                .optional()?;
            transaction.execute(
                "INSERT OR REPLACE INTO parts (upload_id, number, blob, size, etag, last_modified, checksums)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                (upload_id, number, &part.blob, part.size.cast_signed(), &part.etag, now(), &part.checksums),
            )?;
            Ok::<_, ObjectError>(replaced)
        })?;
        blob.keep();
        self.blobs.remove_unnamed(replaced);
        Ok(part)
    }

    /// Copies an object, or the bytes `range` of it (first and last), to be kept as a part.
    pub(crate) fn copy_part(
        &self,
        source: &CopySource,
        range: Option<(u64, u64)>,
        algorithm: Option<Algorithm>,
    ) -> Result<Blob, ObjectError> {
        let stored = self.database.with(|connection| source.find(connection))?;
        let (first, length) = match range {
            Some((first, last)) if first <= last && last < stored.size => (first, last - first + 1),
            Some((first, last)) => return Err(ObjectError::CopyRange { first, last }),
            None => (0, stored.size),
        };
        let mut incoming = self.incoming(algorithm)?;
        incoming.write_from(self.blobs.open_file(stored.blob.as_deref().unwrap_or_default())?, first, length)?;
        Ok(incoming.finish()?)
    }

    /// Joins the named parts to the object's new current version. `claimed` is the checksum of the whole object.
    pub(crate) fn complete_upload(
        &self,
        access: &Access,
        bucket: &str,
        (key, upload_id): (&str, &str),
        named: &[CompletedPart],
        claimed: &Checksums,
        condition: &Condition,
    ) -> Result<Written, ObjectError> {
        let (upload, uploaded) = self.upload(access, bucket, key, upload_id)?;
        let chosen = choose(&uploaded, named)?;
        let mut incoming = self.incoming(upload.algorithm.filter(|_| !upload.composite))?;
        for part in &chosen {
            incoming.write_from(self.blobs.open_file(&part.blob)?, 0, part.size)?;
        }
        let blob = incoming.finish()?;
        let checksums = whole_checksums(&upload, &chosen, &blob)?;
        checksums.verify(claimed)?;
        let etags = chosen.iter().map(|part| md5_of(&part.etag)).collect::<Option<Vec<_>>>();
        let attributes = Attributes {
            md5: blob.etag(),
            checksums,
            part_sizes: chosen.iter().map(|part| part.size).collect(),
            ..upload.attributes
        };
        let etag = multipart_etag(&etags.unwrap_or_default());
        let (written, mut unnamed) = self.database.transaction(|transaction| {
            let bucket = authorized(transaction, access, bucket)?;
            find(transaction, &bucket, key, upload_id)?;
            condition.check(transaction, &bucket, key)?;
            let unnamed: Vec<String> = parts(transaction, upload_id)?.into_iter().map(|part| part.blob).collect();
            transaction.execute("DELETE FROM uploads WHERE upload_id = ?1", [upload_id])?;
            let version = NewVersion { key, blob: Some(&blob.id), size: blob.size, etag, attributes };
            let (written, replaced) = insert(transaction, &bucket, version)?;
            Ok::<_, ObjectError>((written, unnamed.into_iter().chain(replaced).collect::<Vec<_>>()))
        })?;
        blob.keep();
        self.blobs.remove_unnamed(unnamed.drain(..));
        Ok(written)
    }

    /// Forgets an upload and its parts.
    pub(crate) fn abort_upload(
        &self,
        access: &Access,
        bucket: &str,
        key: &str,
        upload_id: &str,
    ) -> Result<(), ObjectError> {
        let unnamed = self.database.transaction(|transaction| {
            let bucket = authorized(transaction, access, bucket)?;
            find(transaction, &bucket, key, upload_id)?;
            let parts = parts(transaction, upload_id)?;
            transaction.execute("DELETE FROM uploads WHERE upload_id = ?1", [upload_id])?;
            Ok::<_, ObjectError>(parts)
        })?;
        self.blobs.remove_unnamed(unnamed.into_iter().map(|part| part.blob));
        Ok(())
    }
}

/// The uploaded parts the request names, if it names them rightly.
fn choose<'p>(uploaded: &'p [Part], named: &[CompletedPart]) -> Result<Vec<&'p Part>, ObjectError> {
    if named.is_empty() {
        return Err(ObjectError::NoParts);
    }
    if !named.is_sorted_by(|before, after| before.number < after.number) {
        return Err(ObjectError::PartOrder);
    }
    let mut chosen: Vec<&Part> = Vec::with_capacity(named.len());
    for name in named {
        let part = uploaded
            .iter()
            .find(|part| part.number == name.number)
            .filter(|part| name.etag.as_ref().is_none_or(|etag| *etag == part.etag))
            .filter(|part| part.checksums.verify(&name.checksums).is_ok())
            .ok_or(ObjectError::InvalidPart { number: name.number })?;
        if let Some(before) = chosen.last().filter(|before| before.size < LEAST_PART) {
            return Err(ObjectError::PartTooSmall { number: before.number, size: before.size });
        }
        chosen.push(part);
    }
    Ok(chosen)
}

/// The object's checksum: of the parts' checksums, or of the whole content.
fn whole_checksums(upload: &Upload, parts: &[&Part], blob: &Blob) -> Result<Checksums, ObjectError> {
    let Some(algorithm) = upload.algorithm else { return Ok(blob.checksums.clone()) };
    if !upload.composite {
        return Ok(blob.checksums.only(algorithm));
    }
    let sums = parts
        .iter()
        .map(|part| {
            let sum = part.checksums.of(algorithm).and_then(|sum| BASE64_STANDARD.decode(sum).ok());
            sum.ok_or(ObjectError::InvalidPart { number: part.number })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut checksums = Checksums { composite: true, ..Checksums::default() };
    if let Some(sum) = composite(algorithm, &sums) {
        checksums.set(algorithm, sum);
    }
    Ok(checksums)
}

fn md5_of(etag: &str) -> Option<[u8; 16]> {
    hex::decode(etag).ok()?.try_into().ok()
}

fn find(connection: &Connection, bucket: &Bucket, key: &str, upload_id: &str) -> Result<Upload, ObjectError> {
    connection
        .prepare_cached("SELECT * FROM uploads WHERE upload_id = ?1 AND bucket = ?2 AND key = ?3")?
        .query_row((upload_id, &bucket.name, key), upload)
        .optional()?
        .ok_or_else(|| ObjectError::NoSuchUpload { upload_id: upload_id.to_owned() })
}

fn parts(connection: &Connection, upload_id: &str) -> rusqlite::Result<Vec<Part>> {
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

fn upload(row: &Row<'_>) -> rusqlite::Result<Upload> {
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
