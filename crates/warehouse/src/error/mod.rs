//! What can go wrong, by what the caller can do about it.

mod connection;
mod conversions;
mod dataset;

use std::error::Error;
use std::io;
use std::path::PathBuf;

use arrow::error::ArrowError;
use chrono::NaiveDate;

pub use self::connection::ConnectionError;
pub(crate) use self::conversions::quoted;
pub use self::dataset::DatasetError;
use crate::Set;

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
    /// No session with the server came about.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// A database file cannot be opened.
    #[error("the database file {} cannot be opened: check that it exists and is a SQLite database", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: Source,
    },
    /// A driver cannot be loaded, or does not come to a connection.
    #[cfg(feature = "adbc")]
    #[error(
        "the driver {} opens no connection: check its path, its entry point and the options that its pages name",
        driver.display()
    )]
    Driver {
        /// The driver's library.
        driver: PathBuf,
        /// What it said, or the loader.
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
    /// A parameter or the query's text cannot be sent.
    #[error("{place} holds a NUL character, which no server's text can hold: take it out")]
    Nul {
        /// `the query`, or the parameter's number.
        place: String,
    },
    /// The text holds more than one statement.
    #[error("the text holds more than one statement: an extract is one SELECT")]
    SeveralStatements {
        /// What the warehouse said.
        #[source]
        source: Source,
    },
    /// The statement would change the warehouse.
    #[error("the statement writes, and an extract only reads ({message}): select what is there already")]
    Writes {
        /// What the warehouse said.
        message: String,
        /// The whole of it.
        #[source]
        source: Source,
    },
    /// The statement returns no columns.
    #[error("the statement returns no columns: an extract is a SELECT")]
    NoColumns,
    /// The query failed while rows were read.
    #[error("the query failed after {rows} rows: {message}")]
    Failed {
        /// How many rows had come.
        rows: u64,
        /// What the warehouse said, with its code.
        message: String,
        /// The whole of it.
        #[source]
        source: Source,
    },
    /// The server gave the query up: its time was over, or somebody cancelled it.
    #[error(
        "the server gave the query up after {rows} rows: {message}; raise `statement_timeout`, or read a smaller window"
    )]
    Cancelled {
        /// How many rows had come.
        rows: u64,
        /// What the server said, with its code.
        message: String,
        /// The whole of it.
        #[source]
        source: Source,
    },
    /// The connection broke while rows were read.
    #[error("the connection broke after {rows} rows: extract again")]
    Broken {
        /// How many rows had come.
        rows: u64,
        /// What the connection said.
        #[source]
        source: Source,
    },
    /// The query cannot be read in parts.
    #[error("the query cannot be read over several connections: {reason}")]
    Partition {
        /// Why, and what to change.
        reason: String,
    },
    /// The server's plan does not say how large the result will be.
    #[error(
        "the server's plan does not say how large the result will be ({plan}): choose between extract and unload yourself"
    )]
    Estimate {
        /// The plan's first line.
        plan: String,
    },
    /// What UNLOAD left is no manifest.
    #[error("this is no manifest of UNLOAD: unload again, and read the file that it names")]
    InvalidUnloadManifest {
        /// What is wrong in it.
        #[source]
        source: serde_json::Error,
    },
    /// UNLOAD's manifest lists another number of rows than the cluster counted in the set.
    #[error(
        "the cluster counted {counted} rows in the {set} set, and the manifest of its UNLOAD lists {listed}: files are missing from it, or are not this query's; clear the prefix, and begin the dataset again"
    )]
    UnloadedRows {
        /// The set.
        set: Set,
        /// How many rows the cluster has in it.
        counted: u64,
        /// How many the manifest lists.
        listed: u64,
    },
    /// The caller stopped it, by the [`Stop`](crate::Stop) of its extract.
    #[error("the extraction was called off by its caller before its end: extract again")]
    CalledOff,
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
    /// A dataset cannot be made of these columns, or of one of these rows.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A file cannot be read.
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
    /// A place takes no more of a dataset. Nothing is there under a file's own name, or, where the place failed when the files got their
    /// names, no manifest.
    #[error(
        "{place} took {bytes} bytes, and failed in writing its first {rows} rows: see the source, make room or repair the cause, and write the dataset again"
    )]
    Unwritten {
        /// The file, as its place calls it.
        place: String,
        /// How many bytes it had taken.
        bytes: u64,
        /// How many rows there were in what had been given to it.
        rows: u64,
        /// What the place said.
        #[source]
        source: Source,
    },
    /// A manifest is not one.
    #[error("{place} is no dataset manifest: write the dataset again")]
    InvalidManifest {
        /// Where it is from.
        place: String,
        /// What is wrong in it.
        #[source]
        source: serde_json::Error,
    },
    /// A manifest is another version's.
    #[error("{place} is a manifest of version {version}, and this program reads {known}: write the dataset again")]
    ManifestVersion {
        /// Where it is from.
        place: String,
        /// Its version.
        version: u32,
        /// The version that is read.
        known: u32,
    },
    /// A reader that is not this crate's failed, or a batch cannot be built.
    #[error("the batches cannot be read")]
    Arrow {
        /// What arrow said.
        #[source]
        source: ArrowError,
    },
}
