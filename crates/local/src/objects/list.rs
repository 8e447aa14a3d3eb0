//! Listing current versions by key.

use rusqlite::{Connection, OptionalExtension, Rows};

use super::buckets::Bucket;
use super::read::stored;
use super::walk::{Step, Walk, after_key, after_prefix, common_prefix};
use super::{Access, ObjectError, ObjectStore, Stored};

/// Uses the index `versions_listed`, from one key on.
pub(super) const PAGE: &str =
    "SELECT * FROM versions WHERE bucket = ?1 AND is_latest = 1 AND delete_marker = 0 AND key >= ?2 ORDER BY key";

/// The same, but gives the first key alone, so that no row is decoded.
pub(super) const NEXT_KEY: &str = "SELECT key FROM versions WHERE bucket = ?1 AND is_latest = 1 AND delete_marker = 0
    AND key >= ?2 ORDER BY key LIMIT 1";

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ListQuery {
    pub(crate) prefix: String,
    /// Rolls keys up that share what comes before it, after the prefix.
    pub(crate) delimiter: Option<String>,
    pub(crate) after: Cursor,
    /// How many keys and common prefixes together.
    pub(crate) limit: usize,
}

/// Where a listing goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Cursor {
    #[default]
    Start,
    /// After this key.
    Key(String),
    /// After every key that starts so.
    Prefix(String),
}

/// A part of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// The account that owns the bucket, and everything in it.
    pub(crate) owner: String,
    pub(crate) objects: Vec<Stored>,
    pub(crate) prefixes: Vec<String>,
    /// Where the rest begins, if there is more.
    pub(crate) next: Option<Cursor>,
}

impl ObjectStore {
    /// Lists one page of the bucket's current versions, in the order of their keys' UTF-8 bytes.
    pub(crate) fn page(&self, access: &Access, bucket: &str, query: &ListQuery) -> Result<Page, ObjectError> {
        self.database.with(|connection| {
            let bucket = access.bucket(connection, "s3:ListBucket", bucket)?;
            let mut page = Page { owner: bucket.account.clone(), ..Page::default() };
            let mut walk = Walk::new(&query.prefix, query.delimiter.as_deref(), query.limit);
            let full = query.limit > 0
                && take_from(query.start(), connection, [NEXT_KEY, PAGE], &bucket, &mut walk, &mut page.objects)?;
            page.next = full.then(|| last(&walk, &page.objects));
            page.prefixes = walk.prefixes;
            Ok(page)
        })
    }
}

impl ListQuery {
    /// The common prefix a key is rolled up into.
    pub(crate) fn common_prefix<'k>(&self, key: &'k str) -> Option<&'k str> {
        common_prefix(key, &self.prefix, self.delimiter.as_deref())
    }

    /// The first key that may be listed, if there can be one.
    fn start(&self) -> Option<String> {
        let prefix = self.prefix.clone();
        Some(match &self.after {
            Cursor::Start => prefix,
            Cursor::Key(key) => prefix.max(after_key(key)),
            Cursor::Prefix(done) => prefix.max(after_prefix(done)?),
        })
    }
}

/// Takes keys until the page is full, and says whether it is and something was left. Below a common prefix nothing is
/// read: the index is entered anew behind it, and where another prefix follows, its key tells all.
pub(super) fn take_from(
    mut from: Option<String>,
    connection: &Connection,
    [next_key, page]: [&str; 2],
    bucket: &Bucket,
    walk: &mut Walk<'_>,
    taken: &mut Vec<Stored>,
) -> Result<bool, ObjectError> {
    let (mut next_key, mut page) = (connection.prepare_cached(next_key)?, connection.prepare_cached(page)?);
    while let Some(start) = from {
        let next = next_key.query_row((&bucket.name, start), |row| row.get::<_, String>(0)).optional()?;
        let Some(key) = next else { return Ok(false) };
        let step = match walk.rolls_up(&key) {
            true => walk.step(&key),
            false => take(page.query((&bucket.name, key))?, bucket, walk, taken)?,
        };
        match step {
            Step::Jump(next) => from = next,
            step => return Ok(step == Step::Full),
        }
    }
    Ok(false)
}

/// Takes keys up to the first that is not listed as itself.
pub(super) fn take(
    mut rows: Rows<'_>,
    bucket: &Bucket,
    walk: &mut Walk<'_>,
    taken: &mut Vec<Stored>,
) -> Result<Step, ObjectError> {
    while let Some(row) = rows.next()? {
        match walk.step(row.get_ref("key")?.as_str().map_err(rusqlite::Error::from)?) {
            Step::Take => taken.push(stored(bucket, row)?),
            step => return Ok(step),
        }
    }
    Ok(Step::End)
}

fn last(walk: &Walk<'_>, objects: &[Stored]) -> Cursor {
    let key = objects.last().map(|object| object.key.as_str());
    match (walk.prefixes.last(), key) {
        (Some(prefix), _) if walk.ends_with_prefix(key) => Cursor::Prefix(prefix.clone()),
        (_, Some(key)) => Cursor::Key(key.to_owned()),
        _ => Cursor::Start,
    }
}
