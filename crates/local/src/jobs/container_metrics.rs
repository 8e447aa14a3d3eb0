//! The metrics that the container computes itself, after scikit-learn's definitions.
//!
//! It looks at margins: one of a row stands for class 1 when it is above 0, of several the greatest names the class.

use std::collections::BTreeSet;

/// Their names, as `eval_metric` takes them.
pub(super) const CONTAINER_METRICS: [&str; 13] = [
    "accuracy",
    "balanced_accuracy",
    "f1",
    "f1_binary",
    "f1_macro",
    "mse",
    "precision",
    "precision_macro",
    "precision_micro",
    "r2",
    "recall",
    "recall_macro",
    "recall_micro",
];

/// scikit-learn's words when it is asked for one class's score of several; the container blames the caller for it.
const MULTICLASS: &str = "Target is multiclass but average='binary'. Please choose another average setting, one of [None, \
                          'micro', 'macro', 'weighted'].";

const CONTINUOUS: &str = "Classification metrics can't handle a mix of continuous and binary targets";

/// The value of a metric for labels and the margins of their rows.
pub(super) fn value(metric: &str, labels: &[f32], margins: &[f32]) -> Result<f64, String> {
    match metric {
        "mse" => Ok(mean_squares(labels, one_per_row(labels, margins)?).0),
        "r2" => Ok(r2(labels, one_per_row(labels, margins)?)),
        _ => of_classes(metric, &Classes::new(labels, margins)?),
    }
}

fn of_classes(metric: &str, classes: &Classes) -> Result<f64, String> {
    match metric {
        "accuracy" | "precision_micro" | "recall_micro" => Ok(classes.accuracy()),
        "balanced_accuracy" => Ok(mean(classes.counts().filter(|counts| counts.actual > 0.0).map(Counts::recall))),
        "f1" | "f1_macro" => Ok(mean(classes.counts().map(Counts::f1))),
        "precision_macro" => Ok(mean(classes.counts().map(Counts::precision))),
        "recall_macro" => Ok(mean(classes.counts().map(Counts::recall))),
        "f1_binary" => classes.of_class_one().map(Counts::f1),
        "precision" => classes.of_class_one().map(Counts::precision),
        "recall" => classes.of_class_one().map(Counts::recall),
        other => Err(format!("{other} is not a metric of the container")),
    }
}

/// The class of each row: as it is, and as predicted.
struct Classes(Vec<(i64, i64)>);

/// How often one class is there, is predicted, and both at once.
#[derive(Clone, Copy)]
struct Counts {
    actual: f64,
    predicted: f64,
    hits: f64,
}

impl Classes {
    fn new(labels: &[f32], margins: &[f32]) -> Result<Self, String> {
        if labels.iter().any(|label| label.fract() != 0.0) {
            return Err(CONTINUOUS.to_owned());
        }
        let per_row = margins.len().checked_div(labels.len()).unwrap_or(0).max(1);
        #[allow(clippy::cast_possible_truncation, reason = "a whole number, the name of a class")]
        let pairs = labels.iter().zip(margins.chunks(per_row)).map(|(label, margins)| (*label as i64, class(margins)));
        Ok(Self(pairs.collect()))
    }

    fn accuracy(&self) -> f64 {
        mean(self.0.iter().map(|(actual, predicted)| f64::from(u8::from(actual == predicted))))
    }

    fn names(&self) -> BTreeSet<i64> {
        self.0.iter().flat_map(|(actual, predicted)| [*actual, *predicted]).collect()
    }

    fn counts(&self) -> impl Iterator<Item = Counts> {
        self.names().into_iter().map(|name| self.count(name))
    }

    fn count(&self, name: i64) -> Counts {
        let count = |is: &dyn Fn(&(i64, i64)) -> bool| self.0.iter().map(|pair| f64::from(u8::from(is(pair)))).sum();
        Counts {
            actual: count(&|(actual, _)| *actual == name),
            predicted: count(&|(_, predicted)| *predicted == name),
            hits: count(&|pair| *pair == (name, name)),
        }
    }

    fn of_class_one(&self) -> Result<Counts, String> {
        let names = self.names();
        if names.len() > 2 {
            return Err(MULTICLASS.to_owned());
        }
        if names.len() == 2 && !names.contains(&1) {
            return Err(format!("pos_label=1 is not a valid label: it should be one of {names:?}"));
        }
        Ok(self.count(1))
    }
}

impl Counts {
    fn recall(self) -> f64 {
        ratio(self.hits, self.actual)
    }

    fn precision(self) -> f64 {
        ratio(self.hits, self.predicted)
    }

    fn f1(self) -> f64 {
        ratio(2.0 * self.hits, self.actual + self.predicted)
    }
}

fn class(margins: &[f32]) -> i64 {
    if let [margin] = margins {
        return i64::from(*margin > 0.0);
    }
    let greatest = (0..margins.len()).rev().max_by(|one, other| margins[*one].total_cmp(&margins[*other]));
    greatest.and_then(|class| i64::try_from(class).ok()).unwrap_or_default()
}

fn one_per_row<'a>(labels: &[f32], margins: &'a [f32]) -> Result<&'a [f32], String> {
    if labels.len() == margins.len() {
        return Ok(margins);
    }
    Err(format!("y_true and y_pred have different number of output (1!={})", margins.len() / labels.len().max(1)))
}

/// Around the margins, and around the mean.
fn mean_squares(labels: &[f32], margins: &[f32]) -> (f64, f64) {
    let centre = mean(labels.iter().map(|label| f64::from(*label)));
    let residual =
        mean(labels.iter().zip(margins).map(|(label, margin)| (f64::from(*label) - f64::from(*margin)).powi(2)));
    (residual, mean(labels.iter().map(|label| (f64::from(*label) - centre).powi(2))))
}

fn r2(labels: &[f32], margins: &[f32]) -> f64 {
    match mean_squares(labels, margins) {
        (0.0, _) => 1.0,
        (_, 0.0) => 0.0,
        (residual, total) => 1.0 - residual / total,
    }
}

/// 0 where scikit-learn divides by 0.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    ratio(sum, count)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Case {
        labels: Vec<f32>,
        margins: Vec<f32>,
        metrics: std::collections::BTreeMap<String, f64>,
    }

    // Values: scikit-learn, by tests/fixtures/container_metrics.py.
    #[test]
    fn metrics_are_scikit_learns() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../tests/fixtures/container_metrics.json")).unwrap();
        let mut checked = BTreeSet::new();
        for (index, case) in cases.iter().enumerate() {
            for (metric, expected) in &case.metrics {
                let found = value(metric, &case.labels, &case.margins).unwrap();
                let tolerance = 1e-5 * expected.abs().max(1.0);
                assert!((found - expected).abs() < tolerance, "case {index}, {metric}: {found}, not {expected}");
                checked.insert(metric.as_str());
            }
        }
        assert_eq!(checked, BTreeSet::from(CONTAINER_METRICS));
    }

    // The words: scikit-learn's; the container looks for the first part (xgb_constants.py).
    #[test]
    fn scores_of_one_class_are_for_two_classes() {
        for metric in ["f1_binary", "precision", "recall"] {
            let reason = value(metric, &[0.0, 1.0, 2.0], &[1.0; 9]).unwrap_err();
            assert!(reason.starts_with("Target is multiclass but average='binary'"), "{reason}");
        }
        assert!(value("accuracy", &[0.5, 1.0], &[1.0, 1.0]).unwrap_err().contains("continuous"));
        assert!(value("mse", &[0.0, 1.0], &[1.0; 6]).unwrap_err().contains("1!=3"));
    }
}
