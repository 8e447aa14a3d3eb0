//! The model that serves now against the one that might: the same rows, the same metric, and how sure the difference is.

mod bootstrap;
mod metric;
mod paired;
mod placements;
mod verdict;

pub use metric::Metric;
pub use paired::{ComparisonSpec, PairedComparison, PairedTally};
pub use verdict::{Change, Verdict};
