use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use refit_aws::S3Uri;

use crate::TrainingJobName;

/// A training job as SageMaker describes it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TrainingJob {
    /// Its name.
    pub name: TrainingJobName,
    /// Its ARN.
    pub arn: String,
    /// Where it stands.
    pub status: TrainingJobStatus,
    /// Why it failed.
    pub failure_reason: Option<String>,
    /// The value of its tuning job's metric at the end. A stopped training job may have one too.
    pub objective_value: Option<f64>,
    /// Every metric at the end, by name.
    pub final_metrics: BTreeMap<String, f64>,
    /// Its hyperparameters, searched and static, without those SageMaker adds.
    pub hyperparameters: BTreeMap<String, String>,
    /// Where its artifact, a `model.tar.gz`, is or will be.
    pub artifact: Option<S3Uri>,
    /// When it was created.
    pub created: Option<DateTime<Utc>>,
    /// When its training started.
    pub started: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// The steps it went through, the first one first.
    pub transitions: Vec<StatusTransition>,
}

impl TrainingJob {
    /// The time spent in a step that is over, such as `Downloading`, `Training` or `Uploading`; zero if there was none.
    pub fn time_in(&self, step: &str) -> TimeDelta {
        let steps = self.transitions.iter().filter(|transition| transition.status == step);
        steps.filter_map(|transition| Some(transition.ended? - transition.started)).sum()
    }
}

/// A step of a training job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusTransition {
    /// SageMaker's word for the step: `Starting`, `Downloading`, `Training`, `Uploading`, `Completed`, …
    pub status: String,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended; `None` while it lasts.
    pub ended: Option<DateTime<Utc>>,
    /// SageMaker's words about it.
    pub message: Option<String>,
}

/// Where a training job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrainingJobStatus {
    /// It runs, or waits to.
    InProgress,
    /// It is done.
    Completed,
    /// It failed.
    Failed,
    /// It is being stopped.
    Stopping,
    /// It was stopped.
    Stopped,
    /// It is being deleted.
    Deleting,
    /// A word this version does not know.
    Other(String),
}

impl TrainingJobStatus {
    /// SageMaker's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::InProgress => "InProgress",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
            Self::Deleting => "Deleting",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for TrainingJobStatus {
    fn from(word: &str) -> Self {
        match word {
            "InProgress" => Self::InProgress,
            "Completed" => Self::Completed,
            "Failed" => Self::Failed,
            "Stopping" => Self::Stopping,
            "Stopped" => Self::Stopped,
            "Deleting" => Self::Deleting,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for TrainingJobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
