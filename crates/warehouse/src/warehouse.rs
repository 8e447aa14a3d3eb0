//! What every warehouse does.

use arrow::record_batch::RecordBatchReader;

use crate::{Extract, WarehouseError};

/// A place that answers SQL with Arrow batches.
///
/// The same [`Extract`] gives the same types and the same rows on each of them, as far as the SQL means the same there.
pub trait Warehouse: Send + Sync {
    /// Runs a query and hands out its rows in batches of up to 8,192.
    ///
    /// Opens a connection of its own, and blocks until the first rows are there. The rows are read on a thread that is at
    /// most two batches ahead, so the memory needed does not grow with the rows. Dropping the reader early stops the query.
    ///
    /// # Errors
    /// A connection, the query, its parameters or a column's type are refused. An error among the rows comes through the
    /// reader; `WarehouseError::from` takes it out of the `ArrowError`.
    fn extract(&self, extract: &Extract) -> Result<Box<dyn RecordBatchReader + Send>, WarehouseError>;
}
