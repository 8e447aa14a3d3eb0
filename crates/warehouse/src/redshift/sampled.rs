//! Quantiles of the sets that go to S3, of rows that are drawn and come over the connection.

use super::rows_table::drawn;
use crate::connection::Connection;
use crate::dataset::{Layout, gather};
use crate::dialect::{Dialect, Query};
use crate::manifest::File;
use crate::rows::{self, Choices, explain};
use crate::session::Session;
use crate::statistics::Gathered;
use crate::{ColumnStatistics, WarehouseError};

/// How many rows of a set are drawn, or all where it has no more. The rank of a quantile is right to half a percent of the rows, as it is
/// in a streamed set: 0.41% for the drawing (2.576 standard deviations of a share) and 0.24% for the sketch, with a probability of 99%.
const DRAWN: u64 = 100_000;

/// Fills the sets' quantiles in.
pub(super) fn describe(
    session: &mut Session,
    connection: &Connection,
    layout: &Layout,
    files: &mut [File],
) -> Result<(), WarehouseError> {
    for file in files {
        rows::begin(session, Dialect::Redshift, connection, None)?;
        let share = (file.rows > DRAWN).then(|| DRAWN as f64 / file.rows as f64);
        let query = Query { sql: drawn(file.set, share, layout), values: Vec::new() };
        let prepared = rows::prepare(session, Dialect::Redshift, Choices::default(), &query, Vec::new())?;
        let mut gathered: Vec<_> = file.columns.iter().map(|_| Gathered::new()).collect();
        rows::stream(session, &prepared, &[], |batch| {
            gather(batch.columns(), &mut gathered);
            true
        })?;
        // UNLOAD runs outside of a transaction.
        session.ask("COMMIT").map_err(|failure| explain(failure, 0))?;
        for (column, gathered) in file.columns.iter_mut().zip(gathered) {
            column.quantiles = quantiles(gathered, column);
        }
    }
    Ok(())
}

/// The first and the last are the least and the greatest of all rows, which the server knows.
fn quantiles(gathered: Gathered, column: &ColumnStatistics) -> Vec<f64> {
    let mut quantiles = gathered.finish(&column.name, &column.data_type).quantiles;
    if let [least, .., greatest] = quantiles.as_mut_slice() {
        (*least, *greatest) = (column.min.unwrap_or(*least), column.max.unwrap_or(*greatest));
    }
    quantiles
}
