//! Extraction from PostgreSQL.

use std::convert::Infallible;
use std::sync::Arc;

use arrow::record_batch::RecordBatchReader;

use crate::connection::Connection;
use crate::dialect::Dialect;
use crate::parallel;
use crate::rows::{self, Choices, InfiniteTimes, NumericAs};
use crate::session::{Connector, Session};
use crate::stream::{self, Sink};
use crate::{Extract, Warehouse, WarehouseError};

/// A PostgreSQL database.
///
/// | parameter | default | what it does |
/// |---|---|---|
/// | [`numeric`](Self::numeric) | the declared decimal | whether `numeric` is read as a decimal or as a double |
/// | [`infinite_times`](Self::infinite_times) | an error | what `infinity` of a date or a timestamp is read as |
///
/// How to get in is the [`Connection`]'s: a URL does, where nothing needs to be said beyond it. Sessions run in the time zone
/// UTC, in a read-only transaction.
///
/// ```no_run
/// use refit_warehouse::{Connection, Extract, Postgres, Warehouse};
///
/// let connection = Connection::url("postgres://etl@warehouse.example.com/analytics")?
///     .password(std::fs::read_to_string("/run/secrets/etl")?)
///     .search_path(["features", "public"]);
/// let warehouse = Postgres::new(connection)?;
/// for batch in warehouse.extract(&Extract::new("SELECT * FROM events WHERE clicks > $1").bind(10))? {
///     println!("{} rows", batch?.num_rows());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Postgres {
    connection: Connection,
    choices: Choices,
}

impl Postgres {
    /// The database that a [`Connection`], or its URL, leads to. Connects to nothing yet.
    ///
    /// # Errors
    /// [`ConnectionError::InvalidUrl`](crate::ConnectionError::InvalidUrl).
    pub fn new<C>(connection: C) -> Result<Self, WarehouseError>
    where
        C: TryInto<Connection>,
        WarehouseError: From<C::Error>,
    {
        Ok(Self { connection: connection.try_into()?, choices: Choices::default() })
    }

    /// Sets what `numeric` is read as.
    #[must_use]
    pub fn numeric(mut self, numeric: NumericAs) -> Self {
        self.choices.numeric = numeric;
        self
    }

    /// Sets what an infinite date, timestamp or interval is read as.
    #[must_use]
    pub fn infinite_times(mut self, infinite: InfiniteTimes) -> Self {
        self.choices.infinite = infinite;
        self
    }
}

impl From<Infallible> for WarehouseError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl Warehouse for Postgres {
    fn extract(&self, extract: &Extract) -> Result<Box<dyn RecordBatchReader + Send>, WarehouseError> {
        let (choices, asked) = (self.choices, extract.clone());
        let connector = Connector::new(self.connection.clone())?;
        stream::spawn(extract, move |sink| match asked.over() {
            Some(parallel) => parallel::run(&connector, choices, &asked, parallel, sink),
            None => run(&connector, Dialect::PostgreSql, choices, &asked, sink),
        })
    }
}

/// Extracts over one connection.
pub(crate) fn run(
    connector: &Arc<Connector>,
    dialect: Dialect,
    choices: Choices,
    extract: &Extract,
    sink: &Sink,
) -> Result<(), WarehouseError> {
    let mut session = connector.open(sink.stop())?;
    let query = dialect.query(extract, takes_backslashes(&session))?;
    let metadata = rows::begin(&mut session, dialect, &connector.connection, None)?;
    let prepared = rows::prepare(&mut session, dialect, choices, &query, metadata)?;
    if sink.begin(prepared.schema.clone()) {
        let rows = rows::stream(&mut session, &prepared, &query.values, |batch| sink.send(batch))?;
        tracing::debug!(rows, "extracted");
    }
    Ok(())
}

/// Whether the server takes a backslash in any text for an escape.
pub(crate) fn takes_backslashes(session: &Session) -> bool {
    session.parameter("standard_conforming_strings") == Some("off")
}
