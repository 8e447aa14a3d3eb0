//! Regression metrics in one pass and bounded memory.

use serde::Serialize;

use crate::bins::Bins;
use crate::joint::{JointCounts, JointHistogram};
use crate::sums::{Deviation, Sum};
use crate::{CalibrationGroup, ColumnProfile, Deviance, EvaluationError, Histogram, Observation};

/// Bars of the error histogram at most.
const MOST_BARS: u32 = 48;
/// Cells along a side of predicted against actual at most.
const MOST_CELLS: u32 = 48;
/// The share of rows on each side that plots leave outside, so that outliers do not flatten them.
const TAIL: f64 = 0.005;
/// Groups of rows in which predictions are compared with labels.
const GROUPS: u64 = 10;
/// The quantiles at which the quantile loss is taken.
const ALPHAS: [f64; 3] = [0.1, 0.5, 0.9];
/// The probabilities at which the errors' quantiles are given.
const PROBABILITIES: [f64; 9] = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

/// How far predictions are from their labels. An error is prediction − label, in the label's unit.
///
/// Sums are compensated (Neumaier) or Welford's, so figures agree with NumPy's to about 1e-12.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RegressionMetrics {
    /// Rows measured, of a weight above 0; at least 1.
    pub rows: u64,
    /// Their weight together. Every mean, quantile and deviation here is weighted.
    pub weight: f64,
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
    /// Mean of |error| / |label|. Rows whose label is 0 have no such share and are left out; none where all are.
    pub mape: Option<f64>,
    /// Rows that `mape` left out.
    pub mape_left_out: u64,
    /// Mean quantile (pinball) loss: of a label above the prediction `alpha` times the distance, else `1 − alpha` times.
    pub quantile_losses: Vec<QuantileLoss>,
    /// Quantiles of the errors, each to about 1/16000 of their range.
    pub error_quantiles: Vec<Quantile>,
    /// Mean deviance, for models of counts and amounts.
    pub deviance: Option<f64>,
}

/// The quantile loss for one quantile.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct QuantileLoss {
    /// The quantile.
    pub alpha: f64,
    /// The mean loss.
    pub loss: f64,
}

/// A quantile of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Quantile {
    /// The share of the weight that is not above the value.
    pub probability: f64,
    /// The value.
    pub value: f64,
}

impl RegressionMetrics {
    /// Measures pairs of label and prediction, from wherever they come; with weights where they are triples.
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
    /// is NaN or infinite, [`EvaluationError::Weight`] when a weight is that or below 0.
    pub fn from_pairs(pairs: impl IntoIterator<Item = impl Into<Observation>>) -> Result<Self, EvaluationError> {
        let mut tally = RegressionTally::new("of pairs", None);
        for pair in pairs {
            tally.add(pair)?;
        }
        tally.metrics()
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

/// Gathers [`RegressionMetrics`] row by row, in memory that does not grow with the rows.
#[derive(Debug, Clone)]
pub struct RegressionTally {
    set: String,
    seen: u64,
    rows: u64,
    weight: Sum,
    error: Sum,
    absolute: Sum,
    squared: Sum,
    error_deviation: Deviation,
    label: Sum,
    label_deviation: Deviation,
    percentage: Percentage,
    quantile_losses: [Sum; ALPHAS.len()],
    family: Option<Deviance>,
    deviance: Sum,
    errors: Bins,
    labels: Bins,
    predictions: Bins,
    joint: JointCounts,
}

#[derive(Debug, Clone, Default)]
struct Percentage {
    total: Sum,
    weight: Sum,
    left_out: u64,
}

impl RegressionTally {
    /// A tally that errors call `set`, of a deviance too where a family is given.
    pub fn new(set: impl Into<String>, family: Option<Deviance>) -> Self {
        Self {
            set: set.into(),
            seen: 0,
            rows: 0,
            weight: Sum::default(),
            error: Sum::default(),
            absolute: Sum::default(),
            squared: Sum::default(),
            error_deviation: Deviation::default(),
            label: Sum::default(),
            label_deviation: Deviation::default(),
            percentage: Percentage::default(),
            quantile_losses: Default::default(),
            family,
            deviance: Sum::default(),
            errors: Bins::new(),
            labels: Bins::new(),
            predictions: Bins::new(),
            joint: JointCounts::new(),
        }
    }

    /// Counts a row.
    ///
    /// # Errors
    ///
    /// [`EvaluationError::NotFinite`], [`EvaluationError::Weight`], and [`EvaluationError::OutsideFamily`] where a
    /// deviance is asked for and not defined for the row.
    pub fn add(&mut self, row: impl Into<Observation>) -> Result<(), EvaluationError> {
        self.seen += 1;
        let Observation { label, prediction, weight } = row.into().checked(self.seen)?;
        if weight == 0.0 {
            return Ok(());
        }
        if let Some(family) = self.family {
            let outside = EvaluationError::OutsideFamily { row: self.seen, label, prediction, family };
            self.deviance.add(weight * family.of(label, prediction).ok_or(outside)?);
        }
        self.rows += 1;
        let error = prediction - label;
        self.weight.add(weight);
        self.error.add(weight * error);
        self.absolute.add(weight * error.abs());
        self.squared.add(weight * error * error);
        self.error_deviation.add(error, weight);
        self.label.add(weight * label);
        self.label_deviation.add(label, weight);
        self.percentage.add(label, error, weight);
        for (sum, alpha) in self.quantile_losses.iter_mut().zip(ALPHAS) {
            sum.add(weight * quantile_loss(alpha, label, prediction));
        }
        self.errors.add(error, label, weight);
        self.labels.add(label, prediction, weight);
        self.predictions.add(prediction, label, weight);
        self.joint.add(prediction, label);
        Ok(())
    }

    /// What the rows so far come to.
    ///
    /// # Errors
    ///
    /// [`EvaluationError::EmptySet`] without a row of a weight above 0.
    pub fn metrics(&self) -> Result<RegressionMetrics, EvaluationError> {
        if self.rows == 0 {
            return Err(EvaluationError::EmptySet { set: self.set.clone() });
        }
        let weight = self.weight.value();
        let label_mean = self.label.value() / weight;
        let label_stdev = self.label_deviation.stdev();
        let rmse = (self.squared.value() / weight).sqrt();
        let losses = ALPHAS.into_iter().zip(&self.quantile_losses);
        Ok(RegressionMetrics {
            rows: self.rows,
            weight,
            mae: self.absolute.value() / weight,
            rmse,
            bias: self.error.value() / weight,
            stdev_error: self.error_deviation.stdev(),
            median_absolute_error: self.errors.distance_quantile(0.5),
            p90_absolute_error: self.errors.distance_quantile(0.9),
            label_mean,
            label_stdev,
            baseline_rmse: label_stdev,
            baseline_mae: self.labels.mean_distance(label_mean),
            explained: (label_stdev > 0.0).then(|| 1.0 - (rmse / label_stdev).powi(2)),
            mape: self.percentage.mean(),
            mape_left_out: self.percentage.left_out,
            quantile_losses: losses.map(|(alpha, sum)| QuantileLoss { alpha, loss: sum.value() / weight }).collect(),
            error_quantiles: quantiles(&self.errors, &PROBABILITIES),
            deviance: self.family.map(|_| self.deviance.value() / weight),
        })
    }

    pub(crate) fn error_histogram(&self) -> Histogram {
        self.errors.histogram(MOST_BARS, TAIL)
    }

    /// The predictions' distribution, in the form in which a manifest describes a column: there each row counts once.
    pub(crate) fn prediction_profile(&self, name: &str) -> ColumnProfile {
        let quantiles = (0..=100).map(|percent| self.predictions.row_quantile(f64::from(percent) / 100.0)).collect();
        ColumnProfile {
            name: name.to_owned(),
            count: self.rows,
            min: Some(self.predictions.lowest()),
            max: Some(self.predictions.highest()),
            quantiles,
            ..ColumnProfile::default()
        }
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

impl Percentage {
    fn add(&mut self, label: f64, error: f64, weight: f64) {
        if label == 0.0 {
            self.left_out += 1;
        } else {
            self.total.add(weight * (error / label).abs());
            self.weight.add(weight);
        }
    }

    fn mean(&self) -> Option<f64> {
        let weight = self.weight.value();
        (weight > 0.0).then(|| self.total.value() / weight)
    }
}

/// The loss whose mean is least where the prediction is the label's `alpha` quantile.
pub(crate) fn quantile_loss(alpha: f64, label: f64, prediction: f64) -> f64 {
    let below = label - prediction;
    if below >= 0.0 { alpha * below } else { (alpha - 1.0) * below }
}

fn quantiles(bins: &Bins, probabilities: &[f64]) -> Vec<Quantile> {
    probabilities.iter().map(|&probability| Quantile { probability, value: bins.quantile(probability) }).collect()
}
