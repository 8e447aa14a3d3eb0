//! Whether the rows of today are like those that the model learnt from.

mod report;
mod tally;

pub use report::{ColumnDrift, DriftLevel, DriftLimits, DriftReport};
pub use tally::DriftTally;
