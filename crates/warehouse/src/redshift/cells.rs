//! A column as the numbers that a training file has, in Redshift's SQL.

use arrow::datatypes::{DataType, Field};

use crate::dataset::Unknown;
use crate::error::quoted;
use crate::literals;
use crate::{Categories, DatasetError};

/// A column as a number; `None` where it is none. A double that is no number is missing, as it is in a file of ours, and a decimal
/// of more digits than XGBoost's parser counts is a double.
pub(super) fn cell(field: &Field) -> Option<String> {
    let name = quoted(field.name());
    Some(match field.data_type() {
        DataType::Boolean => format!("CASE WHEN {name} THEN 1 WHEN NOT {name} THEN 0 END"),
        DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::Decimal128(..=19, _) => name,
        DataType::Decimal128(..) => format!("CAST({name} AS FLOAT8)"),
        DataType::Float32 | DataType::Float64 => {
            format!("NULLIF(NULLIF(NULLIF({name}, 'NaN'), 'Infinity'), '-Infinity')")
        }
        _ => return None,
    })
}

/// What a text that is in no list becomes where that is refused.
pub(super) const UNKNOWN: i8 = -1;

/// A text as its place in a list. One that is in none is [`UNKNOWN`], or missing.
pub(super) fn coded(column: &str, categories: &Categories) -> String {
    let name = format!("RTRIM({}, ' ')", quoted(column));
    let mut sql = "CASE".to_owned();
    for (code, value) in categories.texts().enumerate() {
        sql += &format!(" WHEN {name} = {} THEN {code}", literals::quoted(value));
    }
    if categories.unknown == Unknown::Refused {
        sql += &format!(" WHEN {name} IS NOT NULL THEN {UNKNOWN}");
    }
    sql + " END"
}

/// Why a column that is no number is no feature.
pub(super) fn no_feature(field: &Field) -> DatasetError {
    let (column, data_type) = (field.name().clone(), field.data_type().to_string());
    match field.data_type() {
        DataType::Utf8 => DatasetError::TextFeature { column },
        DataType::Date32 | DataType::Timestamp(..) | DataType::Time64(_) => {
            DatasetError::TimeFeature { column, data_type }
        }
        _ => DatasetError::FeatureType { column, data_type },
    }
}
