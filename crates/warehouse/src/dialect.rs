//! What differs between the servers that speak PostgreSQL's protocol.

use crate::connection::Connection;
use crate::error::quoted;
use crate::literals;
use crate::{Extract, Parameter, WarehouseError};

/// A server's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Values come in binary, parameters are bound, and types that are not built in are looked up.
    PostgreSql,
    /// Values come as text, since its binary numeric is not PostgreSQL's; parameters are written into the query, since it
    /// infers other types for them; nothing is looked up, since its catalogue lacks what PostgreSQL's has, and a failed look
    /// ends the transaction.
    Redshift,
}

/// A query as it is sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Query {
    pub(crate) sql: String,
    /// What is bound to its parameters.
    pub(crate) values: Vec<String>,
}

impl Dialect {
    /// SQL that opens a read-only transaction in a new session and sets what a query's values depend on. With a `snapshot` of
    /// another session the transaction sees what that one sees.
    pub(crate) fn begin(self, connection: &Connection, snapshot: Option<&str>) -> String {
        let begin = match self {
            Self::PostgreSql => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Self::Redshift => "BEGIN READ ONLY",
        };
        let snapshot = snapshot.map(|snapshot| format!("; SET TRANSACTION SNAPSHOT {}", literals::quoted(snapshot)));
        format!("{begin}{}; {}", snapshot.unwrap_or_default(), self.settings(connection))
    }

    /// SQL that sets what a query's values depend on.
    pub(crate) fn settings(self, connection: &Connection) -> String {
        let mut settings = vec!["TIME ZONE 'UTC'".to_owned(), "datestyle TO 'ISO, YMD'".to_owned()];
        settings.push(match self {
            Self::PostgreSql => "bytea_output TO 'hex'".to_owned(),
            // The most that it takes; without it a float's text has not all its digits.
            Self::Redshift => "extra_float_digits TO 2".to_owned(),
        });
        if !connection.search_path.is_empty() {
            let schemas: Vec<_> = connection.search_path.iter().map(|schema| quoted(schema)).collect();
            settings.push(format!("search_path TO {}", schemas.join(", ")));
        }
        if let Some(timeout) = connection.statement_timeout {
            settings.push(format!("statement_timeout TO {}", timeout.as_millis()));
        }
        let set = match self {
            // To the transaction's end, so that a pooler's next client finds the session as it was.
            Self::PostgreSql => "SET LOCAL",
            Self::Redshift => "SET",
        };
        let settings: Vec<_> = settings.into_iter().map(|setting| format!("{set} {setting}")).collect();
        settings.join("; ")
    }

    /// The query to send for an extract, in a session that takes backslashes in any text for escapes or not.
    pub(crate) fn query(self, extract: &Extract, backslashes: bool) -> Result<Query, WarehouseError> {
        let parameters = extract.parameters();
        refuse_nul(extract.sql(), &parameters)?;
        match self {
            Self::PostgreSql => Ok(Query {
                sql: extract.sql().to_owned(),
                values: parameters.iter().map(Parameter::to_server_text).collect(),
            }),
            Self::Redshift => {
                Ok(Query { sql: literals::write_in(extract.sql(), &parameters, backslashes)?, values: Vec::new() })
            }
        }
    }
}

fn refuse_nul(sql: &str, parameters: &[Parameter]) -> Result<(), WarehouseError> {
    let nul = |place: String| Err(WarehouseError::Nul { place });
    if sql.contains('\0') {
        return nul("the query".to_owned());
    }
    match parameters.iter().position(|parameter| matches!(parameter, Parameter::Text(text) if text.contains('\0'))) {
        Some(index) => nul(format!("the parameter ${}", index + 1)),
        None => Ok(()),
    }
}
