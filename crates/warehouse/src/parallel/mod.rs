//! One query read over several connections, under one snapshot.

mod blocks;
mod range;
mod run;
mod sorted;

pub(crate) use self::run::run;

/// How a query is read over several connections.
///
/// The connections share one snapshot (`pg_export_snapshot`), so together they see what one alone would see: the rows are the
/// same. A warehouse that has no snapshots to share reads with one connection.
///
/// What bounds it is the server: one of its processes hands out rows as fast as one core makes them, so with its own cores to
/// spare as many connections as there are cores help, and no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parallel {
    pub(crate) connections: usize,
    pub(crate) by: By,
    pub(crate) parts: Option<usize>,
    pub(crate) in_order: bool,
}

/// What a query is cut by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum By {
    Range { column: String },
    Blocks { table: String },
}

impl Parallel {
    /// Cuts the result by ranges of equal width of one of its columns: a whole number, a date or a timestamp, best one with an
    /// index. Rows where the column is null are in the last range.
    ///
    /// Each connection runs the query and keeps its range of the result. So the data must settle the rows: a LIMIT or DISTINCT ON
    /// among ties, or `random()`, may have others on each connection, and rows would be lost or come twice.
    pub fn by_range(column: impl Into<String>, connections: usize) -> Self {
        Self { connections: connections.max(1), by: By::Range { column: column.into() }, parts: None, in_order: false }
    }

    /// Cuts a table by blocks of its file, which needs no column and no index.
    ///
    /// The query names the table bare, once, and makes each of its rows from one of the table's: without grouping, DISTINCT,
    /// LIMIT and window functions. A query that does not is refused.
    pub fn by_blocks(table: impl Into<String>, connections: usize) -> Self {
        Self { connections: connections.max(1), by: By::Blocks { table: table.into() }, parts: None, in_order: false }
    }

    /// Sets how many parts are read in turn by the connections. By default ranges are as many as connections, and blocks are
    /// taken 8 MiB at a time.
    #[must_use]
    pub fn parts(mut self, parts: usize) -> Self {
        self.parts = Some(parts.max(1));
        self
    }

    /// Hands the rows out in the order of the parts: that of the range's column, which the query must be sorted by, or that
    /// of the table's file. Otherwise batches come as the connections have them.
    ///
    /// A part that is ready before its turn waits in memory, up to a few batches for each connection, so small parts keep all
    /// connections busy and large ones do not.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        self.in_order = true;
        self
    }
}

/// A part of a query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) sql: String,
    pub(crate) values: Vec<String>,
}

/// A query as the source of another one's FROM; whatever it ends in ends before the parenthesis.
fn derived(sql: &str) -> String {
    format!("(\n{}\n) AS refit_query", sql.trim_end_matches([';', ' ', '\n', '\r', '\t']))
}
