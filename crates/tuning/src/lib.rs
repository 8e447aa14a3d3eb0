//! Tuning jobs for XGBoost on SageMaker, warm-started from the latest eligible one.
//!
//! # How it behaves
//!
//! - A [`TuningJobSpec`] can only be built if SageMaker's XGBoost would take it: ranges, limits, channels and names are
//!   checked before the first request.
//! - [`TuningClient::start`] describes before it creates. Starting a job again goes on with it.
//! - [`warm_start`] picks parents from the history and holds them against AWS's rules. A job that cannot be a parent
//!   makes room for the next, and the plan says why.
//! - A job with one training job is a test, and never a parent.
//! - [`TuningClient::best_training_job`] is the best of the job's own training jobs, never one of a parent.
//!
//! # Errors
//!
//! [`TuningError`] has a variant for each thing a caller can do. Wrong settings name the setting, what is wrong and what
//! is right.

mod channel;
mod client;
mod error;
#[cfg(test)]
mod fixtures;
mod history;
mod names;
mod objective_metric;
mod parameter_range;
mod parameter_ranges;
mod planner;
mod resource_limits;
mod spec_rules;
mod strategy;
mod training_job;
mod training_resources;
mod tuning_job;
mod tuning_job_spec;
pub mod warm_start;
#[cfg(test)]
mod warm_start_tests;
mod wire;

pub use channel::Channel;
pub use client::{Started, TuningClient};
pub use error::TuningError;
pub use history::{Lineage, TuningHistoryRow};
pub use names::{ChannelName, InstanceType, TrainingJobName, TuningJobName};
pub use objective_metric::{Direction, ObjectiveMetric};
pub use parameter_range::{ParameterRange, RangeValues, ScalingType};
pub use parameter_ranges::ParameterRanges;
pub use resource_limits::ResourceLimits;
pub use strategy::{EarlyStopping, Strategy};
pub use training_job::{StatusTransition, TrainingJob, TrainingJobStatus};
pub use training_resources::TrainingResources;
pub use tuning_job::{BestTrainingJob, Hyperparameter, TrainingJobCounters, TuningJob, TuningJobStatus};
pub use tuning_job_spec::{TuningJobSpec, TuningJobSpecBuilder};
pub use warm_start::{WarmStart, WarmStartPlan, WarmStartType};
