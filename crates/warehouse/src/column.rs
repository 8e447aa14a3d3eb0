//! One column of a batch in the making.

use std::sync::Arc;

use arrow::array::{
    ArrayBuilder, ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder,
    Float64Builder, Int16Builder, Int32Builder, Int64Builder, IntervalMonthDayNanoBuilder, StringBuilder,
    Time64MicrosecondBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, IntervalUnit, Schema, SchemaRef, TimeUnit};
use arrow::record_batch::RecordBatch;

use crate::WarehouseError;
use crate::list::List;
use crate::stream::BATCH_ROWS;

/// A moment with a time zone, as every warehouse hands it out.
///
/// Written as an offset: arrow's formatters know `UTC` only with a time zone database.
pub(crate) fn timestamp_with_zone() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()))
}

/// A moment without a time zone, as every warehouse hands it out.
pub(crate) fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, None)
}

/// Builds one column of each type that a warehouse hands out.
pub(crate) enum Column {
    Boolean(BooleanBuilder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Decimal(Decimal128Builder, Digits),
    Text(StringBuilder),
    Binary(BinaryBuilder),
    Date(Date32Builder),
    Time(Time64MicrosecondBuilder),
    Timestamp(TimestampMicrosecondBuilder, Zone),
    Interval(IntervalMonthDayNanoBuilder),
    List(List),
}

/// How many digits a decimal has, and how many of them after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digits {
    pub(crate) precision: u8,
    pub(crate) scale: i8,
}

impl Digits {
    /// Whether a number scaled to these digits is in range.
    pub(crate) fn hold(self, scaled: i128) -> bool {
        10_u128.checked_pow(self.precision.into()).is_none_or(|limit| scaled.unsigned_abs() < limit)
    }
}

/// Whether a moment has a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zone {
    Utc,
    Unsaid,
}

impl Column {
    /// A column of a type, `None` where no warehouse hands that type out.
    pub(crate) fn new(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Boolean => Self::Boolean(BooleanBuilder::with_capacity(BATCH_ROWS)),
            DataType::Int16 => Self::Int16(Int16Builder::with_capacity(BATCH_ROWS)),
            DataType::Int32 => Self::Int32(Int32Builder::with_capacity(BATCH_ROWS)),
            DataType::Int64 => Self::Int64(Int64Builder::with_capacity(BATCH_ROWS)),
            DataType::Float32 => Self::Float32(Float32Builder::with_capacity(BATCH_ROWS)),
            DataType::Float64 => Self::Float64(Float64Builder::with_capacity(BATCH_ROWS)),
            DataType::Decimal128(precision, scale) => Self::Decimal(
                Decimal128Builder::with_capacity(BATCH_ROWS).with_data_type(data_type.clone()),
                Digits { precision: *precision, scale: *scale },
            ),
            DataType::Utf8 => Self::Text(StringBuilder::new()),
            DataType::Binary => Self::Binary(BinaryBuilder::new()),
            DataType::Date32 => Self::Date(Date32Builder::with_capacity(BATCH_ROWS)),
            DataType::Timestamp(TimeUnit::Microsecond, zone) => Self::Timestamp(
                TimestampMicrosecondBuilder::with_capacity(BATCH_ROWS).with_data_type(data_type.clone()),
                if zone.is_some() { Zone::Utc } else { Zone::Unsaid },
            ),
            DataType::Time64(TimeUnit::Microsecond) => Self::Time(Time64MicrosecondBuilder::with_capacity(BATCH_ROWS)),
            DataType::Interval(IntervalUnit::MonthDayNano) => {
                Self::Interval(IntervalMonthDayNanoBuilder::with_capacity(BATCH_ROWS))
            }
            DataType::List(element) => Self::List(List::new(element)?),
            _ => return None,
        })
    }

    pub(crate) fn append_null(&mut self) {
        match self {
            Self::Boolean(column) => column.append_null(),
            Self::Int16(column) => column.append_null(),
            Self::Int32(column) => column.append_null(),
            Self::Int64(column) => column.append_null(),
            Self::Float32(column) => column.append_null(),
            Self::Float64(column) => column.append_null(),
            Self::Decimal(column, _) => column.append_null(),
            Self::Text(column) => column.append_null(),
            Self::Binary(column) => column.append_null(),
            Self::Date(column) => column.append_null(),
            Self::Time(column) => column.append_null(),
            Self::Timestamp(column, _) => column.append_null(),
            Self::Interval(column) => column.append_null(),
            Self::List(column) => column.append_null(),
        }
    }

    /// Takes what was appended, and starts anew.
    pub(crate) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Boolean(column) => Arc::new(column.finish()),
            Self::Int16(column) => Arc::new(column.finish()),
            Self::Int32(column) => Arc::new(column.finish()),
            Self::Int64(column) => Arc::new(column.finish()),
            Self::Float32(column) => Arc::new(column.finish()),
            Self::Float64(column) => Arc::new(column.finish()),
            Self::Decimal(column, _) => Arc::new(column.finish()),
            Self::Text(column) => Arc::new(column.finish()),
            Self::Binary(column) => Arc::new(column.finish()),
            Self::Date(column) => Arc::new(column.finish()),
            Self::Time(column) => Arc::new(column.finish()),
            Self::Timestamp(column, _) => Arc::new(column.finish()),
            Self::Interval(column) => Arc::new(column.finish()),
            Self::List(column) => Arc::new(column.finish()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Boolean(column) => column.len(),
            Self::Int16(column) => column.len(),
            Self::Int32(column) => column.len(),
            Self::Int64(column) => column.len(),
            Self::Float32(column) => column.len(),
            Self::Float64(column) => column.len(),
            Self::Decimal(column, _) => column.len(),
            Self::Text(column) => column.len(),
            Self::Binary(column) => column.len(),
            Self::Date(column) => column.len(),
            Self::Time(column) => column.len(),
            Self::Timestamp(column, _) => column.len(),
            Self::Interval(column) => column.len(),
            Self::List(column) => column.len(),
        }
    }
}

/// Refuses a result of which two columns have one name: nothing further on could tell them apart.
pub(crate) fn refuse_duplicates(schema: &Schema) -> Result<(), WarehouseError> {
    let mut names: Vec<_> = schema.fields().iter().map(|field| field.name()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(WarehouseError::DuplicateColumn { column: pair[0].clone() }),
        None => Ok(()),
    }
}

/// Builds a column of each of a schema's fields.
pub(crate) fn columns(schema: &SchemaRef) -> Result<Vec<Column>, WarehouseError> {
    let column = |field: &Arc<arrow::datatypes::Field>| {
        Column::new(field.data_type()).ok_or_else(|| WarehouseError::UnsupportedType {
            column: field.name().clone(),
            data_type: field.data_type().to_string(),
            remedy: "leave the column out".to_owned(),
        })
    };
    schema.fields().iter().map(column).collect()
}

/// Takes what the columns hold as a batch.
pub(crate) fn finish(schema: &SchemaRef, columns: &mut [Column]) -> Result<RecordBatch, WarehouseError> {
    let arrays = columns.iter_mut().map(Column::finish).collect();
    Ok(RecordBatch::try_new(schema.clone(), arrays)?)
}
