//! Listing current versions by key.

use rusqlite::Connection;

use super::buckets::{Bucket, authorized};
use super::read::stored;
use super::{Access, ObjectError, ObjectStore, Stored};

/// Sorts after every key that starts with what stands before it.
pub(super) const LAST: char = char::MAX;

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
    pub(crate) objects: Vec<Stored>,
    pub(crate) prefixes: Vec<String>,
    /// Where the rest begins, if there is more.
    pub(crate) next: Option<Cursor>,
}

impl ObjectStore {
    /// Lists one page of the bucket's current versions, in the order of their keys' UTF-8 bytes.
    pub(crate) fn page(&self, access: &Access, bucket: &str, query: &ListQuery) -> Result<Page, ObjectError> {
        self.database.with(|connection| {
            let bucket = authorized(connection, access, bucket)?;
            let mut page = Page::default();
            let mut last = query.after.clone();
            // Each turn reads keys up to the next common prefix, and jumps over what is below it.
            loop {
                match run(connection, &bucket, query, &last, &mut page)? {
                    Turn::CommonPrefix(prefix) if page.len() < query.limit => {
                        last = Cursor::Prefix(prefix.clone());
                        page.prefixes.push(prefix);
                    }
                    Turn::CommonPrefix(_) | Turn::Full => {
                        page.next = (query.limit > 0).then(|| page.last(last));
                        return Ok(page);
                    }
                    Turn::End => return Ok(page),
                }
            }
        })
    }
}

impl ListQuery {
    /// The common prefix a key is rolled up into.
    pub(crate) fn common_prefix<'k>(&self, key: &'k str) -> Option<&'k str> {
        common_prefix(key, &self.prefix, self.delimiter.as_deref())
    }
}

impl Cursor {
    /// The key that everything listed from here on sorts after.
    pub(super) fn bound(&self) -> String {
        match self {
            Self::Start => String::new(),
            Self::Key(key) => key.clone(),
            Self::Prefix(prefix) => format!("{prefix}{LAST}"),
        }
    }
}

impl Page {
    fn len(&self) -> usize {
        self.objects.len() + self.prefixes.len()
    }

    /// The last thing on the page: its last key, or the common prefix the last turn began after.
    fn last(&self, began_after: Cursor) -> Cursor {
        match self.objects.last() {
            Some(object) if object.key > began_after.bound() => Cursor::Key(object.key.clone()),
            _ => began_after,
        }
    }
}

enum Turn {
    CommonPrefix(String),
    Full,
    End,
}

fn run(
    connection: &Connection,
    bucket: &Bucket,
    query: &ListQuery,
    after: &Cursor,
    page: &mut Page,
) -> Result<Turn, ObjectError> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM versions
         WHERE bucket = ?1 AND is_latest = 1 AND delete_marker = 0 AND key >= ?2 AND key > ?3
         ORDER BY key",
    )?;
    let mut rows = statement.query((&bucket.name, &query.prefix, after.bound()))?;
    while let Some(row) = rows.next()? {
        let key = row.get_ref("key")?.as_str().map_err(rusqlite::Error::from)?;
        if !key.starts_with(&query.prefix) {
            return Ok(Turn::End);
        }
        match (query.common_prefix(key), after) {
            // A key below the prefix may sort after the bound: it has LAST right behind the prefix.
            (Some(prefix), Cursor::Prefix(done)) if prefix == done => {}
            (Some(prefix), _) => return Ok(Turn::CommonPrefix(prefix.to_owned())),
            (None, _) if page.len() == query.limit => return Ok(Turn::Full),
            (None, _) => page.objects.push(stored(bucket, row)?),
        }
    }
    Ok(Turn::End)
}

/// What `key` is rolled up into: everything up to the first delimiter behind the prefix.
pub(super) fn common_prefix<'k>(key: &'k str, prefix: &str, delimiter: Option<&str>) -> Option<&'k str> {
    let delimiter = delimiter.filter(|delimiter| !delimiter.is_empty())?;
    let found = key.get(prefix.len()..)?.find(delimiter)?;
    key.get(..prefix.len() + found + delimiter.len())
}
