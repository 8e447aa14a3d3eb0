//! Parquet as the XGBoost container reads it: the label in the first column, a feature in each other, by position.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::table::{Features, Table};

/// Parses the files into one table, the files one after another.
pub(super) fn parse(files: &[Vec<u8>]) -> Result<Table, String> {
    let (mut labels, mut values, mut width) = (Vec::new(), Vec::new(), None);
    for (bytes, file) in files.iter().zip(1..) {
        let failed = |error: &dyn std::fmt::Display| format!("file {file}: {error}");
        let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes.clone())).map_err(|e| failed(&e))?;
        for batch in builder.build().map_err(|e| failed(&e))? {
            let batch = batch.map_err(|e| failed(&e))?;
            let (expected, found) = (*width.get_or_insert(batch.num_columns()), batch.num_columns());
            if found != expected || found < 2 {
                return Err(failed(&format_args!(
                    "{found} columns, where the label and {} features belong",
                    expected.max(2) - 1
                )));
            }
            push(&batch, &mut labels, &mut values).map_err(|e| failed(&e))?;
        }
    }
    Ok(Table::new(labels, Features::Dense { values, columns: width.unwrap_or(1) - 1 }))
}

fn push(batch: &RecordBatch, labels: &mut Vec<f32>, values: &mut Vec<f32>) -> Result<(), String> {
    let schema = batch.schema();
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
        numbers(column).ok_or_else(|| format!("column {} is {}, not a number", field.name(), field.data_type()))
    });
    let columns = columns.collect::<Result<Vec<_>, String>>()?;
    for row in 0..batch.num_rows() {
        let label = columns[0][row];
        if label.is_nan() {
            return Err(format!("row {}: no label", labels.len() + 1));
        }
        labels.push(label);
        values.extend(columns[1..].iter().map(|column| column[row]));
    }
    Ok(())
}

/// A column's numbers, NaN where there is none.
fn numbers(column: &dyn Array) -> Option<Vec<f32>> {
    let kind = column.data_type();
    if !(kind.is_numeric() || *kind == DataType::Boolean) {
        return None;
    }
    let column = cast(column, &DataType::Float32).ok()?;
    Some(column.as_primitive::<Float32Type>().iter().map(|value| value.unwrap_or(f32::NAN)).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
    use parquet::arrow::ArrowWriter;

    use super::*;

    fn file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap()
    }

    #[test]
    fn the_label_is_the_first_column_and_null_is_missing() {
        let delay: ArrayRef = Arc::new(Int64Array::from(vec![3, -4]));
        let wind: ArrayRef = Arc::new(Float64Array::from(vec![Some(0.5), None]));
        let bytes = file(vec![("delay", delay.clone()), ("wind", wind), ("again", delay)]);
        let table = parse(&[bytes.clone(), bytes]).unwrap();
        assert_eq!((table.labels.as_slice(), table.columns), (&[3.0, -4.0, 3.0, -4.0][..], 2));
        let Features::Dense { values, .. } = &table.features else { panic!("sparse") };
        assert!(values[2].is_nan() && values[..2] == [0.5, 3.0] && values[3] == -4.0);
    }

    #[test]
    fn text_and_a_missing_label_are_refused() {
        let label = |value| Arc::new(Int64Array::from(vec![value])) as ArrayRef;
        let carrier: ArrayRef = Arc::new(StringArray::from(vec!["UA"]));
        let text = parse(&[file(vec![("delay", label(Some(1))), ("carrier", carrier)])]).unwrap_err();
        assert_eq!(text, "file 1: column carrier is Utf8, not a number");
        let unlabelled = parse(&[file(vec![("delay", label(None)), ("x", label(Some(1)))])]).unwrap_err();
        assert_eq!(unlabelled, "file 1: row 1: no label");
        assert!(parse(&[b"1,2\n".to_vec()]).unwrap_err().starts_with("file 1: "));
    }
}
