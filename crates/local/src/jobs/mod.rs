//! Training and tuning as SageMaker's XGBoost container and tuner do them. Knows neither HTTP nor storage.

mod artifact;
mod channels;
mod container_metrics;
mod cores;
mod csv_table;
mod eval_metrics;
mod failure;
mod hyperparameter_rules;
mod hyperparameters;
mod image;
mod libsvm_table;
mod parquet_table;
mod ranges;
mod table;
mod training;
mod tuner;

pub(crate) use self::channels::Channel;
pub(crate) use self::cores::Cores;
pub(crate) use self::eval_metrics::metric_names;
pub(crate) use self::failure::TrainingFailure;
pub(crate) use self::ranges::{Direction, ParameterRange, Prior, Scaling, Strategy, Trial};
pub(crate) use self::training::{RoundMetrics, TrainingOutcome, TrainingRequest, train};
pub(crate) use self::tuner::Tuner;
