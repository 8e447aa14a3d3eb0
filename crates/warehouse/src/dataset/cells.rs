//! A column's values as CSV fields.

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow::datatypes::DataType;

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
    Float64(&'a Float64Array),
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
            DataType::Float64 => Self::Float64(array.as_primitive()),
            DataType::Decimal128(_, scale @ 0..) => Self::Decimal(array.as_primitive(), scale.unsigned_abs().into()),
            _ => Self::Other,
        }
    }

    /// Whether the row has a number: neither null nor NaN nor infinite.
    pub(super) fn is_finite(&self, row: usize) -> bool {
        match self {
            Self::Float32(array) => array.is_valid(row) && array.value(row).is_finite(),
            Self::Float64(array) => array.is_valid(row) && array.value(row).is_finite(),
            _ => self.is_valid(row),
        }
    }

    /// Writes a row's field: nothing where its value is missing.
    pub(super) fn write(&self, row: usize, out: &mut Vec<u8>) {
        if !self.is_finite(row) {
            return;
        }
        match self {
            Self::Boolean(array) => out.push(if array.value(row) { b'1' } else { b'0' }),
            Self::Int8(array) => integer(array.value(row), out),
            Self::Int16(array) => integer(array.value(row), out),
            Self::Int32(array) => integer(array.value(row), out),
            Self::Int64(array) => integer(array.value(row), out),
            Self::UInt8(array) => integer(array.value(row), out),
            Self::UInt16(array) => integer(array.value(row), out),
            Self::UInt32(array) => integer(array.value(row), out),
            Self::UInt64(array) => integer(array.value(row), out),
            Self::Float32(array) => float(array.value(row), out),
            Self::Float64(array) => float(array.value(row), out),
            Self::Decimal(array, scale) => decimal(array.value(row), *scale, out),
            Self::Other => (),
        }
    }

    fn is_valid(&self, row: usize) -> bool {
        match self {
            Self::Boolean(array) => array.is_valid(row),
            Self::Int8(array) => array.is_valid(row),
            Self::Int16(array) => array.is_valid(row),
            Self::Int32(array) => array.is_valid(row),
            Self::Int64(array) => array.is_valid(row),
            Self::UInt8(array) => array.is_valid(row),
            Self::UInt16(array) => array.is_valid(row),
            Self::UInt32(array) => array.is_valid(row),
            Self::UInt64(array) => array.is_valid(row),
            Self::Float32(array) => array.is_valid(row),
            Self::Float64(array) => array.is_valid(row),
            Self::Decimal(array, _) => array.is_valid(row),
            Self::Other => false,
        }
    }
}

fn integer(value: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// The shortest text that reads back as the same number; the number is finite.
fn float(value: impl zmij::Float, out: &mut Vec<u8>) {
    out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
}

/// Every digit of `value / 10^scale`.
fn decimal(value: i128, scale: u32, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value.unsigned_abs()).as_bytes();
    let scale = usize::try_from(scale).unwrap_or(0);
    let whole = digits.len().saturating_sub(scale);
    match whole {
        0 => out.push(b'0'),
        _ => out.extend_from_slice(&digits[..whole]),
    }
    if scale > 0 {
        out.push(b'.');
        out.resize(out.len() + scale.saturating_sub(digits.len()), b'0');
        out.extend_from_slice(&digits[whole..]);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    fn text(array: ArrayRef) -> Vec<String> {
        let cells = Cells::new(&array);
        let field = |row| {
            let mut out = Vec::new();
            cells.write(row, &mut out);
            String::from_utf8(out).unwrap()
        };
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
    fn a_decimal_keeps_its_digits() {
        let cases = [(0, 2, "0.00"), (5, 2, "0.05"), (-5, 0, "-5"), (-123_456, 4, "-12.3456"), (100, 2, "1.00")];
        for (value, scale, expected) in cases {
            let mut out = Vec::new();
            decimal(value, scale, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
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
        fn decimals_read_back_as_they_were(value in any::<i64>(), scale in 0_u32..19) {
            let mut out = Vec::new();
            decimal(value.into(), scale, &mut out);
            let field = String::from_utf8(out).unwrap();
            let point = field.len() - scale as usize;
            prop_assert!(scale == 0 || &field[point - 1..point] == ".");
            prop_assert_eq!(field.replace('.', "").parse::<i64>().unwrap(), value);
        }
    }
}
