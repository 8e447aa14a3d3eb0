//! A column's values as CSV fields.

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, PrimitiveArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow::datatypes::{ArrowPrimitiveType, DataType};

use super::field::Field;
use super::short_decimal::Places;

/// One column of a batch, as fields of a file.
pub(super) enum Cells<'a> {
    Boolean(&'a BooleanArray),
    Int8(&'a Int8Array),
    Int16(&'a Int16Array),
    Int32(&'a Int32Array),
    Int64(&'a Int64Array),
    UInt8(&'a UInt8Array),
    UInt16(&'a UInt16Array),
    UInt32(&'a UInt32Array),
    UInt64(&'a UInt64Array),
    Float32(&'a Float32Array),
    Float64(&'a Float64Array, Places),
    Decimal(&'a Decimal128Array, u32),
    /// A type that the layout lets through nowhere.
    Other,
}

impl<'a> Cells<'a> {
    pub(super) fn new(array: &'a ArrayRef) -> Self {
        match array.data_type() {
            DataType::Boolean => Self::Boolean(array.as_boolean()),
            DataType::Int8 => Self::Int8(array.as_primitive()),
            DataType::Int16 => Self::Int16(array.as_primitive()),
            DataType::Int32 => Self::Int32(array.as_primitive()),
            DataType::Int64 => Self::Int64(array.as_primitive()),
            DataType::UInt8 => Self::UInt8(array.as_primitive()),
            DataType::UInt16 => Self::UInt16(array.as_primitive()),
            DataType::UInt32 => Self::UInt32(array.as_primitive()),
            DataType::UInt64 => Self::UInt64(array.as_primitive()),
            DataType::Float32 => Self::Float32(array.as_primitive()),
            DataType::Float64 => Self::Float64(array.as_primitive(), Places::new()),
            DataType::Decimal128(_, scale @ 0..) => Self::Decimal(array.as_primitive(), scale.unsigned_abs().into()),
            _ => Self::Other,
        }
    }

    /// Hands out these rows' numbers as doubles, none where a value is missing: null, NaN or infinite. A boolean is 1 or 0.
    pub(super) fn each_number(&self, rows: &[u32], mut take: impl FnMut(u32, Option<f64>)) {
        let take = &mut take;
        match self {
            Self::Boolean(array) => rows.iter().for_each(|row| {
                let at = *row as usize;
                take(*row, array.is_valid(at).then(|| array.value(at).into()));
            }),
            Self::Int8(array) => each(array, rows, f64::from, take),
            Self::Int16(array) => each(array, rows, f64::from, take),
            Self::Int32(array) => each(array, rows, f64::from, take),
            Self::Int64(array) => each(array, rows, |value| value as f64, take),
            Self::UInt8(array) => each(array, rows, f64::from, take),
            Self::UInt16(array) => each(array, rows, f64::from, take),
            Self::UInt32(array) => each(array, rows, f64::from, take),
            Self::UInt64(array) => each(array, rows, |value| value as f64, take),
            Self::Float32(array) => each(array, rows, f64::from, take),
            Self::Float64(array, _) => each(array, rows, |value| value, take),
            Self::Decimal(array, scale) => each(array, rows, |value| decimal_number(value, *scale), take),
            Self::Other => rows.iter().for_each(|row| take(*row, None)),
        }
    }

    /// A row's field: nothing where its value is missing.
    #[inline]
    pub(super) fn text<'f>(&self, row: usize, field: &'f mut Field) -> &'f [u8] {
        match self {
            Self::Boolean(array) => match array.is_valid(row).then(|| array.value(row)) {
                Some(true) => b"1",
                Some(false) => b"0",
                None => b"",
            },
            Self::Int8(array) => text(valid(array, row), |value| field.integer(value)),
            Self::Int16(array) => text(valid(array, row), |value| field.integer(value)),
            Self::Int32(array) => text(valid(array, row), |value| field.integer(value)),
            Self::Int64(array) => text(valid(array, row), |value| field.integer(value)),
            Self::UInt8(array) => text(valid(array, row), |value| field.integer(value)),
            Self::UInt16(array) => text(valid(array, row), |value| field.integer(value)),
            Self::UInt32(array) => text(valid(array, row), |value| field.integer(value)),
            Self::UInt64(array) => text(valid(array, row), |value| field.integer(value)),
            Self::Float32(array) => {
                text(valid(array, row).filter(|value| value.is_finite()), |value| field.float(value))
            }
            Self::Float64(array, places) => {
                text(valid(array, row).filter(|value| value.is_finite()), |value| field.double(value, places))
            }
            Self::Decimal(array, scale) => text(valid(array, row), |value| decimal(value, *scale, field)),
            Self::Other => b"",
        }
    }
}

fn each<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    rows: &[u32],
    number: impl Fn(T::Native) -> f64,
    take: &mut impl FnMut(u32, Option<f64>),
) {
    let finite = |row: u32| Some(number(array.value(row as usize))).filter(|number| number.is_finite());
    match array.null_count() {
        0 => rows.iter().for_each(|row| take(*row, finite(*row))),
        _ => rows.iter().for_each(|row| take(*row, finite(*row).filter(|_| array.is_valid(*row as usize)))),
    }
}

fn valid<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, row: usize) -> Option<T::Native> {
    array.is_valid(row).then(|| array.value(row))
}

fn text<'f, T>(value: Option<T>, write: impl FnOnce(T) -> &'f [u8]) -> &'f [u8] {
    value.map_or(b"", write)
}

/// The double nearest to `value / 10^scale`: a quotient of two exact doubles, or what the digits spell.
fn decimal_number(value: i128, scale: u32) -> f64 {
    const EXACT: u64 = 1 << 53;
    match i64::try_from(value) {
        Ok(exact) if exact.unsigned_abs() <= EXACT && scale <= 22 => return exact as f64 / POWERS[scale as usize],
        _ => (),
    }
    std::str::from_utf8(Field::new().decimal(value, scale))
        .ok()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(f64::NAN)
}

/// The powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// A decimal's field. XGBoost's parser counts the digits before the point in 64 bits and passes over what comes after the 19th behind
/// it (tried with 3.0.5: it reads 18446744073709551616 as 0), so a longer one is the nearest double.
fn decimal(value: i128, scale: u32, field: &mut Field) -> &[u8] {
    match value.unsigned_abs() <= u64::MAX.into() && scale <= 19 {
        true => field.decimal(value, scale),
        false => field.float(decimal_number(value, scale)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    fn text(array: ArrayRef) -> Vec<String> {
        let cells = Cells::new(&array);
        let field = |row| String::from_utf8(cells.text(row, &mut Field::new()).to_vec()).unwrap();
        (0..array.len()).map(field).collect()
    }

    #[test]
    fn a_missing_value_is_empty() {
        let floats = [Some(0.5), None, Some(f64::NAN), Some(f64::INFINITY), Some(f64::NEG_INFINITY), Some(-0.0)];
        assert_eq!(text(Arc::new(Float64Array::from(floats.to_vec()))), ["0.5", "", "", "", "", "-0.0"]);
        assert_eq!(text(Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))), ["1", "0", ""]);
        assert_eq!(text(Arc::new(Int64Array::from(vec![Some(i64::MIN), None]))), ["-9223372036854775808", ""]);
    }

    #[test]
    fn a_decimal_too_long_for_xgboosts_parser_is_a_double() {
        let cases = [
            (u64::MAX.into(), 0, "18446744073709551615"),
            (i128::from(u64::MAX) + 1, 0, "1.8446744073709552e+19"),
            (-i128::from(u64::MAX), 19, "-1.8446744073709551615"),
            (12_345, 20, "1.2345e-16"),
        ];
        for (value, scale, expected) in cases {
            assert_eq!(String::from_utf8(decimal(value, scale, &mut Field::new()).to_vec()).unwrap(), expected);
        }
    }

    proptest! {
        /// Rust's own parser is the judge.
        #[test]
        fn doubles_read_back_as_they_were(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            let field = text(Arc::new(Float64Array::from(vec![value]))).remove(0);
            match value.is_finite() {
                true => prop_assert_eq!(field.parse::<f64>().unwrap().to_bits(), bits),
                false => prop_assert_eq!(field, ""),
            }
        }

        #[test]
        fn singles_read_back_as_they_were(bits in any::<u32>()) {
            let value = f32::from_bits(bits);
            let field = text(Arc::new(Float32Array::from(vec![value]))).remove(0);
            match value.is_finite() {
                true => prop_assert_eq!(field.parse::<f32>().unwrap().to_bits(), bits),
                false => prop_assert_eq!(field, ""),
            }
        }

        #[test]
        fn a_decimal_is_the_nearest_double(value in any::<i128>(), shift in 0_u32..128, scale in 0_u32..38) {
            let value = value >> shift;
            let text = String::from_utf8(Field::new().decimal(value, scale).to_vec()).unwrap();
            prop_assert_eq!(decimal_number(value, scale), text.parse::<f64>().unwrap());
        }
    }
}
