//! Extraction through a driver of ADBC.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use adbc_core::error::{Error, Status};
use adbc_core::options::{AdbcVersion, OptionConnection, OptionDatabase, OptionValue};
use adbc_core::{Connection, Database, Driver, Optionable, Statement};
use adbc_driver_manager::{ManagedConnection, ManagedDriver, ManagedStatement};
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::Date32Type;
use arrow::record_batch::{RecordBatch, RecordBatchReader};

use crate::column::refuse_duplicates;
use crate::stop::Cancel;
use crate::stream::{self, BATCH_ROWS, Sink};
use crate::{Extract, Parameter, Warehouse, WarehouseError};

/// Any database that has a driver of [ADBC](https://arrow.apache.org/adbc): DuckDB, BigQuery, Snowflake and others.
///
/// The driver is a shared library, named by its path: DuckDB's is `libduckdb` itself with the entry point `duckdb_adbc_init`,
/// others come with their packages. It runs inside this process with all that this process may do.
///
/// The SQL goes to the database as it is, and the parameters are bound in their order, so write placeholders as the database
/// does (`$1` or `?`), and number them in the order in which they stand. The types are the driver's: numbers, booleans, texts
/// and times go into a dataset whatever their width. The query runs in a transaction that is never committed, and in a
/// connection that is read only, where the driver knows such things: let the database's user be one that may only read.
///
/// Memory is the driver's affair: most hand out batch by batch. That of PostgreSQL keeps the whole result of a query with
/// parameters, and returns it as one batch (2 GB for two million rows of 27 columns); [`Postgres`](crate::Postgres) does not.
#[derive(Clone)]
pub struct Adbc {
    driver: PathBuf,
    entry_point: Option<String>,
    options: BTreeMap<String, String>,
}

impl Adbc {
    /// The driver in this shared library. It is loaded by the first extraction.
    pub fn driver(path: impl Into<PathBuf>) -> Self {
        Self { driver: path.into(), entry_point: None, options: BTreeMap::new() }
    }

    /// Sets the function that a driver begins with, where its name is not the usual one.
    #[must_use]
    pub fn entry_point(mut self, name: impl Into<String>) -> Self {
        self.entry_point = Some(name.into());
        self
    }

    /// Sets an option of the database, such as `uri`, `username` or `password`; the driver's pages name them.
    #[must_use]
    pub fn option(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.insert(key.into(), value.into());
        self
    }

    fn connect(&self) -> Result<ManagedConnection, WarehouseError> {
        let failed = |error: Error| WarehouseError::Driver {
            driver: self.driver.clone(),
            source: self.without_secrets(&error.message).into(),
        };
        let entry_point = self.entry_point.as_deref().map(str::as_bytes);
        let mut driver =
            ManagedDriver::load_dynamic_from_filename(&self.driver, entry_point, AdbcVersion::V110).map_err(failed)?;
        let options = self
            .options
            .iter()
            .map(|(key, value)| (OptionDatabase::from(key.as_str()), OptionValue::String(value.clone())));
        let database = driver.new_database_with_opts(options).map_err(failed)?;
        let mut connection = database.new_connection().map_err(failed)?;
        for (option, value) in [(OptionConnection::ReadOnly, "true"), (OptionConnection::AutoCommit, "false")] {
            match connection.set_option(option, OptionValue::String(value.to_owned())) {
                Err(error) if !unknown(&error) => return Err(failed(error)),
                _ => (),
            }
        }
        Ok(connection)
    }

    /// Drivers tell the options that they do not like.
    fn without_secrets(&self, message: &str) -> String {
        let told = self.options.values().filter(|value| value.len() > 3);
        told.fold(message.to_owned(), |message, value| message.replace(value.as_str(), "…"))
    }
}

/// The options' values may be secrets.
impl fmt::Debug for Adbc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options: Vec<_> = self.options.keys().collect();
        f.debug_struct("Adbc")
            .field("driver", &self.driver)
            .field("entry_point", &self.entry_point)
            .field("options", &options)
            .finish()
    }
}

impl Warehouse for Adbc {
    fn extract(&self, extract: &Extract) -> Result<Box<dyn RecordBatchReader + Send>, WarehouseError> {
        let (adbc, asked) = (self.clone(), extract.clone());
        stream::spawn(extract, move |sink| run(adbc.connect()?, &asked, sink))
    }
}

fn run(mut connection: ManagedConnection, extract: &Extract, sink: &Sink) -> Result<(), WarehouseError> {
    let mut statement = connection.new_statement().map_err(refused)?;
    statement.set_sql_query(extract.sql()).map_err(refused)?;
    let parameters = extract.parameters();
    if !parameters.is_empty() {
        statement.prepare().map_err(refused)?;
        statement.bind(bound(&parameters)?).map_err(refused)?;
    }
    let _watch = sink.stop().watch(cancel(&statement));
    extract.go_on()?;
    let reader = statement.execute().map_err(refused)?;
    let schema = reader.schema();
    if schema.fields().is_empty() {
        return Err(WarehouseError::NoColumns);
    }
    refuse_duplicates(&schema)?;
    if !sink.begin(schema) {
        return Ok(());
    }
    let mut rows = 0;
    for batch in reader {
        let batch =
            batch.map_err(|error| WarehouseError::Failed { rows, message: error.to_string(), source: error.into() })?;
        for start in (0..batch.num_rows()).step_by(BATCH_ROWS) {
            if !sink.send(batch.slice(start, BATCH_ROWS.min(batch.num_rows() - start))) {
                return Ok(());
            }
        }
        rows += batch.num_rows() as u64;
    }
    tracing::debug!(rows, "extracted");
    Ok(())
}

/// Works on a thread of its own, since a driver may ask its server, which must not hold up the caller.
fn cancel(statement: &ManagedStatement) -> Cancel {
    let handle = statement.get_cancel_handle();
    Box::new(move || {
        // A driver that cannot cancel stops when its reader is dropped.
        let _ = thread::Builder::new().name("refit-warehouse-cancel".to_owned()).spawn(move || handle.try_cancel());
    })
}

/// One row of the parameters.
fn bound(parameters: &[Parameter]) -> Result<RecordBatch, WarehouseError> {
    let array = |parameter: &Parameter| -> ArrayRef {
        match parameter {
            Parameter::Integer(value) => Arc::new(Int64Array::from(vec![*value])),
            Parameter::Float(value) => Arc::new(Float64Array::from(vec![*value])),
            Parameter::Boolean(value) => Arc::new(BooleanArray::from(vec![*value])),
            Parameter::Text(value) => Arc::new(StringArray::from(vec![value.as_str()])),
            Parameter::Date(value) => Arc::new(Date32Array::from(vec![Date32Type::from_naive_date(*value)])),
            Parameter::Timestamp(value) => {
                Arc::new(TimestampMicrosecondArray::from(vec![value.and_utc().timestamp_micros()]))
            }
        }
    };
    let columns = parameters.iter().zip(1..).map(|(parameter, number)| (number.to_string(), array(parameter)));
    Ok(RecordBatch::try_from_iter(columns)?)
}

fn refused(error: Error) -> WarehouseError {
    WarehouseError::Query { message: error.message.clone(), source: error.into() }
}

fn unknown(error: &Error) -> bool {
    matches!(error.status, Status::NotImplemented | Status::InvalidArguments | Status::NotFound)
}
