//! What a row brings to a metric.

use crate::EvaluationError;

/// A label, what the model predicted for it, and how much the row counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// What was observed.
    pub label: f64,
    /// What the model predicted.
    pub prediction: f64,
    /// How much the row counts, as `sample_weight` in scikit-learn: 1 unless given; 0 leaves it out.
    pub weight: f64,
}

impl From<(f64, f64)> for Observation {
    /// A label and its prediction, of weight 1.
    fn from((label, prediction): (f64, f64)) -> Self {
        Self { label, prediction, weight: 1.0 }
    }
}

impl From<(f64, f64, f64)> for Observation {
    /// A label, its prediction and its weight.
    fn from((label, prediction, weight): (f64, f64, f64)) -> Self {
        Self { label, prediction, weight }
    }
}

impl Observation {
    /// Refuses what no sum could take: NaN, infinities, and weights below 0.
    pub(crate) fn checked(self, row: u64) -> Result<Self, EvaluationError> {
        let Self { label, prediction, weight } = self;
        if !(label.is_finite() && prediction.is_finite()) {
            return Err(EvaluationError::NotFinite { row, label, prediction });
        }
        checked_weight(weight, row)?;
        Ok(self)
    }
}

pub(crate) fn checked_weight(weight: f64, row: u64) -> Result<(), EvaluationError> {
    if weight.is_finite() && weight >= 0.0 { Ok(()) } else { Err(EvaluationError::Weight { row, weight }) }
}
