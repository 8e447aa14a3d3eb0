//! Values in the server's binary form, into Arrow's builders.

use std::fmt::Write;

use arrow::array::StringBuilder;
use arrow::datatypes::IntervalMonthDayNano;

use super::numeric::Numeric;
use super::{InfiniteTimes, Wire, text};
use crate::column::Column;
use crate::session::split_value;

/// What jsonb's text is preceded by.
const JSONB_VERSION: u8 = 1;

/// 2000-01-01, where PostgreSQL counts from, as days and microseconds since 1970-01-01.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MICROS: i64 = 10_957 * 86_400 * 1_000_000;

const NANOS_PER_MICRO: i64 = 1000;

/// Appends a value; says what is wrong with it where it is not one of its column's type.
pub(super) fn append(column: &mut Column, wire: &Wire, bytes: &[u8], infinite: InfiniteTimes) -> Result<(), String> {
    match (column, wire) {
        (Column::Boolean(column), Wire::Boolean) => column.append_value(array::<1>(bytes)?[0] != 0),
        (Column::Int16(column), Wire::Int2) => column.append_value(i16::from_be_bytes(array(bytes)?)),
        (Column::Int32(column), Wire::Int4) => column.append_value(i32::from_be_bytes(array(bytes)?)),
        (Column::Int64(column), Wire::Int8) => column.append_value(i64::from_be_bytes(array(bytes)?)),
        (Column::Float32(column), Wire::Float4) => column.append_value(f32::from_be_bytes(array(bytes)?)),
        (Column::Float64(column), Wire::Float8) => column.append_value(f64::from_be_bytes(array(bytes)?)),
        (Column::Float64(column), Wire::Numeric) => column.append_value(numeric(bytes)?.to_f64()),
        (Column::Decimal(column, digits), Wire::Numeric) => match numeric(bytes)? {
            // The only non-number that a numeric with declared digits can be. To learners it is a missing value.
            Numeric::Nan => column.append_null(),
            Numeric::Infinity { .. } => return Err("infinity does not fit into a decimal".to_owned()),
            Numeric::Finite(finite) => {
                let scaled = finite.scaled(digits.scale).filter(|scaled| digits.hold(*scaled));
                column.append_value(scaled.ok_or("the number has more digits than its type declares")?);
            }
        },
        (Column::Text(column), Wire::Text) => column.append_value(text::utf8(bytes)?),
        (Column::Text(column), Wire::Jsonb) => match bytes.split_first() {
            Some((&JSONB_VERSION, json)) => column.append_value(text::utf8(json)?),
            _ => return Err("the jsonb is not of version 1: select it as CAST(… AS text)".to_owned()),
        },
        (Column::Text(column), Wire::Uuid) => write_uuid(column, array(bytes)?),
        (Column::Binary(column), Wire::Bytes) => column.append_value(bytes),
        (Column::Date(column), Wire::Date) => column.append_option(days(i32::from_be_bytes(array(bytes)?), infinite)?),
        (Column::Time(column), Wire::Time) => column.append_value(i64::from_be_bytes(array(bytes)?)),
        (Column::Timestamp(column, _), Wire::Timestamp) => {
            column.append_option(micros(i64::from_be_bytes(array(bytes)?), infinite)?);
        }
        (Column::Interval(column), Wire::Interval) => column.append_option(interval(array(bytes)?, infinite)?),
        (Column::List(column), Wire::List(element)) => {
            for value in elements(bytes)? {
                match value.ok_or("the server sent an array in an unknown form")? {
                    None => column.values().append_null(),
                    Some(bytes) => append(column.values(), element, bytes, infinite)?,
                }
            }
            column.close()?;
        }
        _ => return Err("the value is not of the column's type".to_owned()),
    }
    Ok(())
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], String> {
    bytes.try_into().map_err(|_| format!("the server sent {} bytes where the type has {N}", bytes.len()))
}

fn numeric(bytes: &[u8]) -> Result<Numeric<'_>, String> {
    Numeric::parse(bytes).ok_or_else(|| "the server sent a numeric in an unknown form".to_owned())
}

fn days(since_epoch: i32, infinite: InfiniteTimes) -> Result<Option<i32>, String> {
    match since_epoch {
        i32::MIN | i32::MAX => infinite.instead("date"),
        days => Ok(Some(days.checked_add(EPOCH_DAYS).ok_or("the date is out of range")?)),
    }
}

fn micros(since_epoch: i64, infinite: InfiniteTimes) -> Result<Option<i64>, String> {
    match since_epoch {
        i64::MIN | i64::MAX => infinite.instead("timestamp"),
        micros => Ok(Some(micros.checked_add(EPOCH_MICROS).ok_or("the timestamp is out of range")?)),
    }
}

/// Microseconds, days and months. The highest and the lowest of all three are the infinities of PostgreSQL 17.
fn interval(bytes: [u8; 16], infinite: InfiniteTimes) -> Result<Option<IntervalMonthDayNano>, String> {
    let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
    let micros = i64::from_be_bytes([a, b, c, d, e, f, g, h]);
    let [a, b, c, d, e, f, g, h] = rest;
    let (days, months) = (i32::from_be_bytes([a, b, c, d]), i32::from_be_bytes([e, f, g, h]));
    if [(i64::MAX, i32::MAX, i32::MAX), (i64::MIN, i32::MIN, i32::MIN)].contains(&(micros, days, months)) {
        return infinite.instead("interval");
    }
    let nanos = micros.checked_mul(NANOS_PER_MICRO).ok_or("the interval's time is beyond 292 years of nanoseconds")?;
    Ok(Some(IntervalMonthDayNano::new(months, days, nanos)))
}

/// The elements of an array (`array_send`, arrayfuncs.c): the number of dimensions, whether there are nulls, the elements'
/// type, each dimension's length and lower bound, then the elements with their lengths.
fn elements(bytes: &[u8]) -> Result<Elements<'_>, String> {
    let broken = "the server sent an array in an unknown form";
    let (header, rest) = bytes.split_first_chunk::<12>().ok_or(broken)?;
    let (count, bytes) = match i32::from_be_bytes([header[0], header[1], header[2], header[3]]) {
        0 => (0, rest),
        1 => {
            let (dimension, rest) = rest.split_first_chunk::<8>().ok_or(broken)?;
            let [a, b, c, d, ..] = *dimension;
            (u32::from_be_bytes([a, b, c, d]), rest)
        }
        dimensions => {
            let problem = format!("the array has {dimensions} dimensions, and a list has one: select array_to_json(…)");
            return Err(problem);
        }
    };
    Ok(Elements { left: count, bytes })
}

struct Elements<'a> {
    left: u32,
    bytes: &'a [u8],
}

impl<'a> Iterator for Elements<'a> {
    type Item = Option<Option<&'a [u8]>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let value = split_value(&mut self.bytes);
        if value.is_none() {
            self.left = 0;
        }
        Some(value)
    }
}

fn write_uuid(column: &mut StringBuilder, bytes: [u8; 16]) {
    for (index, byte) in bytes.iter().enumerate() {
        let dash = if matches!(index, 4 | 6 | 8 | 10) { "-" } else { "" };
        // Writing into a builder does not fail.
        let _ = write!(column, "{dash}{byte:02x}");
    }
    column.append_value("");
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, IntervalUnit};
    use proptest::prelude::*;

    use super::*;
    use crate::column::timestamp;

    fn appended(data_type: &DataType, wire: &Wire, bytes: &[u8], infinite: InfiniteTimes) -> Result<Column, String> {
        let mut column = Column::new(data_type).unwrap();
        append(&mut column, wire, bytes, infinite).map(|()| column)
    }

    #[test]
    fn times_without_a_value_are_refused_or_missing_and_none_wraps() {
        let cases = [
            (DataType::Date32, Wire::Date, i32::MAX.to_be_bytes().to_vec(), (i32::MAX - 1).to_be_bytes().to_vec()),
            (timestamp(), Wire::Timestamp, i64::MIN.to_be_bytes().to_vec(), (i64::MAX - 1).to_be_bytes().to_vec()),
        ];
        for (data_type, wire, infinite, beyond) in cases {
            let problem = appended(&data_type, &wire, &infinite, InfiniteTimes::Refuse).err().unwrap();
            assert!(problem.contains("NULLIF"), "{problem}");
            let missing = appended(&data_type, &wire, &infinite, InfiniteTimes::Null).unwrap().finish();
            assert!(missing.is_null(0));
            let problem = appended(&data_type, &wire, &beyond, InfiniteTimes::Null).err().unwrap();
            assert!(problem.contains("out of range"), "{problem}");
        }
    }

    /// What PostgreSQL 15's `array_send('{{1,2}}'::int4[])` gives.
    #[test]
    fn an_array_of_arrays_is_refused() {
        let bytes =
            hex::decode("0000000200000000000000170000000100000001000000020000000100000004000000010000000400000002")
                .unwrap();
        let list = DataType::new_list(DataType::Int32, true);
        let problem = appended(&list, &Wire::List(Box::new(Wire::Int4)), &bytes, InfiniteTimes::Refuse).err().unwrap();
        assert!(problem.contains("2 dimensions"), "{problem}");
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_value_or_a_problem(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let cases = [
                (DataType::Boolean, Wire::Boolean),
                (DataType::Decimal128(12, 4), Wire::Numeric),
                (DataType::Utf8, Wire::Uuid),
                (DataType::Utf8, Wire::Jsonb),
                (DataType::Utf8, Wire::Text),
                (DataType::Date32, Wire::Date),
                (timestamp(), Wire::Timestamp),
                (DataType::Interval(IntervalUnit::MonthDayNano), Wire::Interval),
                (DataType::new_list(DataType::Int32, true), Wire::List(Box::new(Wire::Int4))),
                (DataType::new_list(DataType::Utf8, true), Wire::List(Box::new(Wire::Text))),
            ];
            for (data_type, wire) in cases {
                if let Ok(column) = appended(&data_type, &wire, &bytes, InfiniteTimes::Refuse) {
                    prop_assert_eq!(column.len(), 1);
                }
            }
        }
    }
}
