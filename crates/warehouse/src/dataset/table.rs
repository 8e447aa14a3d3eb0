//! Rows as a table of Parquet.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Builder, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, Float32Type, Float64Type, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::cells::Cells;
use crate::WarehouseError;

/// A row group ends when it needs this much memory. Each set has one in the making.
const ROW_GROUP_BYTES: usize = 8 * 1024 * 1024;

/// A table of which the row groups that are full have become bytes.
pub(super) struct Table {
    schema: SchemaRef,
    writer: ArrowWriter<Vec<u8>>,
}

impl Table {
    /// A table of columns of these names and types, the label first.
    pub(super) fn new<'a>(columns: impl Iterator<Item = (&'a str, &'a DataType)>) -> Result<Self, WarehouseError> {
        let fields = columns.enumerate().map(|(index, (name, data_type))| Field::new(name, kept(data_type), index > 0));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties)).map_err(unencoded)?;
        Ok(Self { schema, writer })
    }

    /// Adds some rows of a batch's columns.
    pub(super) fn append(&mut self, columns: &[&ArrayRef], rows: &[u32]) -> Result<(), WarehouseError> {
        let rows = UInt32Array::from(rows.to_vec());
        let taken = columns.iter().map(|column| numbers(&take(column, &rows, None)?));
        let batch = RecordBatch::try_new(self.schema.clone(), taken.collect::<Result<_, ArrowError>>()?)?;
        self.writer.write(&batch).map_err(unencoded)?;
        if self.writer.memory_size() >= ROW_GROUP_BYTES {
            self.writer.flush().map_err(unencoded)?;
        }
        Ok(())
    }

    /// Ends the table: its last bytes are ready.
    pub(super) fn finish(&mut self) -> Result<(), WarehouseError> {
        self.writer.finish().map(drop).map_err(unencoded)
    }

    /// The bytes that are ready.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.writer.inner()
    }

    /// Lets go of the bytes that were ready: the writer counts what it wrote by itself.
    pub(super) fn clear(&mut self) {
        self.writer.inner_mut().clear();
    }
}

/// The type that a column is kept as. Readers make one matrix of all columns: a boolean or a decimal among them would make it
/// one of objects.
fn kept(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Boolean => DataType::Int8,
        DataType::Decimal128(..) => DataType::Float64,
        other => other.clone(),
    }
}

/// The column as it is kept, null where its value is missing.
fn numbers(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    Ok(match column.data_type() {
        DataType::Boolean => cast(column, &DataType::Int8)?,
        DataType::Float32 => Arc::new(column.as_primitive::<Float32Type>().unary_opt::<_, Float32Type>(finite)),
        DataType::Float64 => Arc::new(column.as_primitive::<Float64Type>().unary_opt::<_, Float64Type>(finite64)),
        DataType::Decimal128(..) => {
            let mut doubles = Float64Builder::with_capacity(column.len());
            // A batch has far fewer rows than a u32 counts.
            let rows: Vec<_> = (0..column.len() as u32).collect();
            Cells::new(column).each_number(&rows, |_, number| doubles.append_option(number));
            Arc::new(doubles.finish())
        }
        _ => column.clone(),
    })
}

fn finite(value: f32) -> Option<f32> {
    value.is_finite().then_some(value)
}

fn finite64(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn unencoded(error: ParquetError) -> WarehouseError {
    WarehouseError::Arrow { source: ArrowError::from_external_error(Box::new(error)) }
}
