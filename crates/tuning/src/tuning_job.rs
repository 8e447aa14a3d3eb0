use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};

use crate::{ObjectiveMetric, RangeValues, TrainingJobName, TuningJobName, WarmStart};

/// A tuning job as SageMaker describes it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TuningJob {
    /// Its name.
    pub name: TuningJobName,
    /// Its ARN.
    pub arn: String,
    /// Where it stands.
    pub status: TuningJobStatus,
    /// Why it failed.
    pub failure_reason: Option<String>,
    /// The metric it optimises.
    pub metric: Option<ObjectiveMetric>,
    /// Its hyperparameters, searched and static, without those SageMaker adds.
    pub hyperparameters: BTreeMap<String, Hyperparameter>,
    /// How its training jobs stand.
    pub training_jobs: TrainingJobCounters,
    /// How many of its training jobs have an objective value.
    pub with_objective: u32,
    /// The best of its own training jobs so far. `None` while none has an objective value.
    pub best_training_job: Option<BestTrainingJob>,
    /// The best of its own and its parents' training jobs. Only a warm start on identical data has it.
    pub overall_best_training_job: Option<BestTrainingJob>,
    /// The tuning jobs it learned from.
    pub warm_start: Option<WarmStart>,
    /// When it was created.
    pub created: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
}

/// A hyperparameter of a tuning job.
#[derive(Debug, Clone, PartialEq)]
pub enum Hyperparameter {
    /// It has this value in every training job.
    Static(String),
    /// Every training job has another value of these.
    Searched(RangeValues),
}

/// The best training job, as its tuning job names it. See
/// [`best_training_job`](crate::TuningClient::best_training_job) for the whole of it.
#[derive(Debug, Clone, PartialEq)]
pub struct BestTrainingJob {
    /// Its name.
    pub name: TrainingJobName,
    /// Its objective value.
    pub objective_value: Option<f64>,
    /// The hyperparameters that were searched, with its values.
    pub searched: BTreeMap<String, String>,
}

/// How many training jobs of a tuning job stand how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrainingJobCounters {
    /// Done.
    pub completed: u32,
    /// Running, or waiting to.
    pub in_progress: u32,
    /// Failed, and tried again.
    pub retryable_error: u32,
    /// Failed for good.
    pub non_retryable_error: u32,
    /// Stopped, by somebody or by early stopping. What it learned still counts.
    pub stopped: u32,
}

impl TrainingJobCounters {
    /// All of them.
    pub fn total(&self) -> u32 {
        self.completed + self.in_progress + self.retryable_error + self.non_retryable_error + self.stopped
    }
}

impl fmt::Display for TrainingJobCounters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} completed, {} stopped, {} failed, {} in progress",
            self.completed,
            self.stopped,
            self.non_retryable_error,
            self.in_progress + self.retryable_error
        )
    }
}

/// Where a tuning job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TuningJobStatus {
    /// It runs.
    InProgress,
    /// It is done.
    Completed,
    /// It failed.
    Failed,
    /// It was stopped.
    Stopped,
    /// It is being stopped.
    Stopping,
    /// It is being deleted.
    Deleting,
    /// It could not be deleted.
    DeleteFailed,
    /// A word this version does not know.
    Other(String),
}

impl TuningJobStatus {
    /// Whether nothing will change any more, so that it may be a parent: Completed, Stopped or Failed.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed | Self::Stopped | Self::Failed)
    }

    /// Whether there is nothing to wait for. A word this version does not know may be a step on the way.
    pub(crate) fn has_ended(&self) -> bool {
        self.is_terminal() || matches!(self, Self::Deleting | Self::DeleteFailed)
    }

    /// SageMaker's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::InProgress => "InProgress",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Stopped => "Stopped",
            Self::Stopping => "Stopping",
            Self::Deleting => "Deleting",
            Self::DeleteFailed => "DeleteFailed",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for TuningJobStatus {
    fn from(word: &str) -> Self {
        match word {
            "InProgress" => Self::InProgress,
            "Completed" => Self::Completed,
            "Failed" => Self::Failed,
            "Stopped" => Self::Stopped,
            "Stopping" => Self::Stopping,
            "Deleting" => Self::Deleting,
            "DeleteFailed" => Self::DeleteFailed,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for TuningJobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
