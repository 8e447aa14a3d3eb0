//! The figures in the shape of SageMaker's model-quality statistics, which the registry shows beside a model package.
//!
//! The shape is that of `statistics.json` in *Model quality metrics* of the SageMaker Developer Guide. SageMaker gives each
//! value's standard deviation over five groups of rows; here it is `"NaN"`, as SageMaker writes what it has not computed.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::{BinaryMetrics, Evaluation, RegressionMetrics};

impl Evaluation {
    /// `ModelQuality.Statistics` of a model package.
    pub fn model_quality(&self, evaluated_at: DateTime<Utc>) -> Value {
        let (name, metrics) = match &self.binary {
            Some(binary) => ("binary_classification_metrics", of_two_classes(binary)),
            None => ("regression_metrics", of_regression(&self.metrics)),
        };
        json!({
            "version": 0.0,
            "dataset": {
                "item_count": self.metrics.rows,
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
        ("f0_5", Some(f_beta(metrics, 0.5))),
        ("f1", Some(metrics.f1)),
        ("f2", Some(f_beta(metrics, 2.0))),
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

fn f_beta(metrics: &BinaryMetrics, beta: f64) -> f64 {
    let [[_, false_positive], [false_negative, true_positive]] = metrics.confusion;
    let squared = beta * beta;
    let all = (1.0 + squared) * true_positive + squared * false_negative + false_positive;
    if all > 0.0 { (1.0 + squared) * true_positive / all } else { 0.0 }
}

fn values<const N: usize>(figures: [(&str, Option<f64>); N]) -> Map<String, Value> {
    let known = figures.into_iter().filter_map(|(name, value)| Some((name, value?)));
    known.map(|(name, value)| (name.to_owned(), json!({"value": value, "standard_deviation": "NaN"}))).collect()
}
