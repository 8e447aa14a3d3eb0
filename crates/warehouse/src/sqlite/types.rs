//! SQLite's declared types as Arrow's, and back.

use arrow::datatypes::{DataType, TimeUnit};
use rusqlite::types::Value;

use crate::column::{timestamp, timestamp_with_zone};

/// How many digits a double keeps of any decimal.
pub(super) const EXACT_DIGITS: u8 = 15;

/// The type that a column's declaration names; `None` where it names none that is known.
pub(super) fn declared(declaration: &str) -> Option<DataType> {
    let declaration = declaration.trim().to_ascii_uppercase();
    let (name, arguments) = match declaration.split_once('(') {
        Some((before, rest)) => {
            let (arguments, after) = rest.split_once(')').unwrap_or((rest, ""));
            (format!("{} {}", before.trim(), after.trim()), arguments)
        }
        None => (declaration.clone(), ""),
    };
    Some(match name.trim() {
        "BOOLEAN" | "BOOL" => DataType::Boolean,
        "SMALLINT" | "INT2" => DataType::Int16,
        "INT4" | "MEDIUMINT" => DataType::Int32,
        "INTEGER" | "INT" | "BIGINT" | "INT8" => DataType::Int64,
        "FLOAT4" => DataType::Float32,
        "REAL" | "DOUBLE" | "DOUBLE PRECISION" | "FLOAT" | "FLOAT8" => DataType::Float64,
        "NUMERIC" | "DECIMAL" | "DEC" => decimal(arguments),
        "TEXT" | "VARCHAR" | "CHAR" | "CHARACTER" | "CHARACTER VARYING" | "NVARCHAR" | "NCHAR" | "CLOB" | "NAME"
        | "UUID" | "JSON" | "JSONB" => DataType::Utf8,
        "BLOB" | "BYTEA" => DataType::Binary,
        "DATE" => DataType::Date32,
        "TIMESTAMP" | "DATETIME" | "TIMESTAMP WITHOUT TIME ZONE" => timestamp(),
        "TIMESTAMPTZ" | "TIMESTAMP WITH TIME ZONE" => timestamp_with_zone(),
        _ => return None,
    })
}

/// `p,s` as a decimal where a double, which is how SQLite keeps it, has all its digits.
fn decimal(arguments: &str) -> DataType {
    let (precision, scale) = arguments.split_once(',').unwrap_or((arguments, "0"));
    match (precision.trim().parse::<u8>(), scale.trim().parse::<i8>()) {
        (Ok(precision @ 1..=EXACT_DIGITS), Ok(scale)) if scale >= 0 && scale.unsigned_abs() <= precision => {
            DataType::Decimal128(precision, scale)
        }
        _ => DataType::Float64,
    }
}

/// The declaration of a column loaded from a file; `None` where SQLite has no place for it.
pub(super) fn declaration(data_type: &DataType) -> Option<String> {
    Some(match data_type {
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Int8 | DataType::UInt8 | DataType::Int16 => "INT2".to_owned(),
        DataType::UInt16 | DataType::Int32 => "INT4".to_owned(),
        DataType::UInt32 | DataType::Int64 | DataType::UInt64 => "INT8".to_owned(),
        DataType::Float16 | DataType::Float32 => "FLOAT4".to_owned(),
        DataType::Float64 | DataType::Null => "FLOAT8".to_owned(),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale)
            if *precision <= EXACT_DIGITS && *scale >= 0 =>
        {
            format!("NUMERIC({precision},{scale})")
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "TEXT".to_owned(),
        DataType::Dictionary(_, values) => return declaration(values),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            "BLOB".to_owned()
        }
        DataType::Date32 | DataType::Date64 => "DATE".to_owned(),
        DataType::Timestamp(_, None) => "TIMESTAMP".to_owned(),
        DataType::Timestamp(_, Some(_)) => "TIMESTAMPTZ".to_owned(),
        _ => return None,
    })
}

/// The Arrow type that a declared column is loaded through.
pub(super) fn loaded(declaration: &str) -> Option<DataType> {
    declared(declaration).map(|data_type| match data_type {
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone),
        other => other,
    })
}

/// The type of an expression, from its values in the first rows.
pub(super) fn inferred<'v>(values: impl Iterator<Item = &'v Value>) -> DataType {
    let mut inferred = None;
    for value in values {
        let data_type = match value {
            Value::Null => continue,
            Value::Integer(_) => DataType::Int64,
            Value::Real(_) => DataType::Float64,
            Value::Text(_) => DataType::Utf8,
            Value::Blob(_) => DataType::Binary,
        };
        inferred = match (inferred, data_type) {
            (Some(DataType::Int64), DataType::Float64) => Some(DataType::Float64),
            // Two kinds in one column: the first stays, and the other is reported with its row.
            (Some(first), _) => Some(first),
            (None, first) => Some(first),
        };
    }
    inferred.unwrap_or(DataType::Float64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_is_read_in_each_spelling() {
        let cases = [
            ("integer", DataType::Int64),
            ("int4", DataType::Int32),
            ("Double  Precision", DataType::Float64),
            ("varchar(20)", DataType::Utf8),
            ("numeric(12, 4)", DataType::Decimal128(12, 4)),
            ("numeric(16,4)", DataType::Float64),
            ("numeric", DataType::Float64),
            ("timestamp(6) with time zone", timestamp_with_zone()),
            ("timestamp (3)", timestamp()),
        ];
        for (declaration, expected) in cases {
            let words: Vec<_> = declaration.split_whitespace().collect();
            assert_eq!(declared(&words.join(" ")), Some(expected), "{declaration}");
        }
        assert_eq!(declared("geometry"), None);
    }

    #[test]
    fn what_is_loaded_is_read_back_as_declared() {
        for data_type in
            [DataType::Boolean, DataType::Int16, DataType::Decimal128(9, 2), timestamp(), timestamp_with_zone()]
        {
            assert_eq!(declared(&declaration(&data_type).unwrap()), Some(data_type));
        }
        assert_eq!(declaration(&DataType::Decimal128(16, 2)), None);
    }

    #[test]
    fn an_expression_has_the_type_of_its_values() {
        let of = |values: &[Value]| inferred(values.iter());
        assert_eq!(of(&[Value::Null, Value::Integer(1)]), DataType::Int64);
        assert_eq!(of(&[Value::Integer(1), Value::Real(0.5), Value::Integer(2)]), DataType::Float64);
        assert_eq!(of(&[Value::Text("a".to_owned()), Value::Integer(1)]), DataType::Utf8);
        assert_eq!(of(&[Value::Null]), DataType::Float64);
    }
}
