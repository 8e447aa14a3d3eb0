//! The figures in the shape of SageMaker's model-quality statistics, which the registry shows beside a model package.
//!
//! The shape is that of `statistics.json` in *Model quality metrics* of the SageMaker Developer Guide. SageMaker gives each
//! value's standard deviation over five groups of rows; here it is `"NaN"`, as SageMaker writes what it has not computed.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::{BinaryMetrics, ClassMetrics, Evaluation, Metrics, MulticlassMetrics, RegressionMetrics};

impl Evaluation {
    /// `ModelQuality.Statistics` of a model package.
    pub fn model_quality(&self, evaluated_at: DateTime<Utc>) -> Value {
        let (name, metrics) = match &self.metrics {
            Metrics::Regression(errors) => ("regression_metrics", of_regression(errors)),
            Metrics::Binary { classes, .. } => ("binary_classification_metrics", of_two_classes(classes)),
            Metrics::Multiclass(classes) => ("multiclass_classification_metrics", of_classes(classes)),
        };
        json!({
            "version": 0.0,
            "dataset": {
                "item_count": self.metrics.rows(),
                "evaluation_time": evaluated_at.to_rfc3339_opts(SecondsFormat::Secs, true),
            },
            name: metrics,
        })
    }
}

fn of_regression(metrics: &RegressionMetrics) -> Value {
    let figures = [
        ("mae", Some(metrics.mae)),
        ("mse", Some(metrics.rmse.powi(2))),
        ("rmse", Some(metrics.rmse)),
        ("r2", metrics.explained),
    ];
    values(figures).into()
}

fn of_two_classes(metrics: &BinaryMetrics) -> Value {
    let [[true_negative, false_positive], [false_negative, true_positive]] = metrics.confusion;
    let share = |part: f64, rest: f64| (part + rest > 0.0).then(|| part / (part + rest));
    let mut all = values([
        ("recall", Some(metrics.recall)),
        ("precision", Some(metrics.precision)),
        ("accuracy", Some(1.0 - metrics.error)),
        ("true_positive_rate", share(true_positive, false_negative)),
        ("true_negative_rate", share(true_negative, false_positive)),
        ("false_positive_rate", share(false_positive, true_negative)),
        ("false_negative_rate", share(false_negative, true_positive)),
        ("auc", metrics.curves.as_ref().map(|curves| curves.auc)),
        ("f0_5", Some(f_beta(metrics.precision, metrics.recall, 0.5))),
        ("f1", Some(metrics.f1)),
        ("f2", Some(f_beta(metrics.precision, metrics.recall, 2.0))),
    ]);
    let confusion =
        json!({"0": {"0": true_negative, "1": false_positive}, "1": {"0": false_negative, "1": true_positive}});
    all.insert("confusion_matrix".to_owned(), confusion);
    if let Some(curves) = &metrics.curves {
        let column = |of: fn(&crate::CurvePoint) -> f64| curves.points.iter().map(of).collect::<Vec<_>>();
        let (false_positives, true_positives) =
            (column(|at| at.false_positive_rate), column(|at| at.true_positive_rate));
        let roc = json!({"false_positive_rates": false_positives, "true_positive_rates": true_positives});
        let precision = json!({"precisions": column(|at| at.precision), "recalls": true_positives});
        all.insert("receiver_operating_characteristic_curve".to_owned(), roc);
        all.insert("precision_recall_curve".to_owned(), precision);
    }
    all.into()
}

/// Means over the classes by their weight, and the same of a classifier that always says the most frequent class.
fn of_classes(metrics: &MulticlassMetrics) -> Value {
    let mean = |of: &dyn Fn(&ClassMetrics) -> f64| {
        metrics.classes.iter().map(|class| class.weight * of(class)).sum::<f64>() / metrics.weight
    };
    let f_mean = |beta: f64| mean(&|class| f_beta(class.precision, class.recall, beta));
    // It is right on a share of the rows, all of one class, and finds all of that class.
    let share = 1.0 - metrics.baseline_merror;
    let mut all = values([
        ("accuracy", Some(1.0 - metrics.merror)),
        ("weighted_recall", Some(mean(&|class| class.recall))),
        ("weighted_precision", Some(mean(&|class| class.precision))),
        ("weighted_f0_5", Some(f_mean(0.5))),
        ("weighted_f1", Some(metrics.weighted_f1)),
        ("weighted_f2", Some(f_mean(2.0))),
        ("accuracy_best_constant_classifier", Some(share)),
        ("weighted_recall_best_constant_classifier", Some(share)),
        ("weighted_precision_best_constant_classifier", Some(share * share)),
        ("weighted_f0_5_best_constant_classifier", Some(share * f_beta(share, 1.0, 0.5))),
        ("weighted_f1_best_constant_classifier", Some(share * f_beta(share, 1.0, 1.0))),
        ("weighted_f2_best_constant_classifier", Some(share * f_beta(share, 1.0, 2.0))),
    ]);
    let by_class = |row: &[f64]| -> Value {
        row.iter().enumerate().map(|(class, weight)| (class.to_string(), json!(weight))).collect()
    };
    let confusion: Map<String, Value> =
        metrics.confusion.iter().enumerate().map(|(class, said)| (class.to_string(), by_class(said))).collect();
    all.insert("confusion_matrix".to_owned(), confusion.into());
    all.into()
}

/// The harmonic mean in which recall counts `beta` times as much as precision; 0 where both are.
fn f_beta(precision: f64, recall: f64, beta: f64) -> f64 {
    let squared = beta * beta;
    let both = squared * precision + recall;
    if both > 0.0 { (1.0 + squared) * precision * recall / both } else { 0.0 }
}

fn values<const N: usize>(figures: [(&str, Option<f64>); N]) -> Map<String, Value> {
    let known = figures.into_iter().filter_map(|(name, value)| Some((name, value?)));
    known.map(|(name, value)| (name.to_owned(), json!({"value": value, "standard_deviation": "NaN"}))).collect()
}
