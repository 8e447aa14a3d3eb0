//! What a model predicted for the rows of a batch.

use refit_booster::Predictions;

use crate::Observation;

/// The rows of a batch with what a model predicted for them.
pub(crate) struct Outputs<'a> {
    pub(crate) labels: &'a [f64],
    /// None where every row counts once.
    pub(crate) weights: Option<&'a [f64]>,
    pub(crate) predictions: Predictions,
}

/// A row with what a model predicted for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) label: f64,
    pub(crate) weight: f64,
    /// One number, or the probability of each class.
    pub(crate) outputs: &'a [f32],
}

impl Outputs<'_> {
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let outputs = self.predictions.values.chunks_exact(self.predictions.groups.max(1));
        let weight = |row| self.weights.map_or(1.0, |weights: &[f64]| weights[row]);
        let rows = self.labels.iter().zip(outputs).enumerate();
        rows.map(move |(row, (label, outputs))| Row { label: *label, weight: weight(row), outputs })
    }
}

impl Row<'_> {
    /// The first output, which is the only one but of several classes.
    pub(crate) fn prediction(&self) -> f64 {
        self.outputs.first().copied().map_or(f64::NAN, f64::from)
    }

    pub(crate) fn observation(&self) -> Observation {
        (self.label, self.prediction(), self.weight).into()
    }
}
