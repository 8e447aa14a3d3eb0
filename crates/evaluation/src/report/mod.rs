//! The report of one evaluation: a page for people, JSON for programs.

mod axis;
mod class_headline;
mod confusion;
mod context;
mod curves;
mod drift;
mod error_histogram;
mod headline;
mod history;
mod importance;
mod lineage;
mod number;
mod page;
mod predicted_vs_actual;
mod slices;
mod tuning;
mod verdict;

use serde::Serialize;

pub use context::{ChampionLineage, ChampionStanding, DatasetLineage, Direction, ReportContext, Trial, TuningSummary};

use crate::kind::Kind;
use crate::metrics::relative_improvement;
use crate::{Evaluation, EvaluationRow, MulticlassMetrics, RegressionMetrics};

/// An evaluation with where its model comes from, ready to be shown.
///
/// The page is one file without scripts that asks the network for nothing. Its size is bounded: whatever the
/// number of rows, trials and past evaluations, the page shows the foremost and says how many there are; the
/// JSON has all of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    comparison: Comparison,
    evaluation: Evaluation,
    context: ReportContext,
}

/// How the model stands against what it should beat.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// How much lower the RMSE is than that of predicting the mean, as a share; below 0 is higher. None of several classes.
    pub improvement_over_mean: Option<f64>,
    /// Of several classes, how much lower the log loss is than that of giving each its share of the rows; below 0 is higher.
    pub improvement_over_shares: Option<f64>,
    /// How much lower the RMSE is than the previous evaluation's, as a share; below 0 is higher.
    pub improvement_over_previous: Option<f64>,
    /// The newest earlier evaluation of another training job that was no test, of a model that predicted the same kind of thing.
    pub previous: Option<EvaluationRow>,
}

impl Report {
    /// Puts an evaluation in its context.
    pub fn new(evaluation: Evaluation, context: ReportContext) -> Self {
        let previous = previous(&context, Kind::of_objective(&evaluation.objective)).cloned();
        let rmse = evaluation.metrics.rmse();
        let (errors, classes) = (evaluation.metrics.regression(), evaluation.metrics.multiclass());
        let comparison = Comparison {
            improvement_over_mean: errors.and_then(RegressionMetrics::improvement_over_mean),
            improvement_over_shares: classes.and_then(MulticlassMetrics::improvement_over_shares),
            improvement_over_previous: previous.as_ref().and_then(|row| relative_improvement(rmse, row.rmse)),
            previous,
        };
        Self { comparison, evaluation, context }
    }

    /// How the model stands against predicting the mean, and against the previous model.
    pub fn comparison(&self) -> &Comparison {
        &self.comparison
    }

    /// The page, as one self-contained HTML file.
    pub fn html(&self) -> String {
        page::page(self).into_string()
    }

    /// Every figure of the page and those it leaves out: `comparison`, `evaluation`, `context`.
    pub fn json(&self) -> serde_json::Value {
        // Nothing in it can fail: keys are strings, and no `Serialize` of ours returns an error.
        serde_json::to_value(self).unwrap_or_default()
    }
}

fn previous(context: &ReportContext, kind: Kind) -> Option<&EvaluationRow> {
    let alike = |row: &&EvaluationRow| Kind::of_objective(&row.objective) == kind;
    let earlier = |row: &&EvaluationRow| {
        !row.testing && row.trainingjob != context.training_job && row.datetime <= context.evaluated_at
    };
    context.history.iter().filter(earlier).filter(alike).max_by_key(|row| row.datetime)
}
