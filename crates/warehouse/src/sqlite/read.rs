//! Running a query and reading its rows.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Error, Rows, Statement};

use super::decode;
use super::types::{declared, inferred};
use crate::column::{Column, columns, finish, refuse_duplicates};
use crate::stream::{BATCH_BYTES, BATCH_ROWS, Sink};
use crate::{Extract, Parameter, WarehouseError};

/// Prepares and runs the query, and hands its rows to the sink.
pub(super) fn run(connection: &Connection, extract: &Extract, sink: &Sink) -> Result<(), WarehouseError> {
    let mut statement = connection.prepare(extract.sql()).map_err(query_error)?;
    bind(&mut statement, &extract.parameters())?;
    let (names, types) = described(&statement)?;
    let interrupt = connection.get_interrupt_handle();
    let _watch = sink.stop().watch(Box::new(move || interrupt.interrupt()));
    extract.go_on()?;

    let mut rows = statement.raw_query();
    let first = First::read(&mut rows, &types)?;
    let schema = first.schema(&names, &types);
    refuse_duplicates(&schema)?;
    let mut reading = Reading { columns: columns(&schema)?, names, schema, count: 0, bytes: 0 };
    if !sink.begin(reading.schema.clone()) {
        return Ok(());
    }
    for row in &first.rows {
        reading.append(row.iter().map(ValueRef::from))?;
    }
    if !reading.columns_are_empty() && !sink.send(reading.finish()?) {
        return Ok(());
    }
    drop(first);
    while let Some(row) = rows.next().map_err(query_error)? {
        let count = reading.names.len();
        let values = (0..count).map(|index| row.get_ref(index)).collect::<Result<Vec<_>, _>>();
        reading.append(values.map_err(query_error)?.into_iter())?;
        if reading.is_full() && !sink.send(reading.finish()?) {
            return Ok(());
        }
    }
    if !reading.columns_are_empty() {
        // The last batch: whether somebody still wants it changes nothing here.
        let _ = sink.send(reading.finish()?);
    }
    tracing::debug!(rows = reading.count, "extracted");
    Ok(())
}

/// The first batch's rows, kept until the types of its expressions are known.
struct First {
    rows: Vec<Vec<Value>>,
}

impl First {
    fn read(rows: &mut Rows<'_>, types: &[Option<DataType>]) -> Result<Self, WarehouseError> {
        let (mut first, mut bytes) = (Vec::new(), 0);
        while first.len() < BATCH_ROWS && bytes < BATCH_BYTES {
            let Some(row) = rows.next().map_err(query_error)? else { break };
            let values = (0..types.len()).map(|index| row.get::<_, Value>(index));
            let values: Vec<_> = values.collect::<Result<_, _>>().map_err(query_error)?;
            bytes += values.iter().map(|value| size(value.into())).sum::<usize>();
            first.push(values);
        }
        Ok(Self { rows: first })
    }

    fn schema(&self, names: &[String], types: &[Option<DataType>]) -> SchemaRef {
        let field = |(index, (name, declared)): (usize, (&String, &Option<DataType>))| {
            let values = self.rows.iter().filter_map(|row| row.get(index));
            let data_type = declared.clone().unwrap_or_else(|| inferred(values));
            Field::new(name, data_type, true)
        };
        Arc::new(Schema::new(names.iter().zip(types).enumerate().map(field).collect::<Vec<_>>()))
    }
}

struct Reading {
    schema: SchemaRef,
    names: Vec<String>,
    columns: Vec<Column>,
    count: u64,
    /// What the batch in the making holds.
    bytes: usize,
}

impl Reading {
    fn append<'v>(&mut self, values: impl Iterator<Item = ValueRef<'v>>) -> Result<(), WarehouseError> {
        self.count += 1;
        for (index, (column, value)) in self.columns.iter_mut().zip(values).enumerate() {
            self.bytes += size(value);
            decode::append(column, value).map_err(|problem| WarehouseError::Value {
                column: self.names[index].clone(),
                row: self.count,
                problem,
            })?;
        }
        Ok(())
    }

    fn columns_are_empty(&self) -> bool {
        self.columns.iter().all(|column| column.len() == 0)
    }

    fn is_full(&self) -> bool {
        self.bytes >= BATCH_BYTES || self.columns.first().is_some_and(|column| column.len() == BATCH_ROWS)
    }

    fn finish(&mut self) -> Result<arrow::record_batch::RecordBatch, WarehouseError> {
        self.bytes = 0;
        finish(&self.schema, &mut self.columns)
    }
}

/// How many bytes a value takes, about.
fn size(value: ValueRef<'_>) -> usize {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => 8,
    }
}

/// The result's column names, and their types where a declaration says them.
fn described(statement: &Statement<'_>) -> Result<(Vec<String>, Vec<Option<DataType>>), WarehouseError> {
    let columns = statement.columns();
    if columns.len() == 0 {
        return Err(WarehouseError::NoColumns);
    }
    Ok(columns.map(|column| (column.name().to_owned(), column.decl_type().and_then(declared))).unzip())
}

/// Binds by name: to SQLite `$1` is a parameter that happens to be named so.
fn bind(statement: &mut Statement<'_>, parameters: &[Parameter]) -> Result<(), WarehouseError> {
    let mut used = Vec::new();
    for index in 1..=statement.parameter_count() {
        let name = statement.parameter_name(index).unwrap_or("?").to_owned();
        let parameter = name
            .strip_prefix('$')
            .and_then(|number| number.parse::<usize>().ok())
            .and_then(|number| parameters.get(number.checked_sub(1)?));
        if let Some(parameter) = parameter {
            bind_one(statement, index, parameter).map_err(query_error)?;
        }
        used.push((name, parameter.is_some()));
    }
    if used.len() != parameters.len() || used.iter().any(|(_, found)| !found) {
        let names: Vec<_> = used.into_iter().map(|(name, _)| name).collect();
        return Err(WarehouseError::Parameters {
            used: if names.is_empty() { "none".to_owned() } else { names.join(", ") },
            bound: parameters.len(),
        });
    }
    Ok(())
}

fn bind_one(statement: &mut Statement<'_>, index: usize, parameter: &Parameter) -> rusqlite::Result<()> {
    match parameter {
        Parameter::Integer(number) => statement.raw_bind_parameter(index, number),
        Parameter::Float(number) => statement.raw_bind_parameter(index, number),
        Parameter::Boolean(truth) => statement.raw_bind_parameter(index, truth),
        text => statement.raw_bind_parameter(index, text.to_text()),
    }
}

fn query_error(error: Error) -> WarehouseError {
    if matches!(error, Error::MultipleStatement) {
        return WarehouseError::SeveralStatements { source: error.into() };
    }
    WarehouseError::Query { message: error.to_string(), source: error.into() }
}
