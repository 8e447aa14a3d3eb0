//! Training and tuning as SageMaker's XGBoost container and tuner do them. Knows neither HTTP nor storage.

mod channels;
mod cores;
mod ranges;
mod training;

pub(crate) use self::channels::Channel;
pub(crate) use self::cores::Cores;
pub(crate) use self::ranges::{Direction, ParameterRange, Scaling, Strategy, Trial};
pub(crate) use self::training::{RoundMetrics, TrainingFailure, TrainingOutcome, TrainingRequest};
