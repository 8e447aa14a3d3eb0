//! Arrow columns as the `f32` that XGBoost computes with.

use arrow::array::{Array, ArrayRef, AsArray, Float32Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type};
use arrow::record_batch::RecordBatch;

use crate::error::BoosterError;

/// Checks a batch against the model's features and converts it, column by column.
pub(crate) fn features(
    batch: &RecordBatch,
    num_features: usize,
    names: Option<&[String]>,
) -> Result<Vec<Vec<f32>>, BoosterError> {
    if batch.num_columns() != num_features {
        return Err(BoosterError::ColumnCount { expected: num_features, found: batch.num_columns() });
    }
    let schema = batch.schema_ref();
    for (index, expected) in names.unwrap_or_default().iter().enumerate() {
        let found = schema.field(index).name();
        if found != expected {
            return Err(BoosterError::ColumnName { index, expected: expected.clone(), found: found.clone() });
        }
    }
    let columns = batch.columns().iter().zip(schema.fields());
    columns.map(|(column, field)| values(column, field.name())).collect()
}

/// One column; nulls become NaN, which is XGBoost's missing value.
fn values(column: &ArrayRef, name: &str) -> Result<Vec<f32>, BoosterError> {
    let refused =
        |source| BoosterError::ColumnType { name: name.to_owned(), data_type: column.data_type().to_string(), source };
    if !is_number(column.data_type()) {
        return Err(refused(None));
    }
    let floats = cast(column, &DataType::Float32).map_err(|error| refused(Some(error)))?;
    let floats: &Float32Array = floats.as_primitive::<Float32Type>();
    if floats.null_count() == 0 {
        return Ok(floats.values().to_vec());
    }
    Ok(floats.iter().map(|value| value.unwrap_or(f32::NAN)).collect())
}

fn is_number(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_number(values),
        DataType::Boolean | DataType::Null => true,
        other => other.is_numeric(),
    }
}
