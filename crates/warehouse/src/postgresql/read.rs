//! Running a query and reading its rows.

use std::sync::Arc;
use std::thread;

use arrow::datatypes::{Field, Schema};
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{FromSql, Type};
use postgres::{Client, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::bind::Bound;
use super::types::{Wire, plan};
use super::{connect, decode};
use crate::column::{Column, columns, finish};
use crate::stream::{BATCH_ROWS, Cancel, Sink};
use crate::{Extract, Parameter, WarehouseError};

/// Prepares and runs the query, and hands its rows to the sink.
pub(super) fn run(
    client: &mut Client,
    connector: MakeRustlsConnect,
    extract: &Extract,
    sink: &Sink,
) -> Result<(), WarehouseError> {
    let statement = client.prepare(extract.sql()).map_err(connect::query_error)?;
    let parameters = extract.parameters();
    let bound = bind(&statement, &parameters)?;
    let plans = plans(&statement)?;
    let fields = plans.iter().zip(statement.columns()).map(|((data_type, _), column)| {
        // A result's description does not say which columns are NOT NULL.
        Field::new(column.name(), data_type.clone(), true)
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let mut columns = columns(&schema)?;
    let wires: Vec<_> = plans.into_iter().map(|(_, wire)| wire).collect();

    if !sink.begin(schema.clone(), cancel(client, connector)) {
        return Ok(());
    }
    // One Execute for all rows: while nobody takes them the socket is not read, and the server waits.
    let mut rows = client.query_raw(&statement, bound).map_err(connect::query_error)?;
    let mut count = 0_u64;
    while let Some(row) = rows.next().map_err(|error| broken(error, count))? {
        count += 1;
        append(&row, &wires, &mut columns, count)?;
        if count.is_multiple_of(BATCH_ROWS as u64) && !sink.send(finish(&schema, &mut columns)?) {
            return Ok(());
        }
    }
    if columns[0].len() > 0 {
        // The last batch: whether somebody still wants it changes nothing here.
        let _ = sink.send(finish(&schema, &mut columns)?);
    }
    tracing::debug!(rows = count, "extracted");
    Ok(())
}

fn bind(statement: &Statement, parameters: &[Parameter]) -> Result<Vec<Bound>, WarehouseError> {
    let used = statement.params().len();
    if used != parameters.len() {
        return Err(WarehouseError::Parameters {
            used: match used {
                0 => "none".to_owned(),
                1 => "$1".to_owned(),
                last => format!("$1 to ${last}"),
            },
            bound: parameters.len(),
        });
    }
    Ok(parameters.iter().map(Bound::from).collect())
}

fn plans(statement: &Statement) -> Result<Vec<(arrow::datatypes::DataType, Wire)>, WarehouseError> {
    if statement.columns().is_empty() {
        return Err(WarehouseError::NoColumns);
    }
    statement.columns().iter().map(plan).collect()
}

fn append(row: &Row, wires: &[Wire], columns: &mut [Column], number: u64) -> Result<(), WarehouseError> {
    for (index, (column, wire)) in columns.iter_mut().zip(wires).enumerate() {
        let Raw(value) = row.try_get(index).map_err(connect::query_error)?;
        match value {
            None => column.append_null(),
            Some(bytes) => decode::append(column, *wire, bytes).map_err(|problem| WarehouseError::Value {
                column: row.columns()[index].name().to_owned(),
                row: number,
                problem,
            })?,
        }
    }
    Ok(())
}

/// An error while rows came. A server that shuts down, or is told to end the session (SQLSTATE 57P01 to 57P05), says so; any
/// other word of it is about the query.
fn broken(error: postgres::Error, rows: u64) -> WarehouseError {
    if error.code().is_some_and(|code| !code.code().starts_with("57P")) {
        return connect::query_error(error);
    }
    WarehouseError::Broken { rows, source: error.into() }
}

/// Stops the query from a thread of its own: asking the server takes a connection, which must not hold up the caller.
fn cancel(client: &Client, connector: MakeRustlsConnect) -> Cancel {
    let token = client.cancel_token();
    Box::new(move || {
        let ask = move || {
            if let Err(error) = token.cancel_query(connector) {
                tracing::debug!(%error, "the query of a dropped reader could not be cancelled");
            }
        };
        if let Err(error) = thread::Builder::new().name("refit-warehouse-cancel".to_owned()).spawn(ask) {
            tracing::debug!(%error, "the query of a dropped reader could not be cancelled");
        }
    })
}

/// A value's bytes, whatever its type.
struct Raw<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(Some(bytes)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
