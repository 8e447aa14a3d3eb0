//! Two classes: how good the probabilities are, and how good the ranking.

use serde::Serialize;

use super::observation::Observation;
use super::ranking::{Curves, Scores};
use crate::EvaluationError;
use crate::sums::Sum;

/// Bins of equal width in which probabilities are compared with what happened.
const BINS: usize = 10;

/// How well probabilities of the class 1 fit labels of 0 and 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BinaryMetrics {
    /// Rows measured, of a weight above 0.
    pub rows: u64,
    /// Their weight together.
    pub weight: f64,
    /// The weight of those with the label 1.
    pub positive_weight: f64,
    /// The areas under the ROC and precision-recall curves, and the curves; none where there is one class only.
    pub curves: Option<Curves>,
    /// Mean of `−ln p` of the class that it was. Probabilities are kept 2⁻⁵² away from 0 and 1, as scikit-learn does.
    pub logloss: f64,
    /// Share of rows on the wrong side: a probability above 0.5 says 1, as XGBoost's `error` has it.
    pub error: f64,
    /// Share of rows with the label 1 in those that are said to have it; 0 where none is.
    pub precision: f64,
    /// Share of rows said to have the label 1 in those that have it; 0 where none has.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Weights by label, then by what was said.
    pub confusion: [[f64; 2]; 2],
    /// Mean squared distance of the probability from the label.
    pub brier: f64,
    /// Mean distance, over all rows, between the probability and the share of ones in its calibration bin.
    pub expected_calibration_error: f64,
    /// Probabilities against what happened, over ten equal ranges; ranges without rows are left out.
    pub calibration: Vec<CalibrationBin>,
}

/// A tenth of the range of probabilities. A probability on an edge belongs to the range below it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CalibrationBin {
    /// Rows in the range.
    pub rows: u64,
    /// Their weight.
    pub weight: f64,
    /// The mean of their probabilities.
    pub predicted: f64,
    /// The share of ones in them.
    pub actual: f64,
}

#[derive(Debug, Clone, Default)]
struct Bin {
    rows: u64,
    weight: Sum,
    predicted: Sum,
    actual: Sum,
}

/// Gathers [`BinaryMetrics`] row by row. Memory grows with the distinct probabilities, 24 bytes for each.
#[derive(Debug, Clone, Default)]
pub struct BinaryTally {
    set: String,
    seen: u64,
    rows: u64,
    scores: Scores,
    logloss: Sum,
    brier: Sum,
    /// Weights by label, then by what was said.
    confusion: [[Sum; 2]; 2],
    bins: [Bin; BINS],
}

impl BinaryTally {
    /// A tally that errors call `set`.
    pub fn new(set: impl Into<String>) -> Self {
        Self { set: set.into(), ..Self::default() }
    }

    /// Counts a row.
    ///
    /// # Errors
    ///
    /// [`EvaluationError::NotFinite`], [`EvaluationError::Weight`], [`EvaluationError::Class`] for a label other than
    /// 0 and 1, [`EvaluationError::Probability`] for a prediction outside 0 to 1.
    pub fn add(&mut self, row: impl Into<Observation>) -> Result<(), EvaluationError> {
        self.seen += 1;
        let Observation { label, prediction, weight } = row.into().checked(self.seen)?;
        let positive = label == 1.0;
        if !positive && label != 0.0 {
            return Err(EvaluationError::Class { row: self.seen, label, classes: 2 });
        }
        if !(0.0..=1.0).contains(&prediction) {
            return Err(EvaluationError::Probability { row: self.seen, prediction });
        }
        if weight == 0.0 {
            return Ok(());
        }
        self.rows += 1;
        self.scores.add(prediction, positive, weight);
        self.logloss.add(weight * log_loss(label, prediction));
        self.brier.add(weight * brier(label, prediction));
        self.confusion[usize::from(positive)][usize::from(prediction > 0.5)].add(weight);
        let bin = &mut self.bins[bin_of(prediction)];
        bin.rows += 1;
        bin.weight.add(weight);
        bin.predicted.add(weight * prediction);
        bin.actual.add(weight * label);
        Ok(())
    }

    /// What the rows so far come to.
    ///
    /// # Errors
    ///
    /// [`EvaluationError::EmptySet`] without a row of a weight above 0.
    pub fn metrics(&self) -> Result<BinaryMetrics, EvaluationError> {
        if self.rows == 0 {
            return Err(EvaluationError::EmptySet { set: self.set.clone() });
        }
        let confusion = [0, 1].map(|label| [0, 1].map(|said| self.confusion[label][said].value()));
        let [[true_negative, false_positive], [false_negative, true_positive]] = confusion;
        let weight = true_negative + false_positive + false_negative + true_positive;
        let calibration = self.calibration();
        let apart = calibration.iter().map(|bin| bin.weight * (bin.predicted - bin.actual).abs()).sum::<f64>();
        Ok(BinaryMetrics {
            rows: self.rows,
            weight,
            positive_weight: true_positive + false_negative,
            curves: self.scores.curves(),
            logloss: self.logloss.value() / weight,
            error: (false_positive + false_negative) / weight,
            precision: share(true_positive, true_positive + false_positive),
            recall: share(true_positive, true_positive + false_negative),
            f1: share(2.0 * true_positive, 2.0 * true_positive + false_positive + false_negative),
            confusion,
            brier: self.brier.value() / weight,
            expected_calibration_error: apart / weight,
            calibration,
        })
    }

    fn calibration(&self) -> Vec<CalibrationBin> {
        let filled = self.bins.iter().filter(|bin| bin.rows > 0);
        let compared = filled.map(|bin| CalibrationBin {
            rows: bin.rows,
            weight: bin.weight.value(),
            predicted: bin.predicted.value() / bin.weight.value(),
            actual: bin.actual.value() / bin.weight.value(),
        });
        compared.collect()
    }
}

/// `−ln p` of the class that it was.
pub(crate) fn log_loss(label: f64, prediction: f64) -> f64 {
    let probability = prediction.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
    -(label * probability.ln() + (1.0 - label) * (1.0 - probability).ln())
}

/// The squared distance of a probability from what happened.
pub(crate) fn brier(label: f64, prediction: f64) -> f64 {
    (prediction - label).powi(2)
}

/// A share, 0 where there is nothing to share.
pub(super) fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// The range that a probability lies in: the edges are tenths, and belong to the range below.
fn bin_of(probability: f64) -> usize {
    (1..BINS).filter(|edge| probability > *edge as f64 * 0.1).count()
}
