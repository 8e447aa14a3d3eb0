//! The set of a row, in Redshift's SQL: the same that it gets where the rows are streamed.

use arrow::datatypes::{DataType, Field};

use crate::error::quoted;
use crate::{Set, Split};

/// The first digits of the SHA-256 of an empty text, of which Redshift's SHA2 makes an empty one.
const OF_NOTHING: &str = "e3b0c44298fc1c14";

/// The query with a column `refit_set` beside its own: the set's place in [`Set::ALL`], null where the row has no key.
pub(super) fn with_sets(sql: &str, split: &Split, column: &Field) -> String {
    let from = format!("(\n{sql}\n) AS refit_query");
    let [train, validation, evaluation] = Set::ALL.map(|set| set as u8);
    match split {
        Split::ByTime { validation_from, evaluation_from, .. } => {
            let moment = moment(column);
            format!(
                "SELECT *, CASE WHEN {moment} < '{validation_from}' THEN {train} WHEN {moment} < '{evaluation_from}' THEN {validation} \
                 WHEN {moment} IS NOT NULL THEN {evaluation} END AS refit_set FROM {from}"
            )
        }
        Split::ByHash { validation: validated, evaluation: evaluated, .. } => {
            let key = key(column);
            let evaluated = evaluated.value();
            let validated = evaluated + validated.value();
            // 64 bits are more than STRTOL takes, so each half by itself: 2³² is 96 modulo 100.
            format!(
                "SELECT *, CASE WHEN refit_share < {evaluated} THEN {evaluation} WHEN refit_share < {validated} THEN {validation} \
                 WHEN refit_share IS NOT NULL THEN {train} END AS refit_set FROM (\
                 SELECT *, (STRTOL(SUBSTRING(refit_hash, 1, 8), 16) % 100 * 96 + STRTOL(SUBSTRING(refit_hash, 9, 8), 16)) % 100 \
                 AS refit_share FROM (\
                 SELECT *, CASE WHEN {name} IS NOT NULL THEN COALESCE(NULLIF(SHA2({key}, 256), ''), '{OF_NOTHING}') END \
                 AS refit_hash FROM {from}) AS refit_hashed) AS refit_shared",
                name = quoted(column.name()),
            )
        }
    }
}

/// A column as what a day compares with. The session's time zone is UTC.
fn moment(column: &Field) -> String {
    let name = quoted(column.name());
    match column.data_type() {
        DataType::Utf8 => format!("CAST({name} AS TIMESTAMPTZ)"),
        _ => name,
    }
}

/// The text that is hashed.
fn key(column: &Field) -> String {
    let name = quoted(column.name());
    match column.data_type() {
        // Of a CHAR, SHA2 has the text without the blanks that pad it, and the connection brings them.
        DataType::Utf8 => format!("RTRIM({name}, ' ')"),
        DataType::Boolean => format!("CASE WHEN {name} THEN '1' ELSE '0' END"),
        DataType::Date32 => format!("TO_CHAR({name}, 'YYYY-MM-DD')"),
        // Without the zeros at the end of a second's fraction, and without the point where there is none.
        DataType::Timestamp(..) => {
            format!("RTRIM(RTRIM(TO_CHAR({name}, 'YYYY-MM-DD HH24:MI:SS.US'), '0'), '.')")
        }
        _ => format!("CAST({name} AS VARCHAR)"),
    }
}
