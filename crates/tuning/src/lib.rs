//! Tuning jobs for XGBoost on SageMaker, warm-started from the latest eligible one.
//!
//! ```
//! use refit_aws::{ArtifactStore, Poll, xgboost_image};
//! use refit_local::{LocalAws, Options};
//! use refit_tuning::{Channel, Lineage, ParameterRange, ParameterRanges, ResourceLimits, ScalingType};
//! use refit_tuning::{TuningClient, TuningHistoryRow, TuningJobSpec};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! // On AWS: `let config = aws_config::load_from_env().await;`
//! let folder = tempfile::tempdir()?;
//! let local = LocalAws::start(Options::new(folder.path())).await?;
//! let config = local.sdk_config();
//!
//! let store = ArtifactStore::new(&config, "my-models".parse()?);
//! store.ensure_bucket().await?;
//! // No header, the label first: here y = 2x.
//! let rows: String = (0..200).map(|x| format!("{},{x}\n", 2 * x)).collect();
//! let data = store.put("data/rows.csv", rows).await?.uri;
//!
//! let client = TuningClient::new(&config);
//! let ranges = ParameterRanges::new([
//!     ParameterRange::continuous("eta", 0.1, 0.5, ScalingType::Logarithmic)?,
//!     ParameterRange::integer("max_depth", 2, 6, ScalingType::Auto)?,
//! ])?;
//! let spec = |name: &str| {
//!     TuningJobSpec::builder(
//!         name.parse()?,
//!         xgboost_image("us-east-1", "1.7-1")?,
//!         "arn:aws:iam::123456789012:role/SageMakerRole".parse()?,
//!         "rmse".parse()?,
//!         store.uri("output")?,
//!     )
//!     .ranges(ranges.clone())
//!     .hyperparameters([("objective", "reg:squarederror"), ("num_round", "20")])
//!     .channel(Channel::train(data.clone())?)
//!     .channel(Channel::validation(data.clone())?)
//!     .limits(ResourceLimits::new(2, 2)?)
//!     .build()
//! };
//!
//! // The first job starts cold.
//! let first = client.run(&spec("october")?, &Poll::default(), |job| println!("{}", job.training_jobs)).await?;
//! let lineage = Lineage {
//!     model: "flights".into(),
//!     layer: "gold".into(),
//!     objective: "reg:squarederror".into(),
//!     eval_metric: "rmse".into(),
//! };
//! // A `refit_aws::HistoryLog` keeps these rows.
//! let history = [TuningHistoryRow::new(&lineage, &first, chrono::Utc::now())];
//!
//! // The next one learns from it.
//! let second = spec("november")?;
//! let plan = client.plan_warm_start(&second, &history, &lineage, 1).await?;
//! let second = second.with_warm_start(plan.warm_start)?;
//! assert_eq!(second.warm_start().map(|warm| warm.parents()), Some(&[first.name][..]));
//! client.run(&second, &Poll::default(), |_| {}).await?;
//! let best = client.best_training_job(second.name()).await?;
//! let (model, _) = store.get(best.artifact.as_ref().ok_or("no artifact")?).await?;
//! assert!(!model.is_empty());
//! # local.stop().await;
//! # Ok(())
//! # })
//! # }
//! ```
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
