//! What can go wrong, by what the caller can do about it.

use std::error::Error;
use std::fmt::Write;
use std::io;
use std::path::PathBuf;

use arrow::error::ArrowError;
use chrono::NaiveDate;

/// An error of a library below, kept as it is.
pub type Source = Box<dyn Error + Send + Sync>;

/// Why an extraction or a dataset was not made, and what to do about it.
///
/// No variant carries a password: neither its text nor its sources do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WarehouseError {
    /// The window has no day.
    #[error("the window from {floor} up to {ceiling} has no day: move the floor back, or push back fewer days")]
    EmptyWindow {
        /// The first day asked for.
        floor: NaiveDate,
        /// The day that should come after the window.
        ceiling: NaiveDate,
    },
    /// A share of the rows is not between 1 and 99 percent.
    #[error("{percent} is no share of the rows: give a whole number of percent from 1 to 99")]
    InvalidPercent {
        /// The number given.
        percent: u32,
    },
    /// The split leaves a set without rows whatever the rows are.
    #[error("the split cannot be made: {reason}")]
    InvalidSplit {
        /// Why, and what to change.
        reason: String,
    },
    /// The connection URL cannot be read.
    #[error(
        "the connection URL is not valid ({reason}): write postgres://user:password@host:port/database, with %-escapes for special characters"
    )]
    InvalidUrl {
        /// What part of it.
        reason: String,
    },
    /// No server answers at that address.
    #[error("no server answers at {host}: check the host's name, the port, the network and that the server runs")]
    Unreachable {
        /// Host and port.
        host: String,
        /// What the connection attempt said.
        #[source]
        source: Source,
    },
    /// No encrypted connection came about.
    #[error("no encrypted connection to {host}: {remedy}")]
    Tls {
        /// Host and port.
        host: String,
        /// What to change.
        remedy: &'static str,
        /// What the handshake said.
        #[source]
        source: Source,
    },
    /// The certificate authorities cannot be read.
    #[error("no certificate authority can be read from {place}: give a PEM file with `ca_file`")]
    CertificateAuthorities {
        /// The file, or the system's store.
        place: String,
        /// What reading it said.
        #[source]
        source: Source,
    },
    /// The server does not take the user or the password.
    #[error(
        "the server at {host} does not let the user {user} in: check the user, the password and the server's rules for this address"
    )]
    Authentication {
        /// Host and port.
        host: String,
        /// The user.
        user: String,
        /// What the server said.
        #[source]
        source: Source,
    },
    /// The server has no such database.
    #[error("the server at {host} has no database {database}: correct the name in the connection URL")]
    Database {
        /// Host and port.
        host: String,
        /// The database asked for.
        database: String,
        /// What the server said.
        #[source]
        source: Source,
    },
    /// The server takes no session now, for a reason of its own.
    #[error("the server at {host} opens no session now: see the source, and try again later")]
    Session {
        /// Host and port.
        host: String,
        /// What the server said.
        #[source]
        source: Source,
    },
    /// A database file cannot be opened.
    #[error("the database file {} cannot be opened: check that it exists and is a SQLite database", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: Source,
    },
    /// A file cannot be loaded as a table.
    #[error("the file {} cannot be loaded as table {table}: {remedy}", path.display())]
    Load {
        /// The table's name.
        table: String,
        /// The file.
        path: PathBuf,
        /// What to change.
        remedy: &'static str,
        /// What reading the file or filling the table said.
        #[source]
        source: Source,
    },
    /// An index cannot be made.
    #[error(
        "no index on {table} ({columns}): only tables loaded by `Sqlite::files` are indexed, on columns that they have"
    )]
    Index {
        /// The table's name.
        table: String,
        /// The columns, as SQL.
        columns: String,
        /// What SQLite said.
        #[source]
        source: Option<Source>,
    },
    /// The warehouse refuses the query, or gives it up.
    #[error("the warehouse refused the query: {message}")]
    Query {
        /// What it said, with its code where it has one.
        message: String,
        /// The whole of it.
        #[source]
        source: Source,
    },
    /// The query names other parameters than were bound.
    #[error(
        "the query uses the parameters {used}, and {bound} are bound: number them $1, $2, … without a gap (a window binds $1 and $2)"
    )]
    Parameters {
        /// The parameters in the text.
        used: String,
        /// How many were bound.
        bound: usize,
    },
    /// The statement returns no columns.
    #[error("the statement returns no columns: an extract is a SELECT")]
    NoColumns,
    /// The connection broke while rows were read.
    #[error("the connection broke after {rows} rows: extract again")]
    Broken {
        /// How many rows had come.
        rows: u64,
        /// What the connection said.
        #[source]
        source: Source,
    },
    /// The thread that reads the rows ended without a word.
    #[error("the thread that reads the rows stopped before the last of them: extract again, and report it as a bug")]
    Stopped,
    /// The thread that reads the rows cannot be started.
    #[error("no thread can be started to read the rows: free some memory or threads")]
    Thread {
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A column has a type that is not read.
    #[error("column {column} is of type {data_type}, which is not read: {remedy}")]
    UnsupportedType {
        /// The column.
        column: String,
        /// Its type, in the warehouse's words.
        data_type: String,
        /// The SQL to write instead.
        remedy: String,
    },
    /// A value is not one of its column's type.
    #[error("row {row}, column {column}: {problem}")]
    Value {
        /// The column.
        column: String,
        /// The row in the result, from 1.
        row: u64,
        /// What is wrong, and what to write instead.
        problem: String,
    },
    /// Two columns have one name.
    #[error("two columns are named {column}: name each column of the SELECT once, with AS")]
    DuplicateColumn {
        /// The name.
        column: String,
    },
    /// The label is not among the columns.
    #[error("there is no label column {label}: {}", there_are(columns))]
    MissingLabel {
        /// The label asked for.
        label: String,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// The label is not a number.
    #[error(
        "the label {label} is of type {data_type}: select a number, for example CASE WHEN … THEN 1 ELSE 0 END AS {}",
        quoted(label)
    )]
    LabelType {
        /// The label.
        label: String,
        /// Its type.
        data_type: String,
    },
    /// A row has no label.
    #[error("row {row} has no finite label {label}: leave such rows out, WHERE {} IS NOT NULL", quoted(label))]
    NullLabel {
        /// The label.
        label: String,
        /// The row in the result, from 1.
        row: u64,
    },
    /// A feature is text.
    #[error(
        "feature {column} is text, and XGBoost takes numbers: select one 0/1 column for each value, CASE WHEN {0} = '…' THEN 1 ELSE 0 END AS \"{column}_…\", or leave it out",
        quoted(column)
    )]
    TextFeature {
        /// The feature.
        column: String,
    },
    /// A feature is a day or a moment.
    #[error(
        "feature {column} is a {data_type}, and XGBoost takes numbers: select a part of it, EXTRACT(HOUR FROM {0}) on PostgreSQL or CAST(strftime('%H', {0}) AS INTEGER) on SQLite, or leave it out",
        quoted(column)
    )]
    TimeFeature {
        /// The feature.
        column: String,
        /// Its type.
        data_type: String,
    },
    /// A feature has a type that is no number.
    #[error(
        "feature {column} is of type {data_type}, and XGBoost takes numbers: select a number instead, or leave it out"
    )]
    FeatureType {
        /// The feature.
        column: String,
        /// Its type.
        data_type: String,
    },
    /// No column is left to learn from.
    #[error(
        "no feature is left besides the label {label}, the split's column and what is left out: select more columns"
    )]
    NoFeatures {
        /// The label.
        label: String,
    },
    /// A column that should be left out is not there.
    #[error("there is no column {column} to leave out: {}", there_are(columns))]
    UnknownLeftOut {
        /// The column asked for.
        column: String,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// The split's column is not there.
    #[error("there is no column {column} to split by: {}", there_are(columns))]
    UnknownSplitColumn {
        /// The column asked for.
        column: String,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// The split's column has a type it cannot be split by.
    #[error("column {column} is of type {data_type}, which no split is made by: {remedy}")]
    SplitColumnType {
        /// The column.
        column: String,
        /// Its type.
        data_type: String,
        /// What to select instead.
        remedy: &'static str,
    },
    /// A row belongs to no set.
    #[error("row {row} has no {column} to split by: leave such rows out, WHERE {} IS NOT NULL", quoted(column))]
    NullSplit {
        /// The split's column.
        column: String,
        /// The row in the result, from 1.
        row: u64,
    },
    /// A set got no row.
    #[error("no row fell into {file} of {rows} rows: {remedy}")]
    EmptySplit {
        /// The set's file.
        file: &'static str,
        /// How many rows there were in all.
        rows: u64,
        /// What to change.
        remedy: &'static str,
    },
    /// A file cannot be written or read.
    #[error("the file {} cannot be {act}: check the folder, its permissions and the free space", path.display())]
    File {
        /// `written` or `read`.
        act: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A manifest is not one.
    #[error("{} is no dataset manifest: write the dataset again", path.display())]
    InvalidManifest {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        #[source]
        source: serde_json::Error,
    },
    /// A reader that is not this crate's failed, or a batch cannot be built.
    #[error("the batches cannot be read")]
    Arrow {
        /// What arrow said.
        #[source]
        source: ArrowError,
    },
}

impl From<ArrowError> for WarehouseError {
    /// Takes back the error that travelled through a `RecordBatchReader`.
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::ExternalError(source) => match source.downcast() {
                Ok(error) => *error,
                Err(source) => Self::Arrow { source: ArrowError::ExternalError(source) },
            },
            source => Self::Arrow { source },
        }
    }
}

impl From<WarehouseError> for ArrowError {
    fn from(error: WarehouseError) -> Self {
        Self::ExternalError(Box::new(error))
    }
}

/// A name as both PostgreSQL and SQLite quote it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn there_are(columns: &[String]) -> String {
    let mut text = "there are ".to_owned();
    for (index, column) in columns.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        // Writing to a String does not fail.
        let _ = write!(text, "{comma}{column}");
    }
    text
}
