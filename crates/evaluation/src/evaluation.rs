//! A model measured on held-out rows.

use arrow::array::AsArray;
use arrow::datatypes::Float64Type;
use arrow::record_batch::RecordBatch;
use refit_booster::Booster;
use serde::Serialize;

use crate::joint::JointHistogram;
use crate::metrics::Tally;
use crate::{CalibrationGroup, EvaluationError, EvaluationSet, Histogram, RegressionMetrics};

/// What is known of a model after it predicted every held-out row. Its size does not depend on the rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Evaluation {
    /// The model's objective.
    pub objective: String,
    /// Trees that predict: those that early stopping kept.
    pub trees: usize,
    /// The figures.
    pub metrics: RegressionMetrics,
    /// The errors (prediction − label).
    pub error_histogram: Histogram,
    /// Predictions against labels.
    pub predicted_vs_actual: JointHistogram,
    /// Mean prediction and mean label of ten groups of rows, from the lowest predictions to the highest.
    pub calibration: Vec<CalibrationGroup>,
    /// Every feature by its share of the total gain, largest first.
    pub importance: Vec<FeatureImportance>,
}

/// What a feature brings to a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FeatureImportance {
    /// The feature's name in the evaluation set.
    pub feature: String,
    /// Loss reduction over all splits on the feature (XGBoost's `total_gain`).
    pub total_gain: f64,
    /// The feature's part of all features' `total_gain`, 0 to 1.
    pub share: f64,
    /// Splits on the feature (XGBoost's `weight`).
    pub splits: u64,
}

/// Predicts every row of `set` and measures how far the predictions are from the labels.
///
/// One pass; memory does not grow with the rows.
///
/// # Errors
///
/// Before a row is read: [`EvaluationError::Objective`] and [`EvaluationError::Outputs`] for a model that these
/// figures do not fit, [`EvaluationError::FeatureCount`] when model and set disagree. While reading: the first
/// bad line. [`EvaluationError::EmptySet`] when there is no row.
pub fn evaluate(booster: &Booster, set: EvaluationSet) -> Result<Evaluation, EvaluationError> {
    let importance = check(booster, &set)?;
    let name = set.name().to_owned();
    let mut tally = Tally::new();
    for batch in set {
        add(booster, &batch?, &name, &mut tally)?;
    }
    let metrics = tally.metrics(&name)?;
    tracing::info!(set = name, rows = metrics.rows, mae = metrics.mae, rmse = metrics.rmse, "evaluated");
    Ok(Evaluation {
        objective: booster.objective().to_owned(),
        trees: booster.best_ntree_limit().map_or(booster.num_trees(), |limit| limit.min(booster.num_trees())),
        metrics,
        error_histogram: tally.error_histogram(),
        predicted_vs_actual: tally.predicted_vs_actual(),
        calibration: tally.calibration(),
        importance,
    })
}

/// Refuses what these figures do not fit, before a row is read.
fn check(booster: &Booster, set: &EvaluationSet) -> Result<Vec<FeatureImportance>, EvaluationError> {
    if !predicts_labels(booster.objective()) {
        return Err(EvaluationError::Objective { objective: booster.objective().to_owned() });
    }
    if booster.num_groups() != 1 {
        return Err(EvaluationError::Outputs { outputs: booster.num_groups() });
    }
    let (found, expected) = (set.features().len(), booster.num_features());
    if found != expected {
        return Err(EvaluationError::FeatureCount { set: set.name().to_owned(), found, expected });
    }
    Ok(importance(booster, set))
}

/// Whether predictions are on the label's scale: not classes, ranks, hazards or log odds.
fn predicts_labels(objective: &str) -> bool {
    let other_scales = ["multi:", "rank:", "survival:"];
    objective != "binary:logitraw" && !other_scales.iter().any(|family| objective.starts_with(family))
}

fn add(booster: &Booster, batch: &RecordBatch, set: &str, tally: &mut Tally) -> Result<(), EvaluationError> {
    let features: Vec<usize> = (1..batch.num_columns()).collect();
    let features = batch.project(&features).map_err(|source| EvaluationError::Batch { set: set.to_owned(), source })?;
    let predictions =
        booster.predict(&features).map_err(|source| EvaluationError::Predict { set: set.to_owned(), source })?;
    let labels = batch.column(0).as_primitive::<Float64Type>().values();
    for (label, prediction) in labels.iter().zip(&predictions.values) {
        tally.add(*label, f64::from(*prediction))?;
    }
    Ok(())
}

/// All features of the set, those that no tree uses with nothing.
fn importance(booster: &Booster, set: &EvaluationSet) -> Vec<FeatureImportance> {
    let unused =
        |feature: &str| FeatureImportance { feature: feature.to_owned(), total_gain: 0.0, share: 0.0, splits: 0 };
    let mut features: Vec<_> = set.features().map(unused).collect();
    let used = booster.importance();
    let total: f64 = used.iter().map(|feature| feature.total_gain).sum();
    for score in used {
        if let Some(feature) = features.get_mut(score.feature) {
            feature.total_gain = score.total_gain;
            feature.share = if total > 0.0 { score.total_gain / total } else { 0.0 };
            feature.splits = score.weight;
        }
    }
    features.sort_by(|one, other| other.total_gain.total_cmp(&one.total_gain));
    features
}
