//! Whether the rows of today are like those that the model learnt from.

mod report;
mod rows;
mod tally;

pub use report::{ColumnDrift, DriftLevel, DriftLimits, DriftReport};
pub use tally::DriftTally;

pub(crate) use rows::{PREDICTION, RowsDrift};
