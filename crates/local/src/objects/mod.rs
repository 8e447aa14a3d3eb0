//! Versioned object storage: S3's rules without its protocol.
//!
//! The bytes of an object are in the index in SQLite when they are few; else they are one file, synced before the index
//! names it (`blobs.rs` says how that survives a crash at any point). Copies share the bytes. Every call blocks; async code makes it inside `spawn_blocking`.

mod access;
mod attributes;
mod blobs;
mod buckets;
mod complete;
mod content;
mod copy;
mod delete;
mod digests;
mod error;
mod incoming;
mod list;
mod multipart;
mod policy;
mod put;
mod read;
#[cfg(test)]
mod tests;
mod totals;
mod underway;
mod uploads_list;
mod versions_list;
mod walk;

use std::io;
use std::path::Path;

use tempfile::TempDir;

pub(crate) use self::access::Access;
pub(crate) use self::attributes::{Algorithm, Attributes, Checksums};
pub(crate) use self::buckets::{Bucket, Versioning};
pub(crate) use self::complete::{CompletedPart, Completion};
pub(crate) use self::content::Content;
pub(crate) use self::copy::{CopySource, ObjectCopy};
pub(crate) use self::delete::{Deleted, ToDelete};
pub(crate) use self::error::ObjectError;
pub(crate) use self::incoming::{Blob, Incoming};
pub(crate) use self::list::{Cursor, ListQuery};
pub(crate) use self::multipart::{NewUpload, Part, Upload};
pub(crate) use self::policy::CONDITION_KEYS;
pub(crate) use self::put::{Condition, ETagMatch, Write, Written};
pub(crate) use self::read::Stored;
pub(crate) use self::totals::Totals;
pub(crate) use self::uploads_list::{UploadMarker, UploadsQuery};
pub(crate) use self::versions_list::{VersionMarker, VersionsQuery};

use self::blobs::Blobs;
use self::underway::Underway;
use crate::clock::Clock;
use crate::db::{Database, Transaction};
use crate::error::LocalError;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS buckets (
    name       TEXT PRIMARY KEY,
    account    TEXT NOT NULL,
    region     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    versioning TEXT NOT NULL DEFAULT 'never',
    policy     TEXT
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
CREATE INDEX IF NOT EXISTS versions_newest_first ON versions (bucket, key, seq DESC);
CREATE UNIQUE INDEX IF NOT EXISTS versions_listed ON versions (bucket, key) WHERE is_latest = 1 AND delete_marker = 0;
CREATE TABLE IF NOT EXISTS blobs (
    id      TEXT PRIMARY KEY,
    refs    INTEGER NOT NULL,
    -- None of files that were written before digests were taken.
    digests BLOB,
    -- None of files.
    bytes   BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS blobs_unreferenced ON blobs (id) WHERE refs = 0;
CREATE TABLE IF NOT EXISTS uploads (
    upload_id    TEXT PRIMARY KEY,
    bucket       TEXT NOT NULL REFERENCES buckets (name),
    key          TEXT NOT NULL,
    initiated_at INTEGER NOT NULL,
    attributes   TEXT NOT NULL,
    algorithm    TEXT,
    composite    INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS uploads_by_key ON uploads (bucket, key, upload_id);
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
";

/// The buckets and objects of one data folder. Cloning it gives another handle on the same store.
#[derive(Clone)]
pub(crate) struct ObjectStore {
    database: Database,
    blobs: Blobs,
    clock: Clock,
    underway: Underway,
}

impl ObjectStore {
    /// Opens the store in `folder`, makes its tables, and settles what was in flight when it was last used.
    pub(crate) fn open(folder: &Path, database: Database, clock: Clock) -> Result<Self, LocalError> {
        let unusable = |source| LocalError::DataFolder { path: folder.to_owned(), source };
        let damaged = |source| LocalError::Database { path: folder.to_owned(), source };
        database.execute_batch(TABLES).map_err(damaged)?;
        let blobs = Blobs::open(folder).map_err(unusable)?;
        database.transaction(|transaction| blobs.settle(transaction)).map_err(|error| match error {
            ObjectError::Database(source) => damaged(source),
            ObjectError::File(source) => unusable(source),
            other => unusable(io::Error::other(other)),
        })?;
        Ok(Self { database, blobs, clock, underway: Underway::default() })
    }

    /// Reads an object's current version whole. For what is small; [`ObjectStore::get`] reads by and by.
    pub(crate) fn read(&self, account: &str, bucket: &str, key: &str) -> Result<Vec<u8>, ObjectError> {
        let (_, content) = self.get(&Access::of(account), bucket, key, None)?;
        Ok(content.read_all()?)
    }

    /// Writes an object's new current version.
    pub(crate) fn write(&self, account: &str, bucket: &str, key: &str, bytes: &[u8]) -> Result<Written, ObjectError> {
        let write = self.begin_put(Access::of(account), bucket, key, Condition::default())?;
        let mut incoming = self.incoming(None);
        incoming.write(bytes)?;
        self.put(&write, Attributes::default(), incoming.finish()?)
    }

    /// Lists the current versions of every object whose key starts with `prefix`, in the order of their keys.
    pub(crate) fn list(&self, account: &str, bucket: &str, prefix: &str) -> Result<Vec<Stored>, ObjectError> {
        let query = ListQuery { prefix: prefix.to_owned(), limit: usize::MAX, ..ListQuery::default() };
        Ok(self.page(&Access::of(account), bucket, &query)?.objects)
    }

    /// Whether the account may list what is below a prefix, without listing it.
    pub(crate) fn check_listable(&self, account: &str, bucket: &str, prefix: &str) -> Result<(), ObjectError> {
        let query = ListQuery { prefix: prefix.to_owned(), limit: 0, ..ListQuery::default() };
        self.page(&Access::of(account), bucket, &query).map(drop)
    }

    /// Starts to receive the bytes of an object or a part, hashing them as they come.
    pub(crate) fn incoming(&self, algorithm: Option<Algorithm>) -> Incoming {
        self.blobs.incoming(algorithm)
    }

    /// A folder beside the objects for whoever needs one; gone at the next start at the latest.
    pub(crate) fn scratch(&self) -> io::Result<TempDir> {
        self.blobs.scratch()
    }

    /// Runs a transaction, and then removes the files whose last references it took away: `act` adds them to its list.
    fn change<T>(
        &self,
        act: impl FnOnce(&Transaction<'_>, &mut Vec<String>) -> Result<T, ObjectError>,
    ) -> Result<T, ObjectError> {
        let mut unnamed = Vec::new();
        let value = self.database.transaction(|transaction| {
            let value = act(transaction, &mut unnamed)?;
            self.blobs.forget_unlinked(transaction)?;
            Ok::<_, ObjectError>(value)
        })?;
        self.blobs.unlink(unnamed);
        Ok(value)
    }
}
