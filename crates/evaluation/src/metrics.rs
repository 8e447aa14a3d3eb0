//! Regression metrics in one pass and bounded memory.

use serde::Serialize;

use crate::bins::{Bins, as_f64};
use crate::joint::{JointCounts, JointHistogram};
use crate::sums::{Deviation, Sum};
use crate::{CalibrationGroup, EvaluationError, Histogram};

/// Bars of the error histogram at most.
const MOST_BARS: u32 = 48;
/// Cells along a side of predicted against actual at most.
const MOST_CELLS: u32 = 48;
/// The share of rows on each side that plots leave outside, so that outliers do not flatten them.
const TAIL: f64 = 0.005;
/// Groups of rows in which predictions are compared with labels.
const GROUPS: u64 = 10;

/// How far predictions are from their labels. An error is prediction − label, in the label's unit.
///
/// Sums are compensated (Neumaier) or Welford's, so figures agree with NumPy's to about 1e-12.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RegressionMetrics {
    /// Rows measured; at least 1.
    pub rows: u64,
    /// Mean absolute error.
    pub mae: f64,
    /// Root mean squared error. Large misses weigh more than in `mae`, which it is never below.
    pub rmse: f64,
    /// Mean error: above 0 where predictions are too high on average. `rmse² = bias² + stdev_error²`.
    pub bias: f64,
    /// Standard deviation of the errors over the population (NumPy's default, `ddof=0`).
    pub stdev_error: f64,
    /// Half of the absolute errors are no larger than this, to about 1/16000 of the errors' range.
    pub median_absolute_error: f64,
    /// Nine of ten absolute errors are no larger than this, to about 1/16000 of the errors' range.
    pub p90_absolute_error: f64,
    /// Mean of the labels.
    pub label_mean: f64,
    /// Standard deviation of the labels over the population.
    pub label_stdev: f64,
    /// RMSE of always predicting `label_mean`, which is `label_stdev`.
    pub baseline_rmse: f64,
    /// MAE of always predicting `label_mean`. Rows within 1/16000 of the labels' range around the mean are
    /// counted as if they were on one side of it.
    pub baseline_mae: f64,
    /// Share of the labels' variance that the model explains (R²); none where all labels are equal.
    pub explained: Option<f64>,
}

impl RegressionMetrics {
    /// Measures pairs of label and prediction, from wherever they come.
    ///
    /// ```
    /// use refit_evaluation::RegressionMetrics;
    ///
    /// let metrics = RegressionMetrics::from_pairs([(1.0, 2.0), (3.0, 3.0), (5.0, 3.0)])?;
    /// assert_eq!(metrics.mae, 1.0);
    /// assert_eq!(metrics.rmse, (5.0_f64 / 3.0).sqrt());
    /// # Ok::<(), refit_evaluation::EvaluationError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`EvaluationError::EmptySet`] without a pair, [`EvaluationError::NotFinite`] when a label or prediction
    /// is NaN or infinite.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (f64, f64)>) -> Result<Self, EvaluationError> {
        let mut tally = Tally::new();
        for (label, prediction) in pairs {
            tally.add(label, prediction)?;
        }
        tally.metrics("of pairs")
    }

    /// How much lower the RMSE is than that of predicting the mean, as a share: 0.56 is 56 % lower, below 0 is
    /// higher. None where all labels are equal.
    pub fn improvement_over_mean(&self) -> Option<f64> {
        relative_improvement(self.rmse, self.baseline_rmse)
    }
}

/// How much lower `now` is than `before`, as a share of `before`.
pub(crate) fn relative_improvement(now: f64, before: f64) -> Option<f64> {
    (before > 0.0).then(|| 1.0 - now / before)
}

/// Everything that is kept of the rows while they pass.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    rows: u64,
    error: Sum,
    absolute: Sum,
    squared: Sum,
    error_deviation: Deviation,
    label: Sum,
    label_deviation: Deviation,
    errors: Bins,
    labels: Bins,
    predictions: Bins,
    joint: JointCounts,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            rows: 0,
            error: Sum::default(),
            absolute: Sum::default(),
            squared: Sum::default(),
            error_deviation: Deviation::default(),
            label: Sum::default(),
            label_deviation: Deviation::default(),
            errors: Bins::new(),
            labels: Bins::new(),
            predictions: Bins::new(),
            joint: JointCounts::new(),
        }
    }

    pub(crate) fn add(&mut self, label: f64, prediction: f64) -> Result<(), EvaluationError> {
        self.rows += 1;
        if !(label.is_finite() && prediction.is_finite()) {
            return Err(EvaluationError::NotFinite { row: self.rows, label, prediction });
        }
        let error = prediction - label;
        self.error.add(error);
        self.absolute.add(error.abs());
        self.squared.add(error * error);
        self.error_deviation.add(error);
        self.label.add(label);
        self.label_deviation.add(label);
        self.errors.add(error, label);
        self.labels.add(label, prediction);
        self.predictions.add(prediction, label);
        self.joint.add(prediction, label);
        Ok(())
    }

    pub(crate) fn metrics(&self, set: &str) -> Result<RegressionMetrics, EvaluationError> {
        if self.rows == 0 {
            return Err(EvaluationError::EmptySet { set: set.to_owned() });
        }
        let rows = as_f64(self.rows);
        let label_mean = self.label.value() / rows;
        let label_stdev = self.label_deviation.stdev();
        let rmse = (self.squared.value() / rows).sqrt();
        Ok(RegressionMetrics {
            rows: self.rows,
            mae: self.absolute.value() / rows,
            rmse,
            bias: self.error.value() / rows,
            stdev_error: self.error_deviation.stdev(),
            median_absolute_error: self.errors.distance_quantile(0.5),
            p90_absolute_error: self.errors.distance_quantile(0.9),
            label_mean,
            label_stdev,
            baseline_rmse: label_stdev,
            baseline_mae: self.labels.mean_distance(label_mean),
            explained: (label_stdev > 0.0).then(|| 1.0 - (rmse / label_stdev).powi(2)),
        })
    }

    pub(crate) fn error_histogram(&self) -> Histogram {
        self.errors.histogram(MOST_BARS, TAIL)
    }

    pub(crate) fn calibration(&self) -> Vec<CalibrationGroup> {
        self.predictions.groups(GROUPS)
    }

    /// Both axes cover the bulk of the labels and of the predictions.
    pub(crate) fn predicted_vs_actual(&self) -> JointHistogram {
        let lower = self.labels.quantile(TAIL).min(self.predictions.quantile(TAIL));
        let upper = self.labels.quantile(1.0 - TAIL).max(self.predictions.quantile(1.0 - TAIL));
        self.joint.histogram(lower, upper, MOST_CELLS)
    }
}
