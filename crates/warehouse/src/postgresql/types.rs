//! PostgreSQL's types as Arrow's.

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType};
use postgres::types::{Kind, Type};

use crate::WarehouseError;
use crate::column::{timestamp, timestamp_with_zone};
use crate::error::quoted;

/// How a value's bytes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    Boolean,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Numeric,
    Text,
    Jsonb,
    Bytes,
    Date,
    Timestamp,
    Uuid,
}

/// The Arrow type of a column, and how its bytes are read.
pub(super) fn plan(column: &postgres::Column) -> Result<(DataType, Wire), WarehouseError> {
    let type_ = column.type_();
    Ok(match *type_ {
        Type::BOOL => (DataType::Boolean, Wire::Boolean),
        Type::INT2 => (DataType::Int16, Wire::Int2),
        Type::INT4 => (DataType::Int32, Wire::Int4),
        Type::INT8 => (DataType::Int64, Wire::Int8),
        Type::FLOAT4 => (DataType::Float32, Wire::Float4),
        Type::FLOAT8 => (DataType::Float64, Wire::Float8),
        Type::NUMERIC => (numeric(column.type_modifier()), Wire::Numeric),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN | Type::JSON => {
            (DataType::Utf8, Wire::Text)
        }
        Type::JSONB => (DataType::Utf8, Wire::Jsonb),
        Type::UUID => (DataType::Utf8, Wire::Uuid),
        Type::BYTEA => (DataType::Binary, Wire::Bytes),
        Type::DATE => (DataType::Date32, Wire::Date),
        Type::TIMESTAMP => (timestamp(), Wire::Timestamp),
        Type::TIMESTAMPTZ => (timestamp_with_zone(), Wire::Timestamp),
        // An enum's value and a citext's travel as their text.
        _ if matches!(type_.kind(), Kind::Enum(_)) || type_.name() == "citext" => (DataType::Utf8, Wire::Text),
        _ => return Err(unsupported(column.name(), type_)),
    })
}

/// Decimal where the declaration has room in 128 bits, else double.
///
/// The modifier is 4 + precision << 16 + scale in eleven bits with a sign (numeric.c, `make_numeric_typmod`).
fn numeric(modifier: i32) -> DataType {
    if modifier < 4 {
        return DataType::Float64;
    }
    let precision = (modifier - 4) >> 16 & 0xffff;
    let scale = ((modifier - 4) & 0x7ff ^ 0x400) - 0x400;
    // A negative scale means whole tens, hundreds, …; one above the precision means leading zeros after the point.
    let (precision, scale) = match scale {
        negative if negative < 0 => (precision - negative, 0),
        scale => (precision.max(scale), scale),
    };
    match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(precision), Ok(scale)) if precision <= DECIMAL128_MAX_PRECISION => DataType::Decimal128(precision, scale),
        _ => DataType::Float64,
    }
}

fn unsupported(column: &str, type_: &Type) -> WarehouseError {
    let name = quoted(column);
    let remedy = match *type_ {
        Type::INTERVAL => format!("select EXTRACT(EPOCH FROM {name}) AS {name}"),
        Type::MONEY => format!("select CAST({name} AS numeric(20,2)) AS {name}"),
        Type::TIME | Type::TIMETZ => format!("select EXTRACT(EPOCH FROM {name}) AS {name}, the seconds since midnight"),
        Type::OID => format!("select CAST({name} AS bigint) AS {name}"),
        _ => format!("select CAST({name} AS text) AS {name}, or leave it out"),
    };
    WarehouseError::UnsupportedType { column: column.to_owned(), data_type: type_.to_string(), remedy }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `SELECT atttypmod` gives for each declaration on PostgreSQL 15.
    #[test]
    fn the_declared_digits_are_read() {
        let cases = [
            (786_440, DataType::Decimal128(12, 4)),
            (2_490_372, DataType::Decimal128(38, 0)),
            (2_555_908, DataType::Float64),
            (133_122, DataType::Decimal128(4, 0)),
            (131_081, DataType::Decimal128(5, 5)),
            (-1, DataType::Float64),
        ];
        for (modifier, expected) in cases {
            assert_eq!(numeric(modifier), expected, "{modifier}");
        }
    }
}
