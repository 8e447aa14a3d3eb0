//! Running a query and reading its rows.

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use super::catalog::Catalog;
use super::types::{Plan, is_built_in, plan};
use super::{Choices, Rows, schema};
use crate::WarehouseError;
use crate::connection::Connection;
use crate::dialect::{Dialect, Query};
use crate::session::{Failure, Session};
use crate::warehouse::{SERVER_VERSION, SNAPSHOT};

/// A query that the server understood, and how its result is read.
pub(crate) struct Prepared {
    pub(super) plans: Vec<Plan>,
    pub(super) choices: Choices,
    pub(crate) schema: SchemaRef,
    formats: Vec<i16>,
}

impl Prepared {
    /// The same with the schema of the query that this one is a part of.
    pub(crate) fn with_schema_of(self, whole: &Self) -> Self {
        Self { schema: whole.schema.clone(), ..self }
    }
}

/// Opens a read-only transaction, and returns what identifies the data that it sees.
pub(crate) fn begin(
    session: &mut Session,
    dialect: Dialect,
    connection: &Connection,
    snapshot: Option<&str>,
) -> Result<Vec<(String, String)>, WarehouseError> {
    let refused = |failure| explain(failure, 0);
    session.ask(&dialect.begin(connection, snapshot)).map_err(refused)?;
    let ask = match dialect {
        Dialect::PostgreSql => {
            "SELECT pg_catalog.current_setting('server_version'), pg_catalog.txid_current_snapshot()"
        }
        Dialect::Redshift => "SELECT version()",
    };
    let rows = session.ask(ask).map_err(refused)?;
    let said = rows.into_iter().next().unwrap_or_default();
    let keys = [SERVER_VERSION, SNAPSHOT].map(str::to_owned);
    Ok(keys.into_iter().zip(said).filter_map(|(key, value)| Some((key, value?))).collect())
}

/// Has the server understand the query, and settles how each column is read.
pub(crate) fn prepare(
    session: &mut Session,
    dialect: Dialect,
    choices: Choices,
    query: &Query,
    metadata: Vec<(String, String)>,
) -> Result<Prepared, WarehouseError> {
    let refused = |failure| explain(failure, 0);
    let statement = session.prepare(&query.sql).map_err(refused)?;
    if statement.parameters != query.values.len() {
        return Err(WarehouseError::Parameters {
            used: match statement.parameters {
                0 => "none".to_owned(),
                1 => "$1".to_owned(),
                last => format!("$1 to ${last}"),
            },
            bound: query.values.len(),
        });
    }
    if statement.columns.is_empty() {
        return Err(WarehouseError::NoColumns);
    }
    let mut catalog = Catalog::default();
    if dialect == Dialect::PostgreSql && statement.columns.iter().any(|column| !is_built_in(column.type_oid)) {
        catalog = Catalog::of(&statement.columns, session).map_err(refused)?;
        // The look-up took the place of the statement, which has no name.
        session.prepare(&query.sql).map_err(refused)?;
    }
    let plans: Vec<_> =
        statement.columns.iter().map(|column| plan(column, dialect, &catalog, choices.numeric)).collect();
    let formats = plans.iter().map(Plan::format).collect();
    Ok(Prepared { schema: schema(&plans, metadata)?, plans, choices, formats })
}

/// Runs the query that was prepared last, and hands its rows to `send`, which says whether it wants more.
pub(crate) fn stream(
    session: &mut Session,
    prepared: &Prepared,
    values: &[String],
    mut send: impl FnMut(RecordBatch) -> bool,
) -> Result<u64, WarehouseError> {
    let mut rows = Rows::new(prepared)?;
    session.execute(values, &prepared.formats).map_err(|failure| explain(failure, 0))?;
    while let Some(row) = session.next_row().map_err(|failure| explain(failure, rows.count))? {
        rows.append(row)?;
        if rows.is_full()
            && let Some(batch) = rows.take()?
            && !send(batch)
        {
            return Ok(rows.count);
        }
    }
    if let Some(batch) = rows.take()? {
        // The last batch: whether somebody still wants it changes nothing here.
        send(batch);
    }
    Ok(rows.count)
}

/// What a failure means, by how many rows had come and by the server's SQLSTATE.
pub(crate) fn explain(failure: Failure, rows: u64) -> WarehouseError {
    let refusal = match failure {
        Failure::Refused(refusal) => refusal,
        Failure::Denied(source) => return WarehouseError::Broken { rows, source },
        Failure::Lost(error) => return WarehouseError::Broken { rows, source: error.into() },
    };
    let message = refusal.line();
    match refusal.code.as_str() {
        "25006" => WarehouseError::Writes { message, source: refusal },
        // A syntax error found where a statement is taken for preparation, and not where it is parsed.
        "42601" if refusal.routine == "exec_parse_message" => WarehouseError::SeveralStatements { source: refusal },
        "57014" => WarehouseError::Cancelled { rows, message, source: refusal },
        // The server shuts down, or was told to end the session.
        code if code.starts_with("57P") => WarehouseError::Broken { rows, source: refusal },
        _ if rows == 0 => WarehouseError::Query { message, source: refusal },
        _ => WarehouseError::Failed { rows, message, source: refusal },
    }
}
