//! Cutting a result by ranges of a column.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Date32Type, Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType};

use super::{Part, derived};
use crate::dialect::{Dialect, Query};
use crate::error::quoted;
use crate::rows::{self, Choices, Prepared};
use crate::session::Session;
use crate::{WarehouseError, iso};

/// Asks for the column's least and greatest value, and cuts between them.
pub(super) fn parts(
    session: &mut Session,
    query: &Query,
    prepared: &Prepared,
    column: &str,
    count: usize,
) -> Result<Vec<Part>, WarehouseError> {
    let refused = |reason: String| WarehouseError::Partition { reason };
    let field = prepared
        .schema
        .field_with_name(column)
        .map_err(|_| refused(format!("its result has no column {column}: select it, or give another")))?;
    let data_type = field.data_type().clone();
    if bound(0, &data_type).is_none() {
        return Err(refused(format!(
            "column {column} is of type {data_type}: give one that is a whole number, a date or a timestamp"
        )));
    }
    let name = quoted(column);
    let source = derived(&query.sql);
    // Infinite moments are in the first and the last range, wherever those end.
    let finite = match data_type {
        DataType::Date32 | DataType::Timestamp(..) => format!("isfinite({name})"),
        _ => "true".to_owned(),
    };
    let ends = Query {
        sql: format!(
            "SELECT min({name}) FILTER (WHERE {finite}) AS least, max({name}) FILTER (WHERE {finite}) AS greatest FROM {source}"
        ),
        values: query.values.clone(),
    };
    let prepared = rows::prepare(session, Dialect::PostgreSql, Choices::default(), &ends, Vec::new())?;
    let mut found = None;
    rows::stream(session, &prepared, &ends.values, |batch| {
        found = number(batch.column(0)).zip(number(batch.column(1)));
        true
    })?;
    let bounds = found.map(|(least, greatest)| cuts(least, greatest, count)).unwrap_or_default();
    let bounds: Vec<_> = bounds.into_iter().filter_map(|number| bound(number, &data_type)).collect();
    Ok(between(&bounds, query, &name, &source))
}

/// One part before the first bound, one after the last, and one between each two.
fn between(bounds: &[String], query: &Query, name: &str, source: &str) -> Vec<Part> {
    let (first, second) = (query.values.len() + 1, query.values.len() + 2);
    let part = |condition: String, bounds: &[String]| Part {
        sql: format!("SELECT * FROM {source} WHERE {condition}"),
        values: query.values.iter().chain(bounds).cloned().collect(),
    };
    let (Some(least), Some(greatest)) = (bounds.first(), bounds.last()) else {
        return vec![Part { sql: query.sql.clone(), values: query.values.clone() }];
    };
    let mut parts = vec![part(format!("{name} < ${first}"), std::slice::from_ref(least))];
    parts.extend(bounds.windows(2).map(|pair| part(format!("{name} >= ${first} AND {name} < ${second}"), pair)));
    let last = format!("({name} >= ${first} OR {name} IS NULL)");
    parts.push(part(last, std::slice::from_ref(greatest)));
    parts
}

/// Where ranges of equal width begin, but for the first.
fn cuts(least: i64, greatest: i64, count: usize) -> Vec<i64> {
    let (least, width) = (i128::from(least), i128::from(greatest) - i128::from(least) + 1);
    let count = i128::try_from(count).unwrap_or(1);
    let mut cuts: Vec<_> = (1..count).filter_map(|part| i64::try_from(least + width * part / count).ok()).collect();
    cuts.dedup();
    cuts.retain(|cut| i128::from(*cut) > least);
    cuts
}

fn number(array: &ArrayRef) -> Option<i64> {
    if array.is_null(0) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Int16 => array.as_primitive::<Int16Type>().value(0).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(0).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(0),
        DataType::Date32 => array.as_primitive::<Date32Type>().value(0).into(),
        DataType::Timestamp(TimeUnit::Microsecond, _) => array.as_primitive::<TimestampMicrosecondType>().value(0),
        _ => return None,
    })
}

/// A bound as a parameter; `None` where the type has no numbers to cut between, or the day a name that the server does not
/// read.
fn bound(number: i64, data_type: &DataType) -> Option<String> {
    let time = match data_type {
        DataType::Int16 | DataType::Int32 | DataType::Int64 => return Some(number.to_string()),
        DataType::Date32 => iso::date_text(i32::try_from(number).ok()?),
        DataType::Timestamp(TimeUnit::Microsecond, _) => iso::timestamp_text(number),
        _ => return None,
    };
    Some(time).filter(|time| time.starts_with(|first: char| first.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_the_same_width() {
        assert_eq!(cuts(1, 100, 4), [26, 51, 76]);
        assert_eq!(cuts(0, 1, 4), [1]);
        assert_eq!(cuts(7, 7, 4), [0_i64; 0]);
        assert_eq!(cuts(1, 100, 1), [0_i64; 0]);
        assert_eq!(cuts(i64::MIN, i64::MAX, 2), [0]);
    }

    #[test]
    fn every_row_is_in_one_part() {
        let query = Query { sql: "SELECT $1 AS i;".to_owned(), values: vec!["x".to_owned()] };
        let parts = between(&["5".to_owned(), "9".to_owned()], &query, "\"i\"", &derived(&query.sql));
        let conditions: Vec<_> = parts.iter().map(|part| part.sql.rsplit_once("WHERE ").unwrap().1).collect();
        assert_eq!(conditions, ["\"i\" < $2", "\"i\" >= $2 AND \"i\" < $3", "(\"i\" >= $2 OR \"i\" IS NULL)"]);
        assert_eq!(parts[1].values, ["x", "5", "9"]);
        assert!(
            parts[0].sql.starts_with("SELECT * FROM (\nSELECT $1 AS i\n) AS refit_query WHERE"),
            "{}",
            parts[0].sql
        );
        assert_eq!(between(&[], &query, "\"i\"", "").len(), 1);
    }
}
