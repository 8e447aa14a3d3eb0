//! Listing every version and delete marker, newest first below each key.

use rusqlite::{Connection, OptionalExtension};

use super::buckets::Bucket;
use super::list::{take, take_from};
use super::walk::{Step, Walk, after_key, after_prefix, common_prefix};
use super::{Access, ObjectError, ObjectStore, Stored};

/// Uses the index `versions_newest_first`, from one key on.
pub(super) const PAGE: &str = "SELECT * FROM versions WHERE bucket = ?1 AND key >= ?2 ORDER BY key, seq DESC";

/// The same, but gives the first key alone, so that no row is decoded.
pub(super) const NEXT_KEY: &str = "SELECT key FROM versions WHERE bucket = ?1 AND key >= ?2 ORDER BY key LIMIT 1";

/// The same index: the older versions of one key.
pub(super) const OLDER: &str = "SELECT * FROM versions WHERE bucket = ?1 AND key = ?2 AND seq < ?3 ORDER BY seq DESC";

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
    /// The account that owns the bucket, and everything in it.
    pub(crate) owner: String,
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
            let bucket = access.bucket(connection, "s3:ListBucketVersions", bucket)?;
            let mut page = VersionsPage { owner: bucket.account.clone(), ..VersionsPage::default() };
            let mut walk = Walk::new(&query.prefix, query.delimiter.as_deref(), query.limit);
            let full = query.limit > 0 && take_all(connection, &bucket, query, &mut walk, &mut page.versions)?;
            page.next = full.then(|| last(&walk, &page.versions)).flatten();
            page.prefixes = walk.prefixes;
            Ok(page)
        })
    }
}

/// Takes versions until the page is full, and says whether it is and something was left.
fn take_all(
    connection: &Connection,
    bucket: &Bucket,
    query: &VersionsQuery,
    walk: &mut Walk<'_>,
    versions: &mut Vec<Stored>,
) -> Result<bool, ObjectError> {
    if let Some(VersionMarker { key, version_id: Some(version_id) }) = &query.after {
        let seq: i64 = connection
            .prepare_cached("SELECT seq FROM versions WHERE bucket = ?1 AND key = ?2 AND version_id = ?3")?
            .query_row((&bucket.name, key, version_id), |row| row.get(0))
            .optional()?
            .ok_or_else(|| ObjectError::NoSuchMarker { version_id: version_id.clone() })?;
        let mut older = connection.prepare_cached(OLDER)?;
        if take(older.query((&bucket.name, key, seq))?, bucket, walk, versions)? == Step::Full {
            return Ok(true);
        }
    }
    take_from(query.start(), connection, [NEXT_KEY, PAGE], bucket, walk, versions)
}

impl VersionsQuery {
    /// The first key of which all versions may be listed, if there can be one.
    fn start(&self) -> Option<String> {
        let prefix = self.prefix.clone();
        let Some(VersionMarker { key, version_id }) = &self.after else { return Some(prefix) };
        // A marker that is a common prefix was the last thing on the page before.
        let is_prefix = common_prefix(key, &self.prefix, self.delimiter.as_deref()) == Some(key);
        let from = if version_id.is_none() && is_prefix { after_prefix(key)? } else { after_key(key) };
        Some(prefix.max(from))
    }
}

fn last(walk: &Walk<'_>, versions: &[Stored]) -> Option<VersionMarker> {
    let version = versions.last();
    match walk.prefixes.last() {
        Some(prefix) if walk.ends_with_prefix(version.map(|version| version.key.as_str())) => {
            Some(VersionMarker { key: prefix.clone(), version_id: None })
        }
        _ => version.map(|version| VersionMarker {
            key: version.key.clone(),
            version_id: Some(version.version_id.clone().unwrap_or_else(|| super::put::NULL_VERSION.to_owned())),
        }),
    }
}
