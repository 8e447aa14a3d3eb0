//! Metrics of one pass over the rows.

mod binary;
mod deviance;
mod multiclass;
mod observation;
mod of_model;
mod ranking;
mod regression;

pub use binary::{BinaryMetrics, BinaryTally, CalibrationBin};
pub use deviance::Deviance;
pub use multiclass::{ClassMetrics, MulticlassMetrics, MulticlassTally};
pub use observation::Observation;
pub use of_model::Metrics;
pub use ranking::{CurvePoint, Curves};
pub use regression::{Quantile, QuantileLoss, RegressionMetrics, RegressionTally};

pub(crate) use binary::{brier, log_loss};
pub(crate) use multiclass::{checked_class, class_log_loss, lacking, likeliest};
pub(crate) use observation::checked_weight;
pub(crate) use regression::{quantile_loss, relative_improvement};
