//! The SQL around the temporary table in which a cluster keeps a dataset's rows while it writes them.
//!
//! The query runs once: its three sets are of one snapshot, and no row is in two of them, whatever the query is. The table has the
//! label and the features as numbers, `c0`, `c1`, …, and the set.

use arrow::datatypes::{DataType, Field, Schema};

use super::cells::{cell, coded, no_feature};
use super::split_sql::with_sets;
use crate::dataset::Layout;
use crate::error::quoted;
use crate::{DatasetError, DatasetSpec, Format, Set};

const TABLE: &str = "refit_rows";

/// How many figures [`descriptions`] has of a column.
pub(super) const FIGURES: usize = 5;

/// How many columns one statement describes: a SELECT has at most 1,600.
const DESCRIBED_AT_ONCE: usize = 300;

/// Fills the table with the query's rows.
pub(super) fn fill(sql: &str, spec: &DatasetSpec, layout: &Layout, schema: &Schema) -> Result<String, DatasetError> {
    let number = |field: &Field| match spec.categories.iter().find(|(coded, _)| coded == field.name()) {
        Some((column, categories)) => Ok(coded(column, categories)),
        None => cell(field).ok_or_else(|| no_feature(field)),
    };
    let mut cells = Vec::new();
    for (place, index) in layout.columns.iter().enumerate() {
        cells.push(format!("{} AS c{place}", number(schema.field(*index))?));
    }
    let rows = with_sets(sql, &spec.split, schema.field(layout.split));
    Ok(format!("CREATE TEMP TABLE {TABLE} AS SELECT {}, refit_set FROM ({rows}) AS refit_sets", cells.join(", ")))
}

/// For each set its rows, and two sums over the hashes of all rows' texts, which are the same whatever the rows' order is.
pub(super) fn digests(columns: usize) -> String {
    let texts: Vec<_> = (0..columns).map(|place| format!("COALESCE(CAST(c{place} AS VARCHAR), '')")).collect();
    let sum = |from: u8| format!("SUM(CAST(STRTOL(SUBSTRING(refit_hash, {from}, 15), 16) AS DECIMAL(38,0)))");
    format!(
        "SELECT refit_set, COUNT(*), {}, {} FROM (SELECT refit_set, SHA2({}, 256) AS refit_hash FROM {TABLE}) AS refit_hashes \
         GROUP BY refit_set",
        sum(1),
        sum(16),
        texts.join(" || ',' || ")
    )
}

/// For each set what its columns are like: how many values, the least, the greatest, the mean, the standard deviation; a statement for
/// some columns each.
pub(super) fn descriptions(columns: usize) -> impl Iterator<Item = String> {
    let places: Vec<_> = (0..columns).collect();
    let chunks: Vec<_> = places.chunks(DESCRIBED_AT_ONCE).map(<[usize]>::to_vec).collect();
    chunks.into_iter().map(|places| {
        let column = |place: &usize| {
            let number = format!("CAST(c{place} AS FLOAT8)");
            // What is beyond float32 is refused by its size, and its square must not fail the statement before.
            let moments = format!("CASE WHEN ABS({number}) < 1e39 THEN {number} END");
            format!("COUNT(c{place}), MIN({number}), MAX({number}), AVG({moments}), STDDEV_SAMP({moments})")
        };
        let columns: Vec<_> = places.iter().map(column).collect();
        format!("SELECT refit_set, {} FROM {TABLE} GROUP BY refit_set", columns.join(", "))
    })
}

/// The set's rows as a file of the format has them.
pub(super) fn select(set: Set, format: Format, layout: &Layout) -> String {
    let cell = |(place, (name, data_type)): (usize, (&str, &DataType))| match (format, data_type) {
        (Format::Csv, _) => format!("c{place}"),
        // Readers make one matrix of all columns.
        (Format::Parquet, DataType::Decimal128(..)) => format!("CAST(c{place} AS FLOAT8) AS {}", quoted(name)),
        (Format::Parquet, _) => format!("c{place} AS {}", quoted(name)),
    };
    let cells: Vec<_> = layout.names_and_types().enumerate().map(cell).collect();
    format!("SELECT {} FROM {TABLE} WHERE refit_set = {}", cells.join(", "), set as u8)
}

/// The set's rows, or about a share of them, drawn at random.
pub(super) fn drawn(set: Set, share: Option<f64>, layout: &Layout) -> String {
    let condition = share.map(|share| format!(" AND RANDOM() < {share}")).unwrap_or_default();
    select(set, Format::Csv, layout) + &condition
}

/// The set's rows in an order of their values, which is the same whenever the rows are.
pub(super) fn ordered(set: Set, layout: &Layout) -> String {
    let places: Vec<_> = (1..=layout.columns.len()).map(|place| place.to_string()).collect();
    format!("{} ORDER BY {}", select(set, Format::Csv, layout), places.join(", "))
}
