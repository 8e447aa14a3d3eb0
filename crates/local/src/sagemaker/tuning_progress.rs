//! What a tuning job shows of its training jobs: counters, summaries, the best.

use std::cmp::Ordering;

use serde_json::{Value, json};

use crate::api::ApiError;

use super::members::{Members, Object, select};
use super::resources::Resource;
use super::training_job::Kept;

/// One training job of a tuning job, as far as the tuning job cares.
pub(super) struct Child {
    pub(super) status: String,
    pub(super) kept: Kept,
    /// HyperParameterTrainingJobSummary.
    pub(super) summary: Object,
}

impl Child {
    pub(super) fn read(job: &Resource, metric: &str, maximize: bool) -> Result<Self, ApiError> {
        let kept: Kept = job.kept()?;
        let shown = &job.shown;
        let status = shown.required("TrainingJobStatus").to_owned();
        let members = ["TrainingJobName", "TrainingJobArn", "CreationTime"];
        let mut summary = select(shown, &members);
        let times = ["TrainingStartTime", "TrainingEndTime", "TrainingJobStatus", "FailureReason"];
        summary.extend(select(shown, &times));
        summary.insert("TunedHyperParameters".into(), json!(kept.tuned));
        if let Some(value) = kept.objective {
            let direction = if maximize { "Maximize" } else { "Minimize" };
            let objective = json!({ "Type": direction, "MetricName": metric, "Value": value });
            summary.insert("FinalHyperParameterTuningJobObjectiveMetric".into(), objective);
        }
        let mut child = Self { status, kept, summary };
        let objective_status = child.objective_status();
        child.summary.insert("ObjectiveStatus".into(), objective_status.into());
        Ok(child)
    }

    /// Whether the final objective has been taken into account.
    pub(super) fn objective_status(&self) -> &'static str {
        match (self.status.as_str(), self.kept.objective) {
            ("InProgress" | "Stopping", _) => "Pending",
            (_, Some(_)) => "Succeeded",
            (_, None) => "Failed",
        }
    }
}

/// `TrainingJobStatusCounters` and `ObjectiveStatusCounters`.
pub(super) fn counters(children: &[Child]) -> (Value, Value) {
    let count = |wanted: &dyn Fn(&Child) -> bool| children.iter().filter(|child| wanted(child)).count();
    let status = |status: &'static str| count(&|child: &Child| child.status == status);
    let objective = |status: &'static str| count(&|child: &Child| child.objective_status() == status);
    let failed =
        |retryable: bool| count(&|child: &Child| child.status == "Failed" && child.kept.retryable == retryable);
    let training = json!({
        "Completed": status("Completed"),
        "InProgress": count(&|child: &Child| ["InProgress", "Stopping"].contains(&child.status.as_str())),
        "RetryableError": failed(true),
        "NonRetryableError": failed(false),
        "Stopped": status("Stopped"),
    });
    let objectives = json!({
        "Succeeded": objective("Succeeded"),
        "Pending": objective("Pending"),
        "Failed": objective("Failed"),
    });
    (training, objectives)
}

/// The training job with the best objective; of equals, the first.
pub(super) fn best(children: &[Child], maximize: bool) -> Option<&Child> {
    let ended = children.iter().filter(|child| child.objective_status() == "Succeeded");
    ended
        .filter_map(|child| Some((child, child.kept.objective?)))
        .filter(|(_, value)| !value.is_nan())
        .min_by(|(_, left), (_, right)| compare(*left, *right, maximize))
        .map(|(child, _)| child)
}

fn compare(left: f64, right: f64, maximize: bool) -> Ordering {
    if maximize { right.total_cmp(&left) } else { left.total_cmp(&right) }
}
