//! Where the label, the features and the weight stand in a row.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;

/// The columns as they are read, and as a set hands them out: the label, the features in order, then the weight if there is one.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    read: SchemaRef,
    schema: SchemaRef,
    weight: Option<usize>,
}

impl Layout {
    pub(crate) fn new<'a>(label: &str, features: impl Iterator<Item = &'a str>) -> Self {
        let label = Field::new(label, DataType::Float64, false);
        let features = features.map(|name| Field::new(name, DataType::Float32, true));
        let read = Arc::new(Schema::new(std::iter::once(label).chain(features).collect::<Vec<_>>()));
        Self { schema: Arc::clone(&read), read, weight: None }
    }

    /// Takes one of the features for the weight, if there is one of this name.
    pub(crate) fn weighted_by(&self, column: &str) -> Option<Self> {
        let at = self.features().find(|(_, name)| *name == column)?.0;
        let mut fields: Vec<_> = self.read.fields().iter().map(Arc::clone).collect();
        fields.remove(at);
        fields.push(Arc::new(Field::new(column, DataType::Float64, false)));
        Some(Self { read: Arc::clone(&self.read), schema: Arc::new(Schema::new(fields)), weight: Some(at) })
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// How many columns are read.
    pub(crate) fn width(&self) -> usize {
        self.read.fields().len()
    }

    /// The place and name of each feature among the columns that are read.
    pub(crate) fn features(&self) -> impl Iterator<Item = (usize, &str)> {
        let places = (0..self.width()).skip(1).filter(|place| Some(*place) != self.weight);
        places.map(|place| (place, self.read.field(place).name().as_str()))
    }

    /// The weight's place and name among the columns that are read.
    pub(crate) fn weight(&self) -> Option<(usize, &str)> {
        self.weight.map(|place| (place, self.read.field(place).name().as_str()))
    }

    /// The name of the label's column.
    pub(crate) fn label(&self) -> &str {
        self.read.field(0).name()
    }

    /// A batch as a set hands it out.
    pub(crate) fn batch(
        &self,
        label: ArrayRef,
        features: impl Iterator<Item = ArrayRef>,
        weights: Option<ArrayRef>,
    ) -> Result<RecordBatch, ArrowError> {
        let columns = std::iter::once(label).chain(features).chain(weights).collect();
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
    }
}

/// Whether a number can be a row's weight. What is no finite `f32` is none for XGBoost.
#[allow(clippy::cast_possible_truncation, reason = "the narrowing is what is being checked")]
pub(crate) fn is_weight(value: f64) -> bool {
    value >= 0.0 && (value as f32).is_finite()
}
