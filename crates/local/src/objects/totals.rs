//! How much a bucket holds.

use super::{ObjectError, ObjectStore};

/// Objects that are counted one by one; of a larger bucket a total says so.
const COUNTED: i64 = 10_000;

/// The current versions of a bucket, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) objects: u64,
    /// Their bytes.
    pub(crate) size: u64,
    /// There are more, which were not counted.
    pub(crate) more: bool,
}

impl ObjectStore {
    /// Counts a bucket's objects, up to a number that takes no time.
    pub(crate) fn totals(&self, bucket: &str) -> Result<Totals, ObjectError> {
        self.database.with(|connection| {
            let sql = "SELECT count(*), coalesce(sum(size), 0) FROM (
                           SELECT size FROM versions WHERE bucket = ?1 AND is_latest = 1 AND delete_marker = 0 LIMIT ?2)";
            let counted = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
            let (objects, size) = connection.prepare_cached(sql)?.query_row((bucket, COUNTED), counted)?;
            Ok(Totals { objects: objects.unsigned_abs(), size: size.unsigned_abs(), more: objects == COUNTED })
        })
    }
}
