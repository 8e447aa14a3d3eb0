//! Parquet and CSV files as tables.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::csv::ReaderBuilder;
use arrow::csv::reader::Format;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, Schema,
    TimestampMicrosecondType,
};
use arrow::record_batch::{RecordBatch, RecordBatchReader};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement, ToSql};

use super::types::{declaration, loaded};
use crate::error::{Source, quoted};
use crate::stream::BATCH_ROWS;
use crate::{WarehouseError, iso};

/// Turns off what keeps a database whole over a crash: a temporary file needs no such care.
pub(super) fn hurry(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32000;")
}

/// Loads one file as one table.
pub(super) fn load(connection: &mut Connection, table: &str, path: &Path) -> Result<(), WarehouseError> {
    let failed = |remedy: &'static str| {
        move |source: Source| WarehouseError::Load { table: table.to_owned(), path: path.to_owned(), remedy, source }
    };
    let is_parquet = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"));
    let reader = match is_parquet {
        true => open_parquet(path),
        false => open_csv(path),
    };
    let reader = reader.map_err(failed("give a Parquet file, or a CSV file whose first line names the columns"))?;
    let declarations =
        declarations(&reader.schema()).map_err(failed("leave the column out of the file, or change its type"))?;
    hurry(connection).map_err(|error| failed("see the source")(error.into()))?;
    let rows = fill(connection, table, &declarations, reader)
        .map_err(failed("correct the file; a table's name and each column's must be there once"))?;
    tracing::debug!(table, rows, "loaded");
    Ok(())
}

type Batches = Box<dyn RecordBatchReader>;

fn open_parquet(path: &Path) -> Result<Batches, Source> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    Ok(Box::new(builder.with_batch_size(BATCH_ROWS).build()?))
}

/// Reads the whole file for the columns' types, so that no later value misfits, and once more for codes among its numbers.
fn open_csv(path: &Path) -> Result<Batches, Source> {
    let file = || File::open(path).map(BufReader::new);
    let (schema, _) = Format::default().with_header(true).infer_schema(file()?, None)?;
    let schema = with_codes(&schema, file()?)?;
    let builder = ReaderBuilder::new(Arc::new(schema)).with_header(true).with_batch_size(BATCH_ROWS);
    Ok(Box::new(builder.build_buffered(file()?)?))
}

/// A column of which a whole number begins with a zero, as postal codes do, or with a plus is text: a number would lose it.
fn with_codes(schema: &Schema, file: BufReader<File>) -> Result<Schema, Source> {
    let mut fields: Vec<_> = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    let texts: Vec<_> = fields.iter().map(|field| field.clone().with_data_type(DataType::Utf8)).collect();
    let reader = ReaderBuilder::new(Arc::new(Schema::new(texts))).with_header(true).with_batch_size(BATCH_ROWS);
    for batch in reader.build_buffered(file)? {
        for (field, column) in fields.iter_mut().zip(batch?.columns()) {
            if *field.data_type() == DataType::Int64 && column.as_string::<i32>().iter().flatten().any(is_code) {
                field.set_data_type(DataType::Utf8);
            }
        }
    }
    Ok(Schema::new(fields))
}

fn is_code(number: &str) -> bool {
    let digits = number.trim_start_matches(['-', '+']);
    number.starts_with('+') || (digits.len() > 1 && digits.starts_with('0'))
}

/// A column's name, how it is declared, and the type its values are loaded through.
struct Declared {
    name: String,
    declaration: String,
    data_type: DataType,
}

fn declarations(schema: &Schema) -> Result<Vec<Declared>, Source> {
    let declared = |field: &Arc<arrow::datatypes::Field>| {
        let known = declaration(field.data_type()).and_then(|text| Some((loaded(&text)?, text)));
        let (data_type, declaration) = known.ok_or_else(|| {
            format!("column {} is of type {}, which SQLite has no exact place for", field.name(), field.data_type())
        })?;
        Ok(Declared { name: field.name().clone(), declaration, data_type })
    };
    schema.fields().iter().map(declared).collect()
}

fn fill(connection: &mut Connection, table: &str, declared: &[Declared], reader: Batches) -> Result<usize, Source> {
    let columns: Vec<_> = declared.iter().map(|it| format!("{} {}", quoted(&it.name), it.declaration)).collect();
    let marks = vec!["?"; declared.len()].join(", ");
    let transaction = connection.transaction()?;
    transaction.execute_batch(&format!("CREATE TABLE {} ({})", quoted(table), columns.join(", ")))?;
    let mut rows = 0;
    {
        let mut insert = transaction.prepare(&format!("INSERT INTO {} VALUES ({marks})", quoted(table)))?;
        for batch in reader {
            let batch = batch?;
            insert_batch(&mut insert, declared, &batch, rows)?;
            rows += batch.num_rows();
        }
    }
    transaction.commit()?;
    Ok(rows)
}

fn insert_batch(
    insert: &mut Statement<'_>,
    declared: &[Declared],
    batch: &RecordBatch,
    before: usize,
) -> Result<(), Source> {
    let arrays = batch.columns().iter().zip(declared).map(|(array, declared)| cast_exactly(array, declared));
    let arrays = arrays.collect::<Result<Vec<ArrayRef>, Source>>()?;
    for row in 0..batch.num_rows() {
        for (index, (array, declared)) in arrays.iter().zip(declared).enumerate() {
            let value = Cell::at(array, row).ok_or_else(|| {
                format!("row {}, column {}: the value has no place in SQLite", before + row + 1, declared.name)
            })?;
            insert.raw_bind_parameter(index + 1, value)?;
        }
        insert.raw_execute()?;
    }
    Ok(())
}

/// A value that does not fit the wider type is an error, not a null.
fn cast_exactly(array: &ArrayRef, declared: &Declared) -> Result<ArrayRef, Source> {
    let cast = cast(array, &declared.data_type)?;
    if cast.null_count() > array.logical_null_count() {
        return Err(
            format!("column {} has a value that does not fit into {}", declared.name, declared.declaration).into()
        );
    }
    Ok(cast)
}

/// One value on its way into a table.
enum Cell<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a str),
    Time(String),
    Blob(&'a [u8]),
}

impl<'a> Cell<'a> {
    fn at(array: &'a ArrayRef, row: usize) -> Option<Self> {
        if array.is_null(row) {
            return Some(Self::Null);
        }
        Some(match array.data_type() {
            DataType::Boolean => Self::Integer(array.as_boolean().value(row).into()),
            DataType::Int16 => Self::Integer(array.as_primitive::<Int16Type>().value(row).into()),
            DataType::Int32 => Self::Integer(array.as_primitive::<Int32Type>().value(row).into()),
            DataType::Int64 => Self::Integer(array.as_primitive::<Int64Type>().value(row)),
            DataType::Float32 => Self::Real(array.as_primitive::<Float32Type>().value(row).into()),
            DataType::Float64 => Self::Real(array.as_primitive::<Float64Type>().value(row)),
            // At most fifteen digits, so both are exact in a double and the quotient is the nearest one.
            DataType::Decimal128(_, scale) => {
                Self::Real(array.as_primitive::<Decimal128Type>().value(row) as f64 / 10_f64.powi((*scale).into()))
            }
            DataType::Utf8 => Self::Text(array.as_string::<i32>().value(row)),
            DataType::Binary => Self::Blob(array.as_binary::<i32>().value(row)),
            DataType::Date32 => Self::time(iso::date_text(array.as_primitive::<Date32Type>().value(row)), 10)?,
            DataType::Timestamp(..) => {
                Self::time(iso::timestamp_text(array.as_primitive::<TimestampMicrosecondType>().value(row)), 19)?
            }
            _ => return None,
        })
    }

    /// Times outside the years 0 to 9999 are longer or empty, and do not sort as text.
    fn time(text: String, length: usize) -> Option<Self> {
        // A fraction of a second has a point and one to six digits.
        let is_fraction = |rest: &str| rest.starts_with('.') && rest.len() <= 7;
        let ends = text.get(length..).is_some_and(|rest| rest.is_empty() || is_fraction(rest));
        let sorts = text.as_bytes().get(4) == Some(&b'-') && !text.starts_with('-') && ends;
        sorts.then_some(Self::Time(text))
    }
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Integer(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
            Self::Real(number) => ToSqlOutput::Borrowed(ValueRef::Real(*number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Time(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Blob(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}
