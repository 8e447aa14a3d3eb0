//! The server's types as Arrow's.

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, IntervalUnit, TimeUnit};

use super::catalog::Catalog;
use super::{NumericAs, warn_of_text};
use crate::column::{timestamp, timestamp_with_zone};
use crate::dialect::Dialect;
use crate::session::Described;

/// How a value's binary form is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wire {
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
    Time,
    Timestamp,
    Interval,
    Uuid,
    List(Box<Wire>),
}

/// How a column is read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) data_type: DataType,
    pub(super) reading: Reading,
}

/// The form that values are asked for in.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reading {
    Binary(Wire),
    Text,
}

impl Plan {
    /// The form's number in a Bind message.
    pub(super) fn format(&self) -> i16 {
        match self.reading {
            Reading::Binary(_) => 1,
            Reading::Text => 0,
        }
    }
}

/// A type of the server's that is built in.
struct BuiltIn {
    oid: u32,
    /// The oid of its arrays.
    array: u32,
    kind: Kind,
}

/// Which of Arrow's types it is, and so how its values are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
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
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    Uuid,
}

const fn built_in(oid: u32, array: u32, kind: Kind) -> BuiltIn {
    BuiltIn { oid, array, kind }
}

/// From pg_type.dat; a test compares it with a server.
const BUILT_IN: [BuiltIn; 23] = [
    built_in(16, 1000, Kind::Boolean),
    built_in(17, 1001, Kind::Bytes),
    built_in(18, 1002, Kind::Text),
    built_in(19, 1003, Kind::Text),
    built_in(20, 1016, Kind::Int8),
    built_in(21, 1005, Kind::Int2),
    built_in(23, 1007, Kind::Int4),
    built_in(25, 1009, Kind::Text),
    built_in(114, 199, Kind::Text),
    built_in(142, 143, Kind::Text),
    built_in(700, 1021, Kind::Float4),
    built_in(701, 1022, Kind::Float8),
    // The type of a bare 'text'; it has no arrays.
    built_in(705, 0, Kind::Text),
    built_in(1042, 1014, Kind::Text),
    built_in(1043, 1015, Kind::Text),
    built_in(1082, 1182, Kind::Date),
    built_in(1083, 1183, Kind::Time),
    built_in(1114, 1115, Kind::Timestamp),
    built_in(1184, 1185, Kind::TimestampTz),
    built_in(1186, 1187, Kind::Interval),
    built_in(1700, 1231, Kind::Numeric),
    built_in(2950, 2951, Kind::Uuid),
    built_in(3802, 3807, Kind::Jsonb),
];

/// Whether a column's type must be looked up to be read.
pub(super) fn is_built_in(oid: u32) -> bool {
    BUILT_IN.iter().any(|built_in| built_in.oid == oid || built_in.array == oid)
}

/// How a column is read; one of an unknown type as text, with a warning.
pub(super) fn plan(column: &Described, dialect: Dialect, catalog: &Catalog, numeric: NumericAs) -> Plan {
    let known = catalog.look_up(column.type_oid);
    let (oid, is_list) = known.map_or((column.type_oid, false), |known| (known.element_oid, known.is_list));
    let found = BUILT_IN.iter().find(|built_in| built_in.oid == oid || built_in.array == oid);
    let is_list = is_list || found.is_some_and(|built_in| built_in.array == oid);
    let kind = found.map(|built_in| built_in.kind).or_else(|| known?.is_text.then_some(Kind::Text));
    let plan = |data_type, reading| Plan { name: column.name.clone(), data_type, reading };
    match (kind, dialect) {
        (Some(kind), Dialect::PostgreSql) => {
            let (data_type, wire) = kind.read_as(column.type_modifier, numeric);
            match is_list {
                true => plan(DataType::new_list(data_type, true), Reading::Binary(Wire::List(Box::new(wire)))),
                false => plan(data_type, Reading::Binary(wire)),
            }
        }
        (Some(kind), Dialect::Redshift) if !is_list && kind != Kind::Interval => {
            plan(kind.read_as(column.type_modifier, numeric).0, Reading::Text)
        }
        _ => {
            let name = known.map_or_else(|| redshift_name(column.type_oid), |known| known.name.clone());
            warn_of_text(&column.name, &name);
            plan(DataType::Utf8, Reading::Text)
        }
    }
}

impl Kind {
    fn read_as(self, modifier: i32, numeric: NumericAs) -> (DataType, Wire) {
        match self {
            Self::Boolean => (DataType::Boolean, Wire::Boolean),
            Self::Int2 => (DataType::Int16, Wire::Int2),
            Self::Int4 => (DataType::Int32, Wire::Int4),
            Self::Int8 => (DataType::Int64, Wire::Int8),
            Self::Float4 => (DataType::Float32, Wire::Float4),
            Self::Float8 => (DataType::Float64, Wire::Float8),
            Self::Numeric => match numeric {
                NumericAs::Declared => (declared(modifier), Wire::Numeric),
                NumericAs::Float64 => (DataType::Float64, Wire::Numeric),
            },
            Self::Text => (DataType::Utf8, Wire::Text),
            Self::Jsonb => (DataType::Utf8, Wire::Jsonb),
            Self::Bytes => (DataType::Binary, Wire::Bytes),
            Self::Date => (DataType::Date32, Wire::Date),
            Self::Time => (DataType::Time64(TimeUnit::Microsecond), Wire::Time),
            Self::Timestamp => (timestamp(), Wire::Timestamp),
            Self::TimestampTz => (timestamp_with_zone(), Wire::Timestamp),
            Self::Interval => (DataType::Interval(IntervalUnit::MonthDayNano), Wire::Interval),
            Self::Uuid => (DataType::Utf8, Wire::Uuid),
        }
    }
}

/// Decimal where the declaration has room in 128 bits, else double.
///
/// The modifier is 4 + precision << 16 + scale in eleven bits with a sign (numeric.c, `make_numeric_typmod`).
fn declared(modifier: i32) -> DataType {
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

/// Redshift's own types, by what its drivers know of them.
fn redshift_name(oid: u32) -> String {
    match oid {
        2935 => "hllsketch".to_owned(),
        3000 => "geometry".to_owned(),
        3001 => "geography".to_owned(),
        4000 => "super".to_owned(),
        6551 => "varbyte".to_owned(),
        oid => format!("type {oid}"),
    }
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
            assert_eq!(declared(modifier), expected, "{modifier}");
        }
    }

    #[test]
    fn redshift_is_read_as_text_and_looks_nothing_up() {
        let column = |type_oid, type_modifier| Described { name: "x".to_owned(), type_oid, type_modifier };
        let read =
            |oid, modifier| plan(&column(oid, modifier), Dialect::Redshift, &Catalog::default(), NumericAs::Declared);
        for (oid, modifier, expected) in [
            (1700, 786_440, DataType::Decimal128(12, 4)),
            (20, -1, DataType::Int64),
            (4000, -1, DataType::Utf8),
            (1007, -1, DataType::Utf8),
            (1186, -1, DataType::Utf8),
        ] {
            let plan = read(oid, modifier);
            assert_eq!((plan.data_type.clone(), plan.format()), (expected, 0), "{oid}");
        }
    }
}
