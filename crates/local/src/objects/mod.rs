//! Versioned object storage: S3's rules without its protocol.
//!
//! The bytes of an object are one file under `objects/`, written under another name, synced and renamed before the
//! index in SQLite mentions it; so a crash leaves at worst a file that no version names, which the next start removes.
//! Copies share the file. Every call blocks; async code makes it inside `spawn_blocking`.

mod attributes;
mod blobs;
mod buckets;
mod copy;
mod delete;
mod error;
mod list;
mod multipart;
mod put;
mod read;
#[cfg(test)]
mod tests;
mod versions_list;

use std::path::Path;

pub(crate) use self::attributes::{Algorithm, Attributes, Checksums};
pub(crate) use self::blobs::{Blob, Incoming};
pub(crate) use self::buckets::Versioning;
pub(crate) use self::copy::{CopySource, ObjectCopy};
pub(crate) use self::delete::{Deleted, ToDelete};
pub(crate) use self::error::ObjectError;
pub(crate) use self::list::{Cursor, ListQuery};
pub(crate) use self::multipart::{CompletedPart, NewUpload, Part, Upload};
pub(crate) use self::put::{Condition, ETagMatch, Written};
pub(crate) use self::read::Stored;
pub(crate) use self::versions_list::{VersionMarker, VersionsQuery};

use self::blobs::Blobs;
use crate::db::Database;
use crate::error::LocalError;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS buckets (
    name       TEXT PRIMARY KEY,
    account    TEXT NOT NULL,
    region     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    versioning TEXT NOT NULL DEFAULT 'never'
) STRICT;
CREATE TABLE IF NOT EXISTS versions (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket        TEXT NOT NULL REFERENCES buckets (name),
    key           TEXT NOT NULL,
    version_id    TEXT NOT NULL,
    is_latest     INTEGER NOT NULL,
    delete_marker INTEGER NOT NULL,
    blob          TEXT,
    size          INTEGER NOT NULL,
    etag          TEXT NOT NULL,
    last_modified INTEGER NOT NULL,
    attributes    TEXT NOT NULL,
    UNIQUE (bucket, key, version_id)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS versions_latest ON versions (bucket, key) WHERE is_latest = 1;
CREATE INDEX IF NOT EXISTS versions_newest_first ON versions (bucket, key, seq DESC);
CREATE INDEX IF NOT EXISTS versions_blob ON versions (blob);
CREATE TABLE IF NOT EXISTS uploads (
    upload_id    TEXT PRIMARY KEY,
    bucket       TEXT NOT NULL REFERENCES buckets (name),
    key          TEXT NOT NULL,
    initiated_at INTEGER NOT NULL,
    attributes   TEXT NOT NULL,
    algorithm    TEXT,
    composite    INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS parts (
    upload_id     TEXT NOT NULL REFERENCES uploads (upload_id) ON DELETE CASCADE,
    number        INTEGER NOT NULL,
    blob          TEXT NOT NULL,
    size          INTEGER NOT NULL,
    etag          TEXT NOT NULL,
    last_modified INTEGER NOT NULL,
    checksums     TEXT NOT NULL,
    PRIMARY KEY (upload_id, number)
) STRICT;
CREATE INDEX IF NOT EXISTS parts_blob ON parts (blob);
";

/// The buckets and objects of one data folder. Cloning it gives another handle on the same store.
#[derive(Clone)]
pub(crate) struct ObjectStore {
    database: Database,
    blobs: Blobs,
}

/// Who asks, and whose bucket they believe it to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    /// The account that asks.
    pub(crate) account: String,
    /// `x-amz-expected-bucket-owner`: refused when the bucket belongs to another account.
    pub(crate) expected_owner: Option<String>,
}

impl Access {
    /// Access by `account` that expects no particular owner.
    pub(crate) fn of(account: &str) -> Self {
        Self { account: account.to_owned(), expected_owner: None }
    }
}

impl ObjectStore {
    /// Opens the store in `folder`, makes its tables, and removes files that a crash left without a version.
    pub(crate) fn open(folder: &Path, database: Database) -> Result<Self, LocalError> {
        let failed = |source| LocalError::Database { path: folder.to_owned(), source };
        database.execute_batch(TABLES).map_err(failed)?;
        let named = database
            .with(|connection| {
                connection
                    .prepare("SELECT blob FROM versions WHERE blob IS NOT NULL UNION SELECT blob FROM parts")?
                    .query_map([], |row| row.get(0))?
                    .collect::<rusqlite::Result<_>>()
            })
            .map_err(failed)?;
        let blobs = Blobs::open(folder, &named)?;
        Ok(Self { database, blobs })
    }

    /// Reads an object's current version whole. For what is small; [`ObjectStore::get`] streams.
    pub(crate) fn read(&self, account: &str, bucket: &str, key: &str) -> Result<Vec<u8>, ObjectError> {
        let (stored, mut file) = self.get(&Access::of(account), bucket, key, None)?;
        let mut bytes = Vec::with_capacity(usize::try_from(stored.size).unwrap_or(0));
        std::io::Read::read_to_end(&mut file, &mut bytes)?;
        Ok(bytes)
    }

    /// Writes an object's new current version.
    pub(crate) fn write(&self, account: &str, bucket: &str, key: &str, bytes: &[u8]) -> Result<Written, ObjectError> {
        let mut incoming = self.incoming(None)?;
        incoming.write(bytes)?;
        let attributes = Attributes::default();
        self.put(&Access::of(account), bucket, key, attributes, &Condition::default(), incoming.finish()?)
    }

    /// Lists the current versions of every object whose key starts with `prefix`, in the order of their keys.
    pub(crate) fn list(&self, account: &str, bucket: &str, prefix: &str) -> Result<Vec<Stored>, ObjectError> {
        let query = ListQuery { prefix: prefix.to_owned(), limit: usize::MAX, ..ListQuery::default() };
        Ok(self.page(&Access::of(account), bucket, &query)?.objects)
    }

    /// Starts to receive the bytes of an object or a part, hashing them as they come.
    pub(crate) fn incoming(&self, algorithm: Option<Algorithm>) -> Result<Incoming, ObjectError> {
        Ok(self.blobs.incoming(algorithm)?)
    }
}

/// Now, in the milliseconds the tables keep.
fn now() -> i64 {
    chrono::Utc::now().timestamp_millis()
}
