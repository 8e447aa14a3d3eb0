//! Values as the server sends them, into Arrow's builders.

use std::fmt::Write;

use super::numeric::Numeric;
use super::types::Wire;
use crate::column::Column;

/// 2000-01-01, where PostgreSQL counts from, as days and microseconds since 1970-01-01.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MICROS: i64 = 10_957 * 86_400 * 1_000_000;

/// What jsonb's text is preceded by.
const JSONB_VERSION: u8 = 1;

/// Appends a value; says what is wrong with it where it is not one of its column's type.
pub(super) fn append(column: &mut Column, wire: Wire, bytes: &[u8]) -> Result<(), String> {
    match (column, wire) {
        (Column::Boolean(column), Wire::Boolean) => column.append_value(array::<1>(bytes)?[0] != 0),
        (Column::Int16(column), Wire::Int2) => column.append_value(i16::from_be_bytes(array(bytes)?)),
        (Column::Int32(column), Wire::Int4) => column.append_value(i32::from_be_bytes(array(bytes)?)),
        (Column::Int64(column), Wire::Int8) => column.append_value(i64::from_be_bytes(array(bytes)?)),
        (Column::Float32(column), Wire::Float4) => column.append_value(f32::from_be_bytes(array(bytes)?)),
        (Column::Float64(column), Wire::Float8) => column.append_value(f64::from_be_bytes(array(bytes)?)),
        (Column::Float64(column), Wire::Numeric) => column.append_value(parse(bytes)?.to_f64()),
        (Column::Decimal(column, digits), Wire::Numeric) => match parse(bytes)? {
            // The only non-number that a numeric with declared digits can be. To learners it is a missing value.
            Numeric::Nan => column.append_null(),
            Numeric::Infinity { .. } => return Err("infinity does not fit into a decimal".to_owned()),
            Numeric::Finite(finite) => {
                let scaled = finite.scaled(digits.scale).filter(|scaled| digits.hold(*scaled));
                column.append_value(scaled.ok_or("the number has more digits than its type declares")?);
            }
        },
        (Column::Text(column), Wire::Text) => column.append_value(text(bytes)?),
        (Column::Text(column), Wire::Jsonb) => match bytes.split_first() {
            Some((&JSONB_VERSION, json)) => column.append_value(text(json)?),
            _ => return Err("the jsonb is not of version 1: select it as CAST(… AS text)".to_owned()),
        },
        (Column::Text(column), Wire::Uuid) => write_uuid(column, array(bytes)?),
        (Column::Binary(column), Wire::Bytes) => column.append_value(bytes),
        (Column::Date(column), Wire::Date) => column.append_value(days(i32::from_be_bytes(array(bytes)?))?),
        (Column::Timestamp(column, _), Wire::Timestamp) => {
            column.append_value(micros(i64::from_be_bytes(array(bytes)?))?);
        }
        _ => return Err("the value is not of the column's type".to_owned()),
    }
    Ok(())
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], String> {
    bytes.try_into().map_err(|_| format!("the server sent {} bytes where the type has {N}", bytes.len()))
}

fn parse(bytes: &[u8]) -> Result<Numeric<'_>, String> {
    Numeric::parse(bytes).ok_or_else(|| "the server sent a numeric in an unknown form".to_owned())
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "the text is not UTF-8".to_owned())
}

fn days(since_epoch: i32) -> Result<i32, String> {
    match since_epoch {
        i32::MIN | i32::MAX => Err(infinite("date")),
        days => days.checked_add(EPOCH_DAYS).ok_or_else(|| "the date is out of range".to_owned()),
    }
}

fn micros(since_epoch: i64) -> Result<i64, String> {
    match since_epoch {
        i64::MIN | i64::MAX => Err(infinite("timestamp")),
        micros => micros.checked_add(EPOCH_MICROS).ok_or_else(|| "the timestamp is out of range".to_owned()),
    }
}

fn infinite(kind: &str) -> String {
    format!("an infinite {kind} has no value: select NULLIF(NULLIF(…, 'infinity'), '-infinity')")
}

fn write_uuid(column: &mut arrow::array::StringBuilder, bytes: [u8; 16]) {
    for (index, byte) in bytes.iter().enumerate() {
        let dash = if matches!(index, 4 | 6 | 8 | 10) { "-" } else { "" };
        // Writing into a builder does not fail.
        let _ = write!(column, "{dash}{byte:02x}");
    }
    column.append_value("");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::column::timestamp;
    use arrow::datatypes::DataType;

    #[test]
    fn times_without_a_value_are_refused_and_none_wraps() {
        let mut date = Column::new(&DataType::Date32).unwrap();
        let problem = append(&mut date, Wire::Date, &i32::MAX.to_be_bytes()).unwrap_err();
        assert!(problem.contains("NULLIF"), "{problem}");
        append(&mut date, Wire::Date, &(i32::MAX - 1).to_be_bytes()).unwrap_err();
        let mut moment = Column::new(&timestamp()).unwrap();
        append(&mut moment, Wire::Timestamp, &i64::MIN.to_be_bytes()).unwrap_err();
        append(&mut moment, Wire::Timestamp, &(i64::MAX - 1).to_be_bytes()).unwrap_err();
        append(&mut moment, Wire::Timestamp, &[0; 7]).unwrap_err();
        assert_eq!((date.len(), moment.len()), (0, 0));
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_value_or_a_problem(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
            let cases = [
                (DataType::Boolean, Wire::Boolean),
                (DataType::Decimal128(12, 4), Wire::Numeric),
                (DataType::Utf8, Wire::Uuid),
                (DataType::Utf8, Wire::Jsonb),
                (DataType::Utf8, Wire::Text),
                (DataType::Date32, Wire::Date),
                (timestamp(), Wire::Timestamp),
            ];
            for (data_type, wire) in cases {
                let mut column = Column::new(&data_type).unwrap();
                let appended = append(&mut column, wire, &bytes).is_ok();
                prop_assert_eq!(column.len(), usize::from(appended));
            }
        }
    }
}
