//! Between this crate's nouns and the shapes of the SageMaker API. Pure.

mod read;
mod write;

pub(crate) use read::{best, differences, training_job, tuning_job};
pub(crate) use write::create_tuning_job;

/// SageMaker adds hyperparameters of its own, such as `_tuning_objective_metric`. All of them begin like this.
const INTERNAL: char = '_';

/// The hyperparameter in which SageMaker tells a training job the metric of its tuning job.
const OBJECTIVE_METRIC: &str = "_tuning_objective_metric";
