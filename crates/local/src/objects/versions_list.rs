//! Listing every version and delete marker, newest first below each key.

use rusqlite::{Connection, OptionalExtension};

use super::buckets::authorized;
use super::list::{Cursor, common_prefix};
use super::read::stored;
use super::{Access, ObjectError, ObjectStore, Stored};

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct VersionsQuery {
    pub(crate) prefix: String,
    pub(crate) delimiter: Option<String>,
    pub(crate) after: Option<VersionMarker>,
    /// How many versions and common prefixes together.
    pub(crate) limit: usize,
}

/// The key and the version a listing goes on after; without a version, after all versions of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VersionMarker {
    pub(crate) key: String,
    pub(crate) version_id: Option<String>,
}

/// A part of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct VersionsPage {
    /// Versions and delete markers in the order of the listing.
    pub(crate) versions: Vec<Stored>,
    pub(crate) prefixes: Vec<String>,
    /// Where the rest begins, if there is more.
    pub(crate) next: Option<VersionMarker>,
}

impl ObjectStore {
    /// Lists one page of the bucket's versions.
    pub(crate) fn versions(
        &self,
        access: &Access,
        bucket: &str,
        query: &VersionsQuery,
    ) -> Result<VersionsPage, ObjectError> {
        self.database.with(|connection| {
            let bucket = authorized(connection, access, bucket)?;
            let start = query.start(connection, &bucket.name)?;
            let mut statement = connection.prepare_cached(
                "SELECT * FROM versions
                 WHERE bucket = ?1 AND key >= ?2 AND (key > ?3 OR (key = ?3 AND seq < ?4))
                 ORDER BY key, seq DESC",
            )?;
            let mut rows = statement.query((&bucket.name, &query.prefix, &start.key, start.before))?;
            let mut page = VersionsPage::default();
            let mut last = None;
            while let Some(row) = rows.next()? {
                let version = stored(&bucket, row)?;
                if !version.key.starts_with(&query.prefix) {
                    break;
                }
                let prefix = common_prefix(&version.key, &query.prefix, query.delimiter.as_deref());
                if prefix.is_some() && (prefix == start.done.as_deref() || prefix == page.prefixes.last().map(|p| &**p))
                {
                    continue;
                }
                if page.versions.len() + page.prefixes.len() == query.limit {
                    page.next = last;
                    break;
                }
                if let Some(prefix) = prefix {
                    last = Some(VersionMarker { key: prefix.to_owned(), version_id: None });
                    page.prefixes.push(prefix.to_owned());
                } else {
                    let version_id = row.get("version_id")?;
                    last = Some(VersionMarker { key: version.key.clone(), version_id: Some(version_id) });
                    page.versions.push(version);
                }
            }
            Ok(page)
        })
    }
}

struct Start {
    key: String,
    /// Versions of `key` itself are listed when their sequence number is below this.
    before: i64,
    /// The common prefix that was listed last.
    done: Option<String>,
}

impl VersionsQuery {
    fn start(&self, connection: &Connection, bucket: &str) -> Result<Start, ObjectError> {
        let Some(marker) = &self.after else {
            return Ok(Start { key: String::new(), before: i64::MIN, done: None });
        };
        if let Some(version_id) = &marker.version_id {
            let seq = connection
                .prepare_cached("SELECT seq FROM versions WHERE bucket = ?1 AND key = ?2 AND version_id = ?3")?
                .query_row((bucket, &marker.key, version_id), |row| row.get(0))
                .optional()?
                .ok_or_else(|| ObjectError::NoSuchMarker { version_id: version_id.clone() })?;
            return Ok(Start { key: marker.key.clone(), before: seq, done: None });
        }
        let is_prefix = common_prefix(&marker.key, &self.prefix, self.delimiter.as_deref()) == Some(&marker.key);
        let (cursor, done) = if is_prefix {
            (Cursor::Prefix(marker.key.clone()), Some(marker.key.clone()))
        } else {
            (Cursor::Key(marker.key.clone()), None)
        };
        Ok(Start { key: cursor.bound(), before: i64::MIN, done })
    }
}
