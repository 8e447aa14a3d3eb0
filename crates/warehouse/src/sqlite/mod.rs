//! Extraction from SQLite, and from files loaded into it.

mod decode;
mod load;
mod read;
mod types;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::record_batch::RecordBatchReader;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempPath;

use crate::error::quoted;
use crate::{Extract, Warehouse, WarehouseError, stream};

/// A SQLite database: a file of its own, or Parquet and CSV files loaded as tables.
///
/// Times are text, `2013-01-31` and `2013-01-31 05:00:00` (UTC), which sorts as the time does: `time_hour >= $1` with a
/// day bound to `$1` means here what it means on PostgreSQL. Write `$1` bare; a cast of it means another thing here.
///
/// # Types
///
/// A result column that is a table's column has the type its declaration names:
///
/// | declared | Arrow |
/// |---|---|
/// | `BOOLEAN` | Boolean |
/// | `SMALLINT`, `INT2` / `INT4`, `MEDIUMINT` / `INTEGER`, `INT`, `BIGINT`, `INT8` | Int16 / Int32 / Int64 |
/// | `FLOAT4` / `REAL`, `DOUBLE PRECISION`, `FLOAT`, `FLOAT8` | Float32 / Float64 |
/// | `NUMERIC(p,s)`, `DECIMAL(p,s)` up to 15 digits / any other `NUMERIC` | Decimal128(p,s) / Float64 |
/// | `TEXT`, `VARCHAR(n)`, `CHAR(n)`, `CLOB`, `UUID`, `JSON` | Utf8 |
/// | `BLOB`, `BYTEA` | Binary |
/// | `DATE` / `TIMESTAMP`, `DATETIME` / `TIMESTAMPTZ` | Date32 / Timestamp(µs) / Timestamp(µs, +00:00) |
///
/// An expression has no declaration. Its type is that of its values in the first 8,192 rows: Int64 where all are whole,
/// Float64 where one is not or all are null, Utf8, Binary. A value that does not fit its column's type is an error that
/// names the row; nothing is converted silently. SQLite keeps no NaN: it is null.
#[derive(Debug, Clone)]
pub struct Sqlite {
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    File(PathBuf),
    /// Removed with the last clone.
    Loaded(Arc<TempPath>),
}

impl Sqlite {
    /// The database in a file, read only.
    ///
    /// # Errors
    /// [`WarehouseError::Open`] where there is no such file, or it is no database.
    pub fn file(path: impl Into<PathBuf>) -> Result<Self, WarehouseError> {
        let sqlite = Self { place: Place::File(path.into()) };
        sqlite.connect()?;
        Ok(sqlite)
    }

    /// Loads Parquet (`.parquet`) and CSV files (any other name; first line the columns' names) as tables.
    ///
    /// A CSV column has the type that all its values have: a whole number, a number, a boolean, a day, a moment, else text. Whole numbers
    /// of which one begins with a zero or a plus, such as the postal code 07001, are text.
    ///
    /// The tables live in a temporary file, which goes with the last clone of the value. Loading needs memory for one
    /// batch, and disk for the tables. Times are kept to the microsecond.
    ///
    /// # Errors
    /// [`WarehouseError::Load`] names the file, and the column or the value that a table cannot take.
    pub fn files<T, P>(tables: impl IntoIterator<Item = (T, P)>) -> Result<Self, WarehouseError>
    where
        T: Into<String>,
        P: Into<PathBuf>,
    {
        let path = tempfile::Builder::new()
            .prefix("refit-warehouse-")
            .suffix(".sqlite")
            .tempfile()
            .map_err(|source| WarehouseError::File { act: "written", path: std::env::temp_dir(), source })?
            .into_temp_path();
        let mut connection = open(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        for (table, file) in tables {
            load::load(&mut connection, &table.into(), &file.into())?;
        }
        Ok(Self { place: Place::Loaded(Arc::new(path)) })
    }

    /// Makes an index on a loaded table's columns: what a join looks rows up by.
    ///
    /// # Errors
    /// [`WarehouseError::Index`] where there is no such table or column, and for a database file, which is only read.
    pub fn index(self, table: &str, columns: &[&str]) -> Result<Self, WarehouseError> {
        let list: Vec<_> = columns.iter().map(|column| quoted(column)).collect();
        let list = list.join(", ");
        let failed = |source| WarehouseError::Index { table: table.to_owned(), columns: list.clone(), source };
        let Place::Loaded(path) = &self.place else {
            return Err(failed(None));
        };
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let name = quoted(&format!("{table}({})", columns.join(",")));
        let sql = format!("CREATE INDEX IF NOT EXISTS {name} ON {} ({list})", quoted(table));
        load::hurry(&connection)
            .and_then(|()| connection.execute_batch(&sql))
            .map_err(|error| failed(Some(error.into())))?;
        Ok(self)
    }

    fn connect(&self) -> Result<Connection, WarehouseError> {
        let path: &Path = match &self.place {
            Place::File(path) => path,
            Place::Loaded(path) => path,
        };
        open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
    }
}

impl Warehouse for Sqlite {
    fn extract(&self, extract: &Extract) -> Result<Box<dyn RecordBatchReader + Send>, WarehouseError> {
        let (sqlite, asked) = (self.clone(), extract.clone());
        stream::spawn(extract, move |sink| read::run(&sqlite.connect()?, &asked, sink))
    }
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, WarehouseError> {
    let failed = |source: rusqlite::Error| WarehouseError::Open { path: path.to_owned(), source: source.into() };
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed)?;
    // A double-quoted word that names no column is an error, as it is on PostgreSQL, and not a text.
    for setting in [DbConfig::SQLITE_DBCONFIG_DQS_DML, DbConfig::SQLITE_DBCONFIG_DQS_DDL] {
        connection.set_db_config(setting, false).map_err(failed)?;
    }
    // SQLite opens anything; the first look at the tables tells whether it is a database.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(failed)?;
    Ok(connection)
}
