//! Metrics of one pass over the rows.

mod binary;
mod deviance;
mod multiclass;
mod observation;
mod ranking;
mod regression;

pub use binary::{BinaryMetrics, BinaryTally, CalibrationBin};
pub use deviance::Deviance;
pub use multiclass::{ClassMetrics, MulticlassMetrics, MulticlassTally};
pub use observation::Observation;
pub use ranking::{CurvePoint, Curves};
pub use regression::{Quantile, QuantileLoss, RegressionMetrics, RegressionTally};

pub(crate) use binary::{brier, log_loss};
pub(crate) use regression::{quantile_loss, relative_improvement};
