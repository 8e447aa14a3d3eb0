//! Held-out rows that are in Arrow already.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;

use crate::EvaluationError;
use crate::layout::{Layout, is_weight};

/// What hands out record batches.
type Source = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// Batches of somebody else's, made what an evaluation set yields.
pub(crate) struct Batches {
    source: Source,
    /// Rows handed out so far.
    rows: u64,
}

impl Batches {
    pub(crate) fn new(source: impl Iterator<Item = Result<RecordBatch, ArrowError>> + Send + 'static) -> Self {
        Self { source: Box::new(source), rows: 0 }
    }

    /// The next batch that has rows.
    pub(crate) fn next(&mut self, set: &str, layout: &Layout) -> Result<Option<RecordBatch>, EvaluationError> {
        let failed = |source| EvaluationError::Batch { set: set.to_owned(), source };
        loop {
            let Some(batch) = self.source.next() else { return Ok(None) };
            let batch = batch.map_err(failed)?;
            if batch.num_columns() != layout.width() {
                return Err(EvaluationError::row_width(set, self.rows + 1, layout, batch.num_columns()));
            }
            let labels = self.labels(set, batch.column(0), layout.label())?;
            let features = layout.features().map(|(place, name)| self.feature(set, batch.column(place), name));
            let features = features.collect::<Result<Vec<_>, _>>()?;
            let weights =
                layout.weight().map(|(place, name)| self.weights(set, batch.column(place), name)).transpose()?;
            self.rows += batch.num_rows() as u64;
            if batch.num_rows() > 0 {
                return layout.batch(labels, features.into_iter(), weights).map(Some).map_err(failed);
            }
        }
    }

    fn labels(&self, set: &str, column: &ArrayRef, name: &str) -> Result<ArrayRef, EvaluationError> {
        let labels = number(set, column, name, &DataType::Float64)?;
        let values = labels.as_primitive::<Float64Type>();
        for row in 0..values.len() {
            let (line, value) = (self.rows + row as u64 + 1, values.value(row));
            if values.is_null(row) || value.is_nan() {
                return Err(EvaluationError::MissingLabel { set: set.to_owned(), line });
            }
            #[allow(clippy::cast_possible_truncation, reason = "the narrowing is what is being checked")]
            if !(value as f32).is_finite() {
                return Err(EvaluationError::Label { set: set.to_owned(), line, value: value.to_string() });
            }
        }
        Ok(labels)
    }

    fn weights(&self, set: &str, column: &ArrayRef, name: &str) -> Result<ArrayRef, EvaluationError> {
        let weights = number(set, column, name, &DataType::Float64)?;
        let values = weights.as_primitive::<Float64Type>();
        let refused = (0..values.len()).find(|row| values.is_null(*row) || !is_weight(values.value(*row)));
        match refused {
            None => Ok(weights),
            Some(row) => Err(EvaluationError::RowWeight {
                set: set.to_owned(),
                line: self.rows + row as u64 + 1,
                column: name.to_owned(),
                value: if values.is_null(row) { "null".to_owned() } else { values.value(row).to_string() },
            }),
        }
    }

    fn feature(&self, set: &str, column: &ArrayRef, name: &str) -> Result<ArrayRef, EvaluationError> {
        let feature = number(set, column, name, &DataType::Float32)?;
        let values = feature.as_primitive::<Float32Type>();
        // Looked at as plain numbers first, which is quick; a null's number may be anything.
        let infinite =
            values.values().iter().enumerate().find(|(row, value)| value.is_infinite() && values.is_valid(*row));
        match infinite {
            None => Ok(feature),
            Some((row, value)) => Err(EvaluationError::Field {
                set: set.to_owned(),
                line: self.rows + row as u64 + 1,
                column: name.to_owned(),
                value: value.to_string(),
            }),
        }
    }
}

/// A column as numbers, if it holds such.
fn number(set: &str, column: &ArrayRef, name: &str, as_type: &DataType) -> Result<ArrayRef, EvaluationError> {
    let data_type = column.data_type();
    let numeric = data_type.is_numeric() || matches!(data_type, DataType::Boolean | DataType::Null);
    let refused = || EvaluationError::ColumnType {
        set: set.to_owned(),
        column: name.to_owned(),
        data_type: data_type.to_string(),
    };
    if !numeric {
        return Err(refused());
    }
    cast(column, as_type).map_err(|_| refused())
}
