//! SQLite's values into Arrow's builders.

use rusqlite::types::ValueRef;

use crate::column::{Column, Zone};
use crate::iso;

/// Appends a value; says what is wrong with it where it is not one of its column's type.
pub(super) fn append(column: &mut Column, value: ValueRef<'_>) -> Result<(), String> {
    match (column, value) {
        (column, ValueRef::Null) => column.append_null(),
        (Column::Boolean(column), ValueRef::Integer(truth @ (0 | 1))) => column.append_value(truth == 1),
        (Column::Int16(column), ValueRef::Integer(number)) => column.append_value(whole(number)?),
        (Column::Int32(column), ValueRef::Integer(number)) => column.append_value(whole(number)?),
        (Column::Int64(column), ValueRef::Integer(number)) => column.append_value(number),
        // As a cast on the server does.
        (Column::Float32(column), ValueRef::Integer(number)) => column.append_value(number as f32),
        (Column::Float32(column), ValueRef::Real(number)) => column.append_value(float32(number)?),
        (Column::Float64(column), ValueRef::Integer(number)) => column.append_value(number as f64),
        (Column::Float64(column), ValueRef::Real(number)) => column.append_value(number),
        (Column::Decimal(column, digits), number @ (ValueRef::Integer(_) | ValueRef::Real(_))) => {
            let scaled = scaled(number, digits.scale).filter(|scaled| digits.hold(*scaled));
            column.append_value(scaled.ok_or_else(|| {
                format!(
                    "{} is no decimal of {} digits, {} of them after the point",
                    shown(number),
                    digits.precision,
                    digits.scale
                )
            })?);
        }
        (Column::Text(column), ValueRef::Text(text)) => column.append_value(utf8(text)?),
        (Column::Binary(column), ValueRef::Blob(bytes)) => column.append_value(bytes),
        (Column::Date(column), ValueRef::Text(text)) => {
            let days = iso::parse_date(utf8(text)?);
            column.append_value(days.ok_or_else(|| misfit(value, "a day, written 2013-01-31"))?);
        }
        (Column::Timestamp(column, zone), ValueRef::Text(text)) => {
            let text = utf8(text)?;
            let micros = match zone {
                Zone::Utc => iso::parse_timestamp_with_zone(text),
                Zone::Unsaid => iso::parse_timestamp(text),
            };
            column.append_value(micros.ok_or_else(|| misfit(value, "a moment, written 2013-01-31 05:00:00"))?);
        }
        (column, value) => return Err(misfit(value, kind(column))),
    }
    Ok(())
}

fn float32(number: f64) -> Result<f32, String> {
    let float32 = number as f32;
    match float32.is_finite() || !number.is_finite() {
        true => Ok(float32),
        false => Err(format!("{number} does not fit into the declared type: declare the column FLOAT8")),
    }
}

fn whole<T: TryFrom<i64>>(number: i64) -> Result<T, String> {
    T::try_from(number).map_err(|_| format!("{number} does not fit into the declared type: declare the column BIGINT"))
}

/// The number times `10^scale`, where that is what the double stands for.
fn scaled(number: ValueRef<'_>, scale: i8) -> Option<i128> {
    let power = 10_i64.checked_pow(scale.unsigned_abs().into())?;
    match number {
        ValueRef::Integer(number) => i128::from(number).checked_mul(power.into()),
        ValueRef::Real(number) => {
            // At most fifteen digits: both the power and the scaled number are exact in a double.
            let scaled = (number * power as f64).round();
            (scaled.abs() < 1e15 && scaled / power as f64 == number).then_some(scaled as i128)
        }
        _ => None,
    }
}

fn utf8(text: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(text).map_err(|_| "the text is not UTF-8".to_owned())
}

fn misfit(value: ValueRef<'_>, expected: &str) -> String {
    format!("{} is not {expected}: make the column one type with CAST, or correct the value", shown(value))
}

fn kind(column: &Column) -> &'static str {
    match column {
        Column::Boolean(_) => "a boolean, written 0 or 1",
        Column::Int16(_) | Column::Int32(_) | Column::Int64(_) => "a whole number",
        Column::Float32(_) | Column::Float64(_) | Column::Decimal(..) => "a number",
        Column::Text(_) => "text",
        Column::Binary(_) => "a blob",
        Column::Date(_) | Column::Timestamp(..) => "a time as text",
        Column::Time(_) | Column::Interval(_) | Column::List(_) => "of a type that SQLite has",
    }
}

fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "null".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => {
            let text = String::from_utf8_lossy(text);
            format!("'{}'", text.chars().take(40).collect::<String>())
        }
        ValueRef::Blob(bytes) => format!("a blob of {} bytes", bytes.len()),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::{DataType, Decimal128Type};
    use proptest::prelude::*;

    use super::*;

    fn problem(data_type: DataType, value: ValueRef<'_>) -> String {
        append(&mut Column::new(&data_type).unwrap(), value).unwrap_err()
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        assert!(problem(DataType::Int64, ValueRef::Real(0.5)).contains("0.5 is not a whole number"));
        assert!(problem(DataType::Int16, ValueRef::Integer(40_000)).contains("BIGINT"));
        assert!(problem(DataType::Boolean, ValueRef::Integer(2)).contains("0 or 1"));
        assert!(problem(DataType::Date32, ValueRef::Text(b"31.1.2013")).contains("'31.1.2013' is not a day"));
        assert!(problem(DataType::Float64, ValueRef::Text(b"")).contains("'' is not a number"));
        assert!(problem(DataType::Decimal128(5, 2), ValueRef::Real(0.001)).contains("no decimal"));
        assert!(problem(DataType::Decimal128(5, 2), ValueRef::Integer(1000)).contains("no decimal"));
    }

    proptest! {
        #[test]
        fn a_decimal_kept_as_a_double_comes_back(scaled in -999_999_999_999_999_i64..=999_999_999_999_999, scale in 0_i8..=15) {
            let text = format!("{scaled}e-{scale}");
            let mut column = Column::new(&DataType::Decimal128(15, scale)).unwrap();
            append(&mut column, ValueRef::Real(text.parse().unwrap())).unwrap();
            let array = column.finish();
            prop_assert_eq!(array.len(), 1);
            prop_assert_eq!(array.as_primitive::<Decimal128Type>().value(0), i128::from(scaled));
        }
    }
}
