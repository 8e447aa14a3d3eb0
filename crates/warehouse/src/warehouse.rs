//! What every warehouse does.

use arrow::record_batch::RecordBatchReader;

use crate::{DatasetSpec, Extract, Unloading, WarehouseError};

/// The key of the server's version in the metadata of a result's schema, where a server answered.
pub const SERVER_VERSION: &str = "server_version";

/// The key of the snapshot that the rows are from, in the metadata of a result's schema: PostgreSQL's transaction ids
/// `xmin:xmax:xip`.
pub const SNAPSHOT: &str = "snapshot";

/// A place that answers SQL with Arrow batches.
///
/// The same [`Extract`] gives the same types and the same rows on each of them, as far as the SQL means the same there.
pub trait Warehouse: Send + Sync {
    /// Runs a query and hands out its rows in batches of up to 8,192, or 8 MiB.
    ///
    /// Opens a connection of its own, and blocks until the first rows are there. The rows are read on a thread that is at
    /// most two batches ahead, so the memory needed does not grow with the rows. Dropping the reader early stops the query, and so
    /// does the extract's [`Stop`](crate::Stop), whatever it is at.
    /// The schema's metadata has [`SERVER_VERSION`] and [`SNAPSHOT`], where there are such.
    ///
    /// # Errors
    /// A connection, the query, its parameters or a column's type are refused. An error among the rows comes through the
    /// reader; `WarehouseError::from` takes it out of the `ArrowError`.
    fn extract(&self, extract: &Extract) -> Result<Box<dyn RecordBatchReader + Send>, WarehouseError>;

    /// The dataset as one whose train and validation sets the warehouse writes to S3 itself, where it can, and was told to for a
    /// result of this size. None means that its rows are to be extracted.
    ///
    /// Runs the query within the warehouse, and blocks until that has all rows.
    ///
    /// # Errors
    /// As of [`extract`](Self::extract) and [`DatasetSpec::write_to`].
    fn unloading(&self, _extract: &Extract, _dataset: &DatasetSpec) -> Result<Option<Unloading>, WarehouseError> {
        Ok(None)
    }
}
