//! Batches of rows, column by column, against the training rows.

use arrow::array::{Array, AsArray};
use arrow::datatypes::Float32Type;
use arrow::record_batch::RecordBatch;

use super::{DriftLimits, DriftReport, DriftTally};
use crate::kind::Kind;
use crate::metrics::likeliest;
use crate::outputs::{Outputs, Row};
use crate::{ColumnProfile, EvaluationSet, TrainingProfile};

/// What the predictions are called among the columns that drift.
pub(crate) const PREDICTION: &str = "prediction";

/// How far the columns are from the training rows. Rows of weight 0 are left out; the others count once, as in a manifest.
pub(crate) struct RowsDrift {
    /// Each with its place in a batch, or none for the predictions.
    columns: Vec<(Option<usize>, DriftTally)>,
    kind: Kind,
    limits: DriftLimits,
}

impl RowsDrift {
    /// Of the columns that the training profile describes, and of the predictions if it describes such as a model of this kind
    /// makes.
    pub(crate) fn new(set: &EvaluationSet, training: &TrainingProfile, kind: Kind, limits: DriftLimits) -> Self {
        let names = std::iter::once(training.label.as_str()).chain(set.features()).enumerate();
        let columns = names.map(|(place, name)| (Some(place), name)).chain([(None, PREDICTION)]);
        let known = |(place, name): (Option<usize>, &str)| {
            let profile = training.column(name)?;
            let alike = place.is_some() || profile.classes.is_empty() == (kind != Kind::Classes);
            // The label is a Float64 here as it was there; the features are what the model sees of them.
            let profile = if place.is_some_and(|place| place > 0) { narrowed(profile) } else { profile.clone() };
            alike.then(|| (place, DriftTally::new(profile)))
        };
        Self { columns: columns.filter_map(known).collect(), kind, limits }
    }

    /// The predictions are those of the model that the training rows made: the champion, where there is one.
    pub(crate) fn add(&mut self, batch: &RecordBatch, outputs: &Outputs<'_>) {
        let kind = self.kind;
        let prediction = |row: Row<'_>| match kind {
            Kind::Classes => likeliest(row.outputs) as f64,
            Kind::Amount | Kind::TwoClasses => row.prediction(),
        };
        let rows = || outputs.rows().enumerate().filter(|(_, row)| row.weight > 0.0);
        for (column, tally) in &mut self.columns {
            match *column {
                None => rows().for_each(|(_, row)| tally.add(Some(prediction(row)))),
                Some(0) => rows().for_each(|(_, row)| tally.add(Some(row.label))),
                Some(column) => {
                    let values = batch.column(column).as_primitive::<Float32Type>();
                    let value = |row| values.is_valid(row).then(|| f64::from(values.value(row)));
                    rows().for_each(|(row, _)| tally.add(value(row)));
                }
            }
        }
    }

    pub(crate) fn report(&self) -> DriftReport {
        DriftReport::new(self.columns.iter().map(|(_, tally)| tally.drift(&self.limits)).collect(), self.limits)
    }
}

/// The profile of the same values as Float32. A Float64 that stands at a quantile would otherwise lie beside it as a Float32.
fn narrowed(profile: &ColumnProfile) -> ColumnProfile {
    let float32 = |value: &f64| f64::from(*value as f32);
    ColumnProfile {
        min: profile.min.as_ref().map(float32),
        max: profile.max.as_ref().map(float32),
        quantiles: profile.quantiles.iter().map(float32).collect(),
        ..profile.clone()
    }
}
